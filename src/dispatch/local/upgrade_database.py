"""`dispatch upgrade-database`: the embedded PostgreSQL's data directory, from the major version that made it to this
one's.

Unlike `dispatch restore`, which holds what may have left since the backup, this changes nothing of what is under way:
the same rows stand in the new database when Dispatch starts again, and mail goes on where it was.
"""

import argparse
import shutil
import sys
import time
from pathlib import Path

from dispatch import env, saying
from dispatch.local import holding, instance, major_upgrade, majors, postgres, switching

DONE = """Done in {seconds}. PostgreSQL {ours} holds what PostgreSQL {theirs} did: {tables}, {rows},
each table's checksum the same.
Start Dispatch (dispatch up); it goes on where it was.

{kept}"""
KEPT = """The old data ({size}) stays as it was in {place}
Once you are content: rm -r {place}
Until then, readers who leave are still in it. Going back to it: docs/upgrading.md."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the older version's programs are, and whether only to look."""
    parser.add_argument(
        "--old-binaries",
        type=Path,
        metavar="DIR",
        help="the folder with the older PostgreSQL's programs (default: Debian's, else the package that had them)",
    )
    parser.add_argument("--look", action="store_true", help="say what would be done, and do nothing")


def run(options: argparse.Namespace) -> int:
    """Exit status 0: done, or nothing to do. 1: nothing was changed, and why."""
    if not env.is_embedded("DATABASE"):
        return _sorry("DISPATCH_DATABASE_URL names a PostgreSQL of your own; upgrade it as its own manual says.")
    if not (env.data_dir() / "postgres").exists() and not switching.made(_home()).exists():
        return _sorry(f"There is no database in {env.data_dir()}. Set DISPATCH_DATA_DIR to where it is.")
    try:
        with instance.held() as mark:
            return _go(options, mark)
    except (major_upgrade.Failed, majors.Missing, OSError) as problem:
        return _sorry(f"{problem} The database is as it was.")
    except instance.InUse as problem:
        return _sorry(str(problem))
    except KeyboardInterrupt:
        return _sorry("stopped. The database is as it was.")


def _go(options: argparse.Namespace, mark: int) -> int:
    home, ours = _home(), postgres.major()
    switching.finish(home, ours)
    theirs = switching.major_of(home)
    if theirs == ours:
        print(f"The database is PostgreSQL {ours}'s already.")
        for kept in switching.all_kept(home):
            print(_words(kept))
        return 0
    if not theirs.isdecimal() or int(theirs) > int(ours):
        return _sorry(
            f"{home} was made by PostgreSQL {theirs}, newer than this Dispatch's {ours}. Start the newer Dispatch."
        )
    if switching.kept(home, theirs).exists():
        return _sorry(f"{switching.kept(home, theirs)} is there from an upgrade before. Move it away first.")
    major_upgrade.require_space(home)
    cache = env.data_dir() / f"postgres-{theirs}-programs"
    old = majors.programs(theirs, options.old_binaries, cache)
    print(f"{home}: {saying.size(major_upgrade.size(home))}, from PostgreSQL {theirs} ({old}) to {ours}.")
    if options.look:
        return 0
    run = env.run_dir()
    new = postgres.reachable(postgres.binaries())
    task = major_upgrade.Task(home, run, theirs, ours, postgres.reachable(old), new, mark, _say)
    began = time.monotonic()
    postgres.hand_over_run(run)
    kept, held = major_upgrade.carry_out(task)
    shutil.rmtree(cache, ignore_errors=True)
    _tell(task, kept, held, time.monotonic() - began)
    return 0


def _tell(task: major_upgrade.Task, kept: Path, held: holding.Held, seconds: float) -> None:
    tables, rows = holding.rows(held)
    figures = {"tables": saying.many(tables, "table"), "rows": saying.many(rows, "row")}
    print(DONE.format(seconds=saying.span(seconds), ours=task.ours, theirs=task.theirs, kept=_words(kept), **figures))


def _words(kept: Path) -> str:
    return KEPT.format(size=saying.size(major_upgrade.size(kept)), place=kept)


def _home() -> Path:
    return (env.data_dir() / "postgres").resolve()


def _say(words: str) -> None:
    print(words, flush=True)


def _sorry(words: str) -> int:
    print(f"dispatch upgrade-database: {words}", file=sys.stderr)
    return 1
