"""One line of a list: a reader, somebody who must not be written to, or a fault that says where and why."""

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dispatch.audience import addresses, batches, formats, lists
from dispatch.audience.formats import Standing
from dispatch.audience.models import Newsletter, Suppression

LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})?")
LONGEST_NAME = LONGEST_SOURCE = 120
LONGEST_TOPIC = 80
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")  # controls, and overrides of direction
REASONS = {
    Standing.LEFT: Suppression.Reason.LEFT,
    Standing.BOUNCED: Suppression.Reason.BOUNCED,
    Standing.COMPLAINED: Suppression.Reason.COMPLAINED,
}
Arrival = batches.Reader | batches.Gone


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a line gets where its column is empty, and whether readers are asked first."""

    newsletter: str = ""
    language: str = ""
    second_language: str = ""
    source: str = ""  # of their consent; "": the system that wrote the file, else "import"
    ask_an_hour: int = 0  # letters an hour that ask each reader whether they still want this; 0: nobody is asked


def arrivals(found: lists.ReaderList, defaults: Defaults) -> Iterator[Arrival | lists.Fault]:
    """Each line of the file, in its order."""
    newsletters = {newsletter.slug: newsletter for newsletter in Newsletter.objects.all()}
    source = defaults.source or found.system or "import"
    for line in found.lines:
        if isinstance(line, lists.Fault):
            yield line
            continue
        try:
            yield _arrival(line, found.standing, newsletters, defaults, source)
        except _Wrong as wrong:
            yield lists.Fault(line.number, *wrong.args)


class _Wrong(Exception):
    """A line cannot be taken: the column, and why."""


def _arrival(
    line: lists.Line, otherwise: Standing, newsletters: Mapping[str, Newsletter], defaults: Defaults, source: str
) -> Arrival:
    try:
        address = addresses.parse(line.fields.get("address", ""))
        standing = formats.standing(line.fields, otherwise)
    except addresses.Malformed as problem:
        raise _Wrong("address", str(problem)) from problem
    except formats.Unclear as problem:
        raise _Wrong(str(problem), "it says neither yes nor no in words that are known") from problem
    if standing is Standing.NEVER_ASKED:
        raise _Wrong("status", "its reader has never said yes")
    if standing is not Standing.READS:
        return batches.Gone(address, REASONS[standing])
    newsletter = newsletters.get(line.fields.get("newsletter") or defaults.newsletter)
    if newsletter is None:
        raise _Wrong("newsletter", "there is no such newsletter")
    return _reader(line.fields, address, newsletter, defaults, source)


def _reader(
    fields: Mapping[str, str], address: str, newsletter: Newsletter, defaults: Defaults, source: str
) -> batches.Reader:
    come = tuple(newsletter.languages)
    asked = fields.get("language") or defaults.language or next(iter(come), "")
    reader = batches.Reader(
        address=address,
        name=" ".join(fields.get("name", "").split())[:LONGEST_NAME],
        language=_language(asked, come),
        second_language=_language(fields.get("second_language") or defaults.second_language, come),
        topics=tuple(topic.strip() for topic in fields.get("topics", "").split("|") if topic.strip()),
        frequency=fields.get("frequency", "").lower(),
        newsletter=newsletter.pk,
        consented_at=formats.moment(fields.get("consented_at") or fields.get("asked_at", "")),
        source=(fields.get("consent_source") or source)[:LONGEST_SOURCE],
    )
    _check(reader, newsletter)
    return reader


def _check(reader: batches.Reader, newsletter: Newsletter) -> None:
    """Raises _Wrong where this reader would never get a letter, or could not be kept."""
    come, codes = newsletter.languages, (reader.language, reader.second_language)
    for column, code in zip(("language", "second_language"), codes, strict=True):
        if code and code not in come and not LANGUAGE.fullmatch(code):
            raise _Wrong(column, "a language is a code like be or en")
    if codes[0] not in come and codes[1] not in come:
        raise _Wrong("language", f"{newsletter.slug} comes in {' '.join(come) or 'none'}, and in neither of these")
    comes = dict.fromkeys([newsletter.cadence, *newsletter.offers])
    if reader.frequency not in {"", *comes}:
        raise _Wrong("frequency", f"{newsletter.slug} comes {' or '.join(comes)}; leave this empty for the first")
    if any(len(topic) > LONGEST_TOPIC or UNPRINTABLE.search(topic) for topic in reader.topics):
        raise _Wrong("topics", f"a topic has at most {LONGEST_TOPIC} characters; | stands between two")
    for column, text in (("name", reader.name), ("consent_source", reader.source)):
        if UNPRINTABLE.search(text):
            raise _Wrong(column, "it has characters that cannot be printed")


@functools.lru_cache(maxsize=1024)
def _language(asked: str, come: tuple[str, ...]) -> str:
    """The newsletter's own code for what is asked ("be" for "be_BY" where it comes in be), else the code as asked."""
    code = asked.strip().lower().replace("_", "-")
    parent = code.partition("-")[0]
    return parent if code not in come and parent in come else code
