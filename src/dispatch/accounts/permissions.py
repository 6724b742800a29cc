"""Who may open a page: roles in a row, each including those before it."""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from dispatch.accounts.models import Role, User

View = Callable[..., HttpResponseBase]
ORDER = (Role.EDITOR, Role.APPROVER, Role.OPERATOR, Role.ADMINISTRATOR)


def may(user: User, role: Role) -> bool:
    """Whether this person's role includes `role`."""
    return ORDER.index(Role(user.role)) >= ORDER.index(role)


def requires(role: Role) -> Callable[[View], View]:
    """Only people of this role or above; others are asked to sign in, or told no."""

    def decorate(view: View) -> View:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            assert isinstance(request.user, User)
            if not may(request.user, role):
                raise PermissionDenied(f"This page is for people whose role is {role.label.lower()} or above.")
            return view(request, *args, **kwargs)

        return guarded

    return decorate
