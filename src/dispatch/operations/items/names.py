"""What people call the things that items are filtered by: slugs of newsletters, channels and sources, relays by name, mailbox
providers by theirs. An address or a script may say a number of the database instead."""

from typing import Any

from dispatch.articles.models import Source
from dispatch.audience.models import Newsletter
from dispatch.delivery.models import Relay
from dispatch.operations.items import providers
from dispatch.social.models import Channel

NAMED: dict[str, tuple[Any, str]] = {
    "newsletter": (Newsletter, "slug"),
    "channel": (Channel, "slug"),
    "source": (Source, "slug"),
    "relay": (Relay, "name"),
}
SHOWN = 20


class Missing(Exception):
    """Nothing is called so; in words, with what there is."""


def find(of: str, text: str) -> str:
    """The name of a newsletter, channel, source, relay or provider, said by name or by number. Raises Missing."""
    if of == "provider":
        return _provider(text)
    table, column = NAMED[of]
    names = table.objects.order_by(column).values_list(column, flat=True)
    found = names.filter(**{column: text}).first()
    if found is None and text.isascii() and text.isdigit() and len(text) <= 18:
        found = names.filter(pk=int(text)).first()
    if found is None:
        raise Missing(_words(of, text, list(names[: SHOWN + 1])))
    return str(found)


def _provider(text: str) -> str:
    """Raises Missing."""
    known = {str(number): name for number, name in providers.NAMES.items()} | {"other": "others"}  # as figures say it
    name = known.get(text, text)
    if name not in known.values():
        raise Missing(_words("provider", text, list(providers.NAMES.values())))
    return name


def _words(of: str, text: str, names: list[str]) -> str:
    if not names:
        return f"There is no {of} “{text}”, and no other."
    more = " and more" if len(names) > SHOWN else ""
    return f"There is no {of} “{text}”. There are: {', '.join(names[:SHOWN])}{more}."
