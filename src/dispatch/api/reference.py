"""The reference page: the OpenAPI document as people read it, made here, so that nothing comes from another host."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from dispatch.api import problems
from dispatch.api.interface import interface
from dispatch.api.problems import KINDS, Problem
from dispatch.api.tokens import Scope


@dataclass(frozen=True)
class Field:
    """A parameter, or a field of a body or an answer."""

    name: str
    kind: str
    is_needed: bool
    words: str


@dataclass(frozen=True)
class Call:
    """An operation."""

    id: str
    method: str
    path: str
    summary: str
    words: str
    scope: str
    role: str
    parameters: list[Field]
    body: list[Field]
    status: str
    answer: list[Field]


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """What can be called, what with, and what comes back."""
    shown = {"parts": parts(), "problems": KINDS, "scopes": Scope.choices}
    return render(request, "api/reference.html", shown)


@require_safe
def problem(_request: HttpRequest, kind: str) -> HttpResponse:
    """Where a problem's `type` leads."""
    if kind not in KINDS:
        return problems.answer(Problem("not-found"))
    return HttpResponseRedirect(f"{reverse('api_docs')}#problem-{kind}")


@csrf_exempt
def nothing(_request: HttpRequest, rest: str) -> HttpResponse:
    """404 for programs."""
    return problems.answer(Problem("not-found"))


@cache
def parts() -> dict[str, list[Call]]:
    """Every call, by its part."""
    document = interface.get_openapi_schema(path_prefix="/api/")
    schemas, found = document["components"]["schemas"], dict[str, list[Call]]()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            found.setdefault(operation["tags"][0], []).append(_call(path, method, operation, schemas))
    return found


def _call(path: str, method: str, operation: dict[str, Any], schemas: dict[str, Any]) -> Call:
    good = next(status for status in operation["responses"] if str(status).startswith("2"))
    scopes = operation["security"][0]["token"]
    asked = operation.get("requestBody", {"content": {}})["content"].get("application/json", {}).get("schema")
    answered = operation["responses"][good].get("content", {}).get("application/json", {}).get("schema")
    return Call(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        words=operation.get("description", ""),
        scope=scopes[0] if scopes else "",
        role=operation["x-role"],
        parameters=[_parameter(one) for one in operation.get("parameters", [])],
        body=_fields(asked, schemas),
        status=str(good),
        answer=_fields(answered, schemas),
    )


def _parameter(said: dict[str, Any]) -> Field:
    words = said.get("description") or _words(said["schema"])
    return Field(said["name"], f"{_kind(said['schema'])}, {said['in']}", said.get("required", False), words)


def _words(schema: dict[str, Any]) -> str:
    """What is said of it, or of one of those that it may be."""
    several = [schema, *schema.get("anyOf", [])]
    return next((str(one["description"]) for one in several if "description" in one), "")


def _fields(schema: dict[str, Any] | None, schemas: dict[str, Any]) -> list[Field]:
    whole = schemas[schema["$ref"].rpartition("/")[2]] if schema and "$ref" in schema else schema or {}
    needed = set(whole.get("required", []))
    return [Field(name, _kind(one), name in needed, _words(one)) for name, one in whole.get("properties", {}).items()]


def _kind(schema: dict[str, Any]) -> str:
    """In a word or a few: "list of Version", "moment or null"."""
    match schema:
        case {"$ref": name}:
            words = str(name).rpartition("/")[2]
        case {"anyOf": several}:
            words = " or ".join(map(_kind, several))
        case {"enum": values}:
            words = " | ".join(map(str, values))
        case {"const": value}:
            words = str(value).lower()
        case {"type": "array", "items": each}:
            words = f"list of {_kind(each)}"
        case {"format": "date-time"}:
            words = "moment"
        case _:
            words = str(schema.get("type", "anything"))
    return words
