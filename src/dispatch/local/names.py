"""`dispatch check --dns`: each sending domain, and each address that mail leaves from, with what to publish."""

from collections.abc import Iterator

from django.db import Error

from dispatch.delivery import domains as sending
from dispatch.delivery import watching
from dispatch.delivery.domains import Record, Standing, ours
from dispatch.local.finding import Finding, todo

STATES = {Standing.WELL: "ok", Standing.MAY: "todo", Standing.LOOK: "todo", Standing.WRONG: "WRONG"}


def domains(*, keep: bool = False) -> Iterator[Finding]:
    """A line for each record, asked now; `keep`: the page Sending domains, Health and the alert have it too."""
    try:
        if keep:
            watching.look_at_all()
        names = ours.all_of_them()
    except Error:
        yield todo("Sending domains are asked about once the database answers and is at this version.")
        return
    if not names:
        yield todo("No newsletter has a sender yet, so there is no domain to look at.")
    for domain in names:
        yield from (of_record(domain, record) for record in sending.survey(domain))
    yield from (of_record("", record) for record in sending.look_at_sources())


def of_record(domain: str, record: Record) -> Finding:
    """In words, with the line to paste below them."""
    said = f"{record.what}: {record.words} {record.todo}".rstrip()
    words = f"{said}\n      {record.paste.line()}" if record.paste else said
    return Finding(STATES[record.standing], words, {"domain": domain, **sending.as_json(record)})
