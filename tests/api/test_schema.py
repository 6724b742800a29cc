"""Whatever a program may send, the document says what it is answered: in shape, in type, and never a broken call.

Seeded, so that a failure comes again; each call with ids that are there as well as with those that are not.
"""

from datetime import timedelta

import newsroom
import pytest
import schemathesis
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from dispatch import fetching
from dispatch.accounts import stopping
from dispatch.accounts.models import Token
from dispatch.api import door
from dispatch.api.interface import interface
from dispatch.api.tokens import Scope
from dispatch.editions import correcting
from dispatch.editions.models import Edition
from dispatch.social.models import Recurrence

pytestmark = pytest.mark.django_db
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
DOCUMENT = interface.get_openapi_schema(path_prefix="/api/")
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
SCHEMA.app = get_wsgi_application()
CALLS = {f"{one.ok().method.upper()} {one.ok().path}": one.ok() for one in SCHEMA.get_all_operations()}
READING = [Scope.STORIES, Scope.POSTS, Scope.EDITIONS, Scope.QUEUE]
SLOW = [
    HealthCheck.function_scoped_fixture,
    HealthCheck.too_slow,
    HealthCheck.filter_too_much,
    HealthCheck.data_too_large,
]


@pytest.fixture
def ids(monkeypatch):
    """A newsroom in the middle of its day, and the numbers of what is in it."""
    monkeypatch.setattr(door, "EACH", 0.0)
    monkeypatch.setattr(fetching, "fetch", lambda *_, **__: fetching.Failed("there is no network here"))
    newsroom.relay()
    office, masto = newsroom.newsletter(), newsroom.channel()
    newsroom.readers(office, en=2, be=1)
    told = newsroom.story("en", "be")
    send = newsroom.send(office, told)
    states = ("draft", "sent", "unknown", "refused", "late", "scheduled")
    posts = [newsroom.post(on=masto, about=newsroom.story("en"), state=state) for state in states]
    rule = Recurrence.objects.create(post=posts[1], first="2026-12-02", at="09:30", zone="Europe/Vilnius")
    gathering = Edition.objects.create(newsletter=office, slot="2027-01-04", due_at=timezone.now() + timedelta(days=2))
    draft = correcting.begin(office, told.pk, newsroom.person("editor", "Dora"))
    stop = stopping.stop("channel", masto.pk, None, "a drill")
    return {
        "story_id": [told.pk, posts[0].story_id],
        "post_id": [post.pk for post in posts],
        "send_id": [send.pk],
        "edition_id": [send.edition_id, gathering.pk, draft.edition_id],
        "rule_id": [rule.pk],
        "language": ["en", "be"],
        "stop_id": [stop.pk],
        "slug": ["masto"],
    }


@pytest.fixture(autouse=True)
def one_connection():
    """What is called here stays inside the test's transaction."""
    signals.request_started.disconnect(close_old_connections)
    signals.request_finished.disconnect(close_old_connections)
    yield
    signals.request_started.connect(close_old_connections)
    signals.request_finished.connect(close_old_connections)


@pytest.fixture
def secrets(program):
    """Of a token of each kind; the last is none."""
    every = [one for one in Scope if one != Scope.EMBARGOED]
    holders = program("operator"), program("editor", *every, name="Bob"), program("editor", *READING, name="Charlie")
    return [*(holder.secret for holder in holders), "dsp_none"]


@pytest.mark.parametrize("name", CALLS)
def test_every_answer_is_as_documented(name, ids, secrets):
    call = CALLS[name]

    @settings(
        max_examples=16,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=SLOW,
    )
    @given(
        case=st.one_of(call.as_strategy(), call.as_strategy(generation_mode=GenerationMode.NEGATIVE)),
        secret=st.sampled_from([secrets[0], *secrets]),
        data=st.data(),
    )
    def try_it(case, secret, data):
        for parameter in case.path_parameters or {}:
            if parameter in ids and data.draw(st.booleans()):
                case.path_parameters[parameter] = data.draw(st.sampled_from(ids[parameter]))
        case.headers.pop("Authorization", None)
        answer = case.call(headers={"Authorization": f"Bearer {secret}"})
        case.validate_response(answer, checks=CHECKS)
        sent = answer.request.headers.get("Authorization")  # some cases are sent without
        assert (answer.status_code == 401) == (sent != f"Bearer {secret}" or secret == secrets[-1])
        Token.objects.update(paid_until=None)

    try_it()


def test_every_call_is_in_the_document():
    routed = {
        f"{method} {prefix}{path}"
        for prefix, router in interface._routers
        for path, view in router.path_operations.items()
        for operation in view.operations
        for method in operation.methods
    }
    assert len(CALLS) == len(routed) > 60
    names = [one["operationId"] for methods in DOCUMENT["paths"].values() for one in methods.values()]
    assert len(set(names)) == len(names)
