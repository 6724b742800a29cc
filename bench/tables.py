"""The tables of docs/capacity.md, made of the figures in capacity.json: none of the page's numbers is typed by hand."""

import re
from collections.abc import Callable
from typing import Any

import calculator
import foreseeing
import reckoning
from calculator import POLICIES, table
from reckoning import Figures, Letter

CORES = (2, 4, 8, 16, 32)
PLACE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def written(page: str, figures: Figures) -> str:
    """The page with each table, between its two comments, as the figures have it now."""
    return PLACE.sub(lambda place: f"{place[1]}{TABLES[place[2]](figures)}\n{place[3]}", page)


def every(figures: Figures) -> dict[str, str]:
    return {name: make(figures) for name, make in TABLES.items()}


def taken(figures: Figures) -> str:
    sizes, busy = ", ".join(f"{size['readers']:,}" for size in figures.sizes), figures.load > 2
    return (
        f"Measured on {figures.date} with {sizes} readers, on {figures.machine}; load {figures.load:.1f} when it began. "
        f"The disk makes sure of a page in {figures.flush_us:,.0f} µs, and of a large file at "
        f"{figures.disk_mb:,.0f} MB a second."
        + (
            " **The machine was busy with other work**, so all of this is dearer than on one of your own."
            if busy
            else ""
        )
    )


def reader(figures: Figures) -> str:
    sizes = figures.sizes
    names = [("tables", name) for name in figures.largest["tables"]] + [
        ("indexes", name) for name in figures.largest["indexes"]
    ]
    rows = [
        [
            name if kind == "tables" else f"&nbsp; {_index(name)}",
            *(f"{size[kind].get(name, 0):.0f} B" for size in sizes),
        ]
        for kind, name in names
    ]
    sums = [sum(size["tables"].values()) + sum(size["indexes"].values()) for size in sizes]
    rows.append(["**a reader in all**", *(f"**{one:.0f} B**" for one in sums)])
    return table(["", *(f"{size['readers']:,} readers" for size in sizes)], rows)


def growth(figures: Figures) -> str:
    lines = [
        ("log of an import, a reader", "import_log", "B", 0),
        ("PostgreSQL's processor for it", "import_us", "µs", 1),
        ("to freeze a reader into a send, processor", "freeze_us", "µs", 2),
        ("log of that", "freeze_log", "B", 1),
        ("files for sorting meanwhile", "freeze_temporary", "B", 1),
        ("the ledger's chunks, a reader of a send", "ledger_bytes", "B", 1),
        ("to settle a letter, PostgreSQL's processor", "settle_us", "µs", 2),
        ("log of that", "settle_log", "B", 1),
        ("blocks of 8 KB that a letter has read from the disk, tables not in memory", "cold_blocks", "", 2),
    ]
    rows = []
    for words, name, unit, digits in lines:
        values = [f"{size[name]:,.{digits}f} {unit}".strip() if name in size else "" for size in figures.sizes]
        known = sum(name in size for size in figures.sizes) > 1
        rows.append([words, *values, f"{reckoning.exponent(figures.sizes, name):+.2f}" if known else ""])
    return table(["", *(f"{size['readers']:,} readers" for size in figures.sizes), "exponent"], rows)


def letter(figures: Figures) -> str:
    one, careful = Letter.of(figures), Letter.of(figures, never_twice=True)
    return table(
        ["a letter", "resend once", "never twice"],
        [
            ["a worker's processor, unsigned, 30 KB", f"{one.worker_us:.0f} µs", f"{careful.worker_us:.0f} µs"],
            [
                "letters a second for each of its cores",
                f"{1e6 / one.worker_us:,.0f}",
                f"{1e6 / careful.worker_us:,.0f}",
            ],
            ["PostgreSQL's processor", f"{one.database_us:.1f} µs", f"{careful.database_us:.0f} µs"],
            ["log", f"{one.log:.1f} B", f"{careful.log:.0f} B"],
            ["commits", f"{one.commits:.4f}", f"{careful.commits:.2f}"],
        ],
    )


