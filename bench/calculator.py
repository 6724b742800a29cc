"""What so many readers need, as tables and for a newsroom's own figures."""

from collections.abc import Iterable, Sequence

import reckoning
from reckoning import Figures

ASKED = (1_000_000, 10_000_000, 100_000_000)
SHOWN = (100_000, *ASKED)
POLICIES = ((False, "resend once"), (True, "never twice"))


def sending(figures: Figures) -> str:
    """What the hours ask for in which a letter must leave."""
    found = [_to_send(figures, many, hours) for many in SHOWN for hours in (1.0, 4.0)]
    return table(list(found[0]), [list(one.values()) for one in found])


def keeping(figures: Figures) -> str:
    """What readers and their letters leave on the database's machine."""
    found = [_to_keep(figures, many, letters) for many in SHOWN for letters in (1.0, 3.0)]
    return table(list(found[0]), [list(one.values()) for one in found])


def excepted(figures: Figures) -> str:
    """What readers who are put off or refused add, a million letters."""
    rows = []
    for share in (0.0, 0.01, 0.02, 0.1, 0.5):
        for_all = share * 10**6
        rows.append(
            [
                f"{share:.0%}",
                f"{for_all * figures.exception_us / 1e6:.1f} s",
                _bytes(for_all * figures.exception_log),
                _bytes(for_all * figures.exception_bytes),
            ]
        )
    return table(["of a million", "PostgreSQL's processor", "log", "disk for a week"], rows)


def remembered(figures: Figures) -> str:
    """How many readers' rows and indexes PostgreSQL's memory has room for."""
    index = figures.largest["indexes"]["audience_subscriber_address_index_key"]
    rows = []
    for memory in (1, 4, 16, 64, 256):
        fits, indexed = memory * 1e9 / figures.hot_bytes, memory * 1e9 / index
        rows.append([f"{memory} GB", f"{fits / 1e6:,.1f} million", f"{indexed / 1e6:,.0f} million"])
    return table(["memory", "all that a send looks at", "the index of addresses alone"], rows)


def answer(figures: Figures, readers: int, letters: float, hours: float) -> str:
    """Both for a newsroom's own figures, a line each."""
    found = {
        f"PostgreSQLs of 8 cores, {policy}": str(_databases(figures, readers, hours, twice))
        for twice, policy in POLICIES
    }
    lines = _to_send(figures, readers, hours) | _to_keep(figures, readers, letters) | found
    return "\n".join(f"{name:<36}{value:>18}" for name, value in lines.items())


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _to_send(figures: Figures, readers: int, hours: float) -> dict[str, str]:
    one, careful = (reckoning.need(figures, readers, 1, hours, never_twice=twice) for twice, _ in POLICIES)
    return {
        "readers": f"{readers:,}",
        "each within": f"{hours:g} h",
        "relays take, a second": f"{one.rate:,.0f}",
        "wire, Mbit/s": f"{one.megabits:,.0f}",
        "workers' cores": _cores(one.worker_cores),
        "their memory": _bytes(one.worker_memory),
        "PostgreSQL's cores": _cores(one.database_cores),
        "under never twice": _cores(careful.database_cores),
        "freezing takes": lasting(one.freeze_seconds / 3600),
    }


def _to_keep(figures: Figures, readers: int, letters: float) -> dict[str, str]:
    one = reckoning.need(figures, readers, letters, 1)
    return {
        "readers": f"{readers:,}",
        "letters a day": f"{letters:g}",
        "PostgreSQL's memory": _bytes(one.database_memory),
        "disk for readers": _bytes(readers * figures.reader_bytes),
        "disk after a year": _bytes(one.disk),
        "log a day": _bytes(one.log),
        "a restore takes": lasting(one.restore_hours),
    }


def _databases(figures: Figures, readers: int, hours: float, never_twice: bool) -> int:
    return reckoning.databases(figures, readers, hours, 8, never_twice=never_twice)


def _cores(count: float) -> str:
    if count < 0.01:
        return "< 0.01"
    return f"{count:.2f}" if count < 1 else f"{count:.1f}"


def _bytes(count: float) -> str:
    for unit, size in (("TB", 1e12), ("GB", 1e9)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count / 1e6:.0f} MB"


def lasting(hours: float) -> str:
    """In the unit that a person would take."""
    if hours < 1 / 60:
        return f"{hours * 3600:.1f} s"
    return f"{hours * 60:.0f} min" if hours < 2 else f"{hours:.1f} h"
