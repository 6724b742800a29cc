"""All calls together, and the document that describes them (OpenAPI 3.1)."""

import logging
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Router
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from dispatch.api import (
    changes,
    channels,
    contents,
    editions,
    files,
    moments,
    persons,
    posts,
    problems,
    state,
    stories,
    subjects,
    telling,
    threads,
)
from dispatch.api.problems import KINDS, Problem, ProblemOut

log = logging.getLogger(__name__)
ALWAYS = (400, 401, 403, 404, 405, 413, 422, 429)
WRITING = (409, 412, 428)
DESCRIPTION = (
    "Everything that editors and operators do at the desk, for programs. A token acts for its person and within their "
    "rights; it never approves, sends mail, lifts a STOP, exports or reads an address."
)
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": 255},
    "description": "The same key with the same body gets the same answer for a day.",
}
MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "The ETag of what you read.",
}


class Interface(NinjaAPI):
    """ninja's, whose document names each problem."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """As the function is called: what generated clients call it."""
        return str(operation.view_func.__name__)

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """With the problems that any call may end in."""
        schema = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        parts = schema.setdefault("components", {})
        parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "description": "dsp_…"}}
        parts.setdefault("schemas", {})["Problem"] = ProblemOut.model_json_schema()
        for path in schema["paths"].values():
            for method, operation in path.items():
                _document(method, operation)
        return schema


interface = Interface(
    title="Dispatch",
    version="1",
    description=DESCRIPTION,
    docs_url=None,
    openapi_url="/openapi.json",
    urls_namespace="api",
    servers=[{"url": settings.PUBLIC_URL}],
)
_v1 = Router()
_PARTS = (stories, changes, posts, threads, channels, moments, files, editions, contents, subjects, state, telling)
for _part in (*_PARTS, persons):
    _v1.add_router("", _part.router)
interface.add_router("/v1", _v1)


@interface.exception_handler(Problem)
def _problem(_request: HttpRequest, problem: Problem) -> HttpResponse:
    return problems.answer(problem)


@interface.exception_handler(PermissionDenied)
def _elsewhere(_request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    return problems.answer(Problem("not-allowed", str(error)))


@interface.exception_handler(ValidationError)
def _invalid(_request: HttpRequest, error: ValidationError) -> HttpResponse:
    return problems.answer(Problem("invalid", errors=dict(_blamed(one) for one in error.errors)))


@interface.exception_handler(HttpError)
def _unreadable(_request: HttpRequest, error: HttpError) -> HttpResponse:
    return problems.answer(problems.of_status(error.status_code))


@interface.exception_handler(Exception)
def _broken(_request: HttpRequest, error: Exception) -> HttpResponse:
    log.error("a call broke", exc_info=error)
    return problems.answer(Problem("broken"))


def _blamed(error: dict[str, Any]) -> tuple[str, str]:
    """A field as the caller wrote it, and what is wrong with it; never what was sent."""
    where = [str(part) for part in error["loc"][1:] if part not in {"said", "find", "span"}]
    return ".".join(where) or "body", str(error["msg"]).removeprefix("Value error, ")


def _document(method: str, operation: dict[str, Any]) -> None:
    answers = operation["responses"]
    for status in (*ALWAYS, *(WRITING if method != "get" else ())):
        words = "; ".join(kind.title for kind in KINDS.values() if kind.status == status)
        content = {problems.TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        answers[status] = {"description": words, "content": content}
    if method == "post":
        operation.setdefault("parameters", []).append(KEY)
    if method == "patch":
        operation.setdefault("parameters", []).append(MATCH)