def around(figures: Figures) -> str:
    return table(
        ["", "measured"],
        [
            [
                "a reader who is put off, until the next try is taken: PostgreSQL's processor",
                f"{figures.exception_us:.0f} µs",
            ],
            ["log of that", f"{figures.exception_log:.0f} B"],
            ["its row with its indexes, for a week after the send's end", f"{figures.exception_bytes:.0f} B"],
            ["to let go of such a send's exceptions", f"{figures.forget_seconds * 1000:.0f} ms"],
            [
                "to vacuum what a finished send leaves among its chunks, a letter: processor, log",
                f"{figures.vacuum_us:.2f} µs, {figures.vacuum_log:.1f} B",
            ],
            ["a worker process that sends", f"{figures.worker_mb:.0f} MB"],
            ["a web process", f"{figures.web_mb:.0f} MB"],
            ["PostgreSQL's memory of its own for a session", f"{figures.session_mb:.0f} MB"],
            [
                "to dump a reader for a backup: processor, bytes",
                f"{figures.dump_us:.1f} µs, {figures.dump_bytes:.0f} B",
            ],
            ["to restore a reader: processor", f"{figures.restore_us:.1f} µs"],
            ["an entry of the audit log", f"{figures.audit_bytes:.0f} B"],
            [
                "the charts' rows for one relay and mailbox provider, however many readers",
                f"{figures.flow_row * figures.flow_rows / 1e6:.1f} MB",
            ],
        ],
    )


def loads(figures: Figures) -> str:
    rows = []
    for run in figures.loads:
        foreseen = foreseeing.per_second(_bare(figures, run), run["ledgers"], 2, shared=2)
        rows.append(
            [
                "never twice" if run["never_twice"] else "resend once",
                str(run["ledgers"]),
                f"{run['per_second']:,.0f}",
                f"{foreseen:,.0f}",
                f"{run['database_us']:.1f} µs",
                f"{run['per_second'] * run['log'] / 1e6:.2f} MB/s",
                f"{max(0.0, 2 - run['foreign']):.2f}",
            ]
        )
    heads = [
        "policy",
        "ledgers",
        "letters a second",
        "foreseen on two idle cores",
        "PostgreSQL, a letter",
        "log",
        "cores it had, of two",
    ]
    return table(heads, rows)


def end(figures: Figures) -> str:
    """Where one PostgreSQL is full."""
    rows = []
    for never_twice, policy in POLICIES:
        steps = Letter.of(figures, never_twice=never_twice).steps(figures)
        for cores in CORES:
            workers, rate = foreseeing.enough(steps, cores)
            hours = [
                calculator.lasting(reckoning.hours_of_one(figures, many, cores, never_twice=never_twice))
                for many in calculator.ASKED
            ]
            rows.append([policy, str(cores), f"{workers:,}", f"{rate:,.0f}", *hours])
    heads = [
        "policy",
        "its cores",
        "workers' cores that it keeps busy",
        "letters a second",
        *(f"{many // 10**6} million in" for many in calculator.ASKED),
    ]
    return table(heads, rows)


def bend(figures: Figures) -> str:
    """The simulation itself: more workers upon one, and upon four."""
    rows = []
    for workers in (4, 16, 64, 256, 1024):
        line = [f"{workers:,}"]
        for never_twice, _ in POLICIES:
            steps = Letter.of(figures, never_twice=never_twice).steps(figures)
            line += [f"{foreseeing.per_second(steps, workers, 8, databases=count):,.0f}" for count in (1, 4)]
        rows.append(line)
    heads = ["workers' cores", "resend once: one database", "four", "never twice: one database", "four"]
    return table(heads, rows)


def several(figures: Figures) -> str:
    rows = []
    for never_twice, policy in POLICIES:
        for hours in (0.25, 1.0, 4.0):
            most = reckoning.readers_in(figures, hours, 8, never_twice=never_twice)
            counts = [
                str(reckoning.databases(figures, many, hours, 8, never_twice=never_twice)) for many in calculator.ASKED
            ]
            rows.append([policy, f"{hours:g} h", f"{most / 1e6:,.1f} million", *counts])
    return table(
        [
            "policy",
            "within",
            "readers of one with 8 cores",
            *(f"databases for {many // 10**6} million" for many in calculator.ASKED),
        ],
        rows,
    )


