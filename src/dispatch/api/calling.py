"""How an operation says what it asks of a token, so that the door keeps it and the reference shows it."""

from typing import Any

from ninja import Schema

from dispatch.accounts.models import Role
from dispatch.api.door import Permit
from dispatch.api.tokens import Scope


def asks(
    scope: Scope | None, role: Role = Role.EDITOR, *, query: type[Schema] | None = None, **shown: Any
) -> dict[str, Any]:
    """Keywords of an operation: `@router.get("/posts", **asks(Scope.POSTS))`. `query`: what may stand behind the ?;
    `shown`: what else the reference says of it."""
    rights = {"security": [{"token": [str(scope)] if scope else []}], "x-role": str(role)}
    return {
        "auth": Permit(scope, role, frozenset(query.model_fields) if query else frozenset()),
        "openapi_extra": rights | shown,
    }
