"""A program with a token, before the real middlewares."""

import json

import newsroom
import pytest
from django.test import Client

from dispatch.accounts.models import User
from dispatch.api import tokens
from dispatch.api.tokens import Scope


class Program:
    """Calls with a token, and reads JSON."""

    def __init__(self, person, *scopes, name="Screen"):
        self.person = person
        self.token, self.secret = tokens.mint(person, name, scopes or list(Scope), 90)
        self.client = Client(enforce_csrf_checks=True)

    def call(self, method, path, said=None, **headers):
        headers = {"authorization": f"Bearer {self.secret}"} | {
            name.replace("_", "-"): v for name, v in headers.items()
        }
        body = {} if said is None else {"data": json.dumps(said), "content_type": "application/json"}
        return getattr(self.client, method)(f"/api/v1{path}", headers=headers, **body)

    def get(self, path, **headers):
        return self.call("get", path, **headers)

    def post(self, path, said=None, **headers):
        return self.call("post", path, said or {}, **headers)

    def patch(self, path, said, **headers):
        return self.call("patch", path, said, **headers)


@pytest.fixture
def program(db):
    """program("editor", Scope.POSTS): of a person of this role; all scopes where none are named."""

    def make(role="operator", *scopes, name="Alice"):
        address = f"{name.lower()}@example.org"
        person = User.objects.filter(email=address).first() or newsroom.person(role, name)
        return Program(person, *scopes)

    return make


@pytest.fixture
def alice(program):
    """Alice's, an operator's, with every scope."""
    return program()
