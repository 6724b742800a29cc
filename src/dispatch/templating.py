"""Jinja2, once for pages, mails and posts: autoescaped, strict about names, the newsroom's own folder first."""

from pathlib import Path
from typing import Any

import jinja2
from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone

from dispatch import saying

SHIPPED = Path(__file__).parent / "templates"


def folders() -> list[Path]:
    """Where templates are looked for, in order: DISPATCH_TEMPLATES, then what ships."""
    own = getattr(settings, "DISPATCH_TEMPLATES", "")
    return [*([Path(own)] if own else []), SHIPPED]


def newest(kind: str) -> int:
    """When a file of the kind (a folder's name) was changed last, in nanoseconds."""
    files = (file for folder in folders() for file in (folder / kind).rglob("*"))
    return max(file.stat().st_mtime_ns for file in files)


def environment(**options: Any) -> jinja2.Environment:
    """The environment of pages (Django's Jinja2 backend calls this)."""
    options.setdefault("autoescape", True)
    options["undefined"] = jinja2.StrictUndefined
    made = jinja2.Environment(**options, trim_blocks=True, lstrip_blocks=True)  # noqa: S701 - autoescape is set above
    made.globals.update(static=static, url=_url, now=timezone.now)
    made.filters.update(saying.FILTERS)
    return made


def _url(name: str, *args: Any, **kwargs: Any) -> str:
    return reverse(name, args=args or None, kwargs=kwargs or None)