def parting(figures: Figures) -> str:
    whole, parted = figures.parting["chunk_whole"], figures.parting["chunk_parted"]
    saved = [(one["before"] - one["after"]) / one["before"] for one in (whole, parted)]
    pairs = [
        ("to write a chunk, processor", "write_us", "µs"),
        ("to settle it", "settle_us", "µs"),
        ("log of settling", "settle_log", "B"),
        ("to let go of one of the older half, with the vacuum it needs", "drop_us", "µs"),
        ("log of that", "drop_log", "B"),
    ]
    rows = [[words, f"{whole[name]:,.0f} {unit}", f"{parted[name]:,.0f} {unit}"] for words, name, unit in pairs]
    rows.append(["of the table's size, the disk gets back", *(f"{share:.0%}" for share in saved)])
    return table(["a chunk of a thousand readers", "one table", "a table for each send"], rows)


def groups(figures: Figures) -> str:
    found = figures.groups
    said = {True: "yes", False: "no"}
    rows = [
        [
            "the ledger alone, letters a second",
            f"{found['alone']:,.0f}",
            f"{found['both']:,.0f}",
            f"{found['both'] / found['alone']:.2f} ×",
        ],
        [
            "real letters a second, to the one relay",
            f"{found['sent_alone']:,.0f}",
            f"{found['sent_both']:,.0f}",
            f"{found['sent_both'] / found['sent_alone']:.2f} ×",
        ],
        [
            "PostgreSQL's processor for a letter",
            f"{found['alone_us']:.1f} µs",
            f"{found['both_us']:.1f} µs",
            f"{found['both_us'] / found['alone_us']:.2f} ×",
        ],
        ["letters that arrived there, of all that were sent", "", f"{found['arrived']:,} of {found['expected']:,}", ""],
        ["one knows whom the other struck off", "", said[found["crosses"]], ""],
        ["  once the rows were carried over, both with the same index key", "", said[found["after_copy"]], ""],
    ]
    return table(["", "one, upon one core", "two, a core each", ""], rows)


def summary(figures: Figures) -> dict[str, float]:
    """The last line of a run."""
    one, careful = Letter.of(figures), Letter.of(figures, never_twice=True)
    return {
        "readers": figures.largest["readers"],
        "reader_bytes": round(figures.reader_bytes),
        "letters_a_core": round(1e6 / one.worker_us),
        "database_us": round(one.database_us, 2),
        "database_us_never_twice": round(careful.database_us, 1),
        "log_bytes_a_letter": round(one.log, 1),
        "one_of_8_cores_in_an_hour": round(reckoning.readers_in(figures, 1, 8)),
        "databases_add_up": round(figures.groups["both"] / figures.groups["alone"], 2),
    }


def _bare(figures: Figures, run: dict[str, Any]) -> foreseeing.Steps:
    """A commit of the ledger alone, as that run had it."""
    letters = 1 / run["commits"]
    writing = letters * run["log"] / (figures.disk_mb * 1e6)
    return foreseeing.Steps(
        letters, letters * run["ledger_us"] / 1e6, letters * run["database_us"] / 1e6, figures.flush_us / 1e6, writing
    )


def _index(name: str) -> str:
    return re.sub(r"_[0-9a-f]{8}(?=_|$)", "", name)


TABLES: dict[str, Callable[[Figures], str]] = {
    "taken": taken,
    "sending": calculator.sending,
    "keeping": calculator.keeping,
    "excepted": calculator.excepted,
    "remembered": calculator.remembered,
    "letter": letter,
    "reader": reader,
    "growth": growth,
    "around": around,
    "end": end,
    "loads": loads,
    "bend": bend,
    "several": several,
    "parting": parting,
    "groups": groups,
}
