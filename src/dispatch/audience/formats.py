"""Which system wrote a list, told by its header, and where each of its readers stands: reads, left, or has no mailbox.

A column that says somebody does not want letters is never overlooked: where its words are not known here, the line is
refused. Network addresses, ratings, payments and notes of the old system are not read at all.
"""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?))?(?:\.\d+)?\s*(Z|UTC|[+-]\d\d:?\d\d)?(?: [A-Z]{1,5})?"
)


class Standing(enum.Enum):
    """What a line says of its reader."""

    READS = "reads"
    LEFT = "left"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    NEVER_ASKED = "never asked"


class Unclear(ValueError):
    """A line's status is not one that is known; the text says which column."""


@dataclass(frozen=True, slots=True)
class Format:
    """How one system names what Dispatch takes."""

    name: str
    marks: frozenset[str]  # columns that together give it away, in lower case
    columns: Mapping[str, str]  # theirs, in lower case, to ours
    file_names: Mapping[str, Standing]  # how a file begins that holds such readers only
    is_guarded: bool = False  # each field, by spreadsheets.guarded


COMMON = {
    "address": ("email", "e-mail", "address", "email address", "mail", "адрес", "пошта"),
    "name": ("name", "full name", "first name", "имя", "імя"),
    "language": ("language", "lang", "locale"),
    "second_language": ("second_language", "second language", "language2"),
    "topics": ("topics", "tags"),
    "frequency": ("frequency",),
    "newsletter": ("newsletter", "list"),
    "status": ("status", "state"),
    "consented_at": ("consented_at", "subscribed_at"),
    "consent_source": ("consent_source", "source"),
    "old_link": ("uuid", "link", "old_link", "unsubscribe_url"),
}
"""A list from anywhere else, Dispatch's own export among them."""
OURS = {theirs: ours for ours, names in COMMON.items() for theirs in names}
SHARED = {theirs: ours for theirs, ours in OURS.items() if ours not in {"topics", "status", "consent_source"}}
"""What the columns below stand beside: a field that the newsroom added to its old list. Tags there are not topics here."""

KNOWN = (
    # exporting.py: each field guarded against spreadsheets.
    Format("Dispatch", frozenset({"second_language", "frequency", "consent_source"}), OURS, {}, is_guarded=True),
    # One file a standing, told by its name: mailchimp.com/help/view-export-contacts. Times are UTC.
    Format(
        "Mailchimp",
        frozenset({"member_rating", "optin_time"}),
        SHARED | {"optin_time": "asked_at", "confirm_time": "consented_at", "unsub_time": "left_at"},
        {
            "unsubscribed_": Standing.LEFT,
            "cleaned_": Standing.BOUNCED,
            "nonsubscribed_": Standing.NEVER_ASKED,
            "non-subscribed_": Standing.NEVER_ASKED,
        },
    ),
    # knadh/listmonk, cmd/subscribers.go: ExportSubscribers. The status is the subscriber's, not the list's.
    Format(
        "listmonk",
        frozenset({"uuid", "attributes", "status"}),
        SHARED | {"status": "status", "created_at": "consented_at"},
        {},
    ),
    # TryGhost/Ghost, core/server/services/members/exporter/query.js.
    Format(
        "Ghost",
        frozenset({"subscribed_to_emails", "complimentary_plan"}),
        SHARED | {"subscribed_to_emails": "wants", "deleted_at": "left_at", "created_at": "consented_at"},
        {},
    ),
    # email_list.<publication>.csv of the export, as TryGhost/migrate, packages/mg-substack, reads it.
    Format(
        "Substack",
        frozenset({"active_subscription", "email_disabled"}),
        SHARED | {"email_disabled": "silenced", "created_at": "consented_at"},
        {},
    ),
)
ANY = Format("", frozenset(), OURS, {})

STATUSES = {
    **dict.fromkeys(("", "subscribed", "active", "enabled", "confirmed"), Standing.READS),
    **dict.fromkeys(("unsubscribed", "left", "disabled", "blocklisted", "blacklisted", "archived"), Standing.LEFT),
    **dict.fromkeys(("cleaned", "bounced"), Standing.BOUNCED),
    **dict.fromkeys(("complained", "spam"), Standing.COMPLAINED),
    **dict.fromkeys(("nonsubscribed", "transactional", "pending", "unconfirmed"), Standing.NEVER_ASKED),
}
YES_OR_NO = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def recognised(header: list[str]) -> Format:
    """Whose header this is; ANY where it is nobody's that is known."""
    names = {name.strip().lower() for name in header}
    return next((one for one in KNOWN if one.marks <= names), ANY)


def of_file(form: Format, name: str) -> Standing:
    """Where all readers of this file stand, unless their own lines say worse."""
    begins = (standing for prefix, standing in form.file_names.items() if name.lower().startswith(prefix))
    return next(begins, Standing.READS)


def standing(fields: Mapping[str, str], otherwise: Standing) -> Standing:
    """By the line's own columns, else `otherwise`. Raises Unclear."""
    status = STATUSES.get(fields.get("status", "").lower())
    if status is None:
        raise Unclear("status")
    if status is not Standing.READS:
        return status
    if fields.get("left_at") or not _flag(fields, "wants", empty=True) or _flag(fields, "silenced", empty=False):
        return Standing.LEFT
    return otherwise


def moment(text: str) -> datetime | None:
    """A day or a moment as these systems write them, UTC where no zone is said; None for nothing and for anything else."""
    found = MOMENT.fullmatch(text.strip())
    if found is None:
        return None
    day, hour, zone = found.groups()
    offset = "+00:00" if zone in {None, "Z", "UTC"} else zone
    try:
        return datetime.fromisoformat(f"{day}T{hour or '00:00'}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _flag(fields: Mapping[str, str], column: str, *, empty: bool) -> bool:
    said = fields.get(column, "").lower()
    if said and said not in YES_OR_NO:
        raise Unclear(column)
    return YES_OR_NO[said] if said else empty
