"""What the demo says at the terminal: bars while it works, a table at the end, the addresses to open."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from dispatch.local.demo.counting import Account

console = Console(highlight=False)


class Bars:
    """Progress bars by name."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.tasks: dict[str, TaskID] = {}

    def show(self, name: str, done: int, total: int) -> None:
        """Set a bar, which appears when it is first spoken of."""
        if name not in self.tasks:
            self.tasks[name] = self.progress.add_task(name, total=total)
        self.progress.update(self.tasks[name], completed=min(done, total), total=total)


@contextmanager
def bars() -> Iterator[Bars]:
    """Bars that move while the block runs and stay as they were afterwards."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:<34}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        yield Bars(progress)


def say(text: str) -> None:
    """A line."""
    console.print(text)


def summary(account: Account, seconds: float) -> None:
    """Editions by language and posts by channel, as counted at the receivers."""
    table = Table(title=f"What arrived, counted where it arrived ({seconds:.1f} s)", title_justify="left")
    table.add_column("Edition", overflow="fold")
    table.add_column("Language")
    for name in ("Readers", "Accepted", "Missing"):
        table.add_column(name, justify="right")
    for line in account.lines:
        table.add_row(line.edition, line.language, str(line.readers), str(line.accepted), str(line.missing))
    console.print(table)
    posts = Table()
    posts.add_column("Channel")
    posts.add_column("Stories", justify="right")
    posts.add_column("Posts", justify="right")
    for network, count in account.posts.items():
        posts.add_row(network, str(account.posts_wanted), str(abs(count)) + (" (doubled)" if count < 0 else ""))
    console.print(posts)
    for count, words in ((account.doubled, "doubled mails"), (account.strays, "mails that nobody should have got")):
        if count:
            console.print(f"{count} {words}.")


def addresses(site: str, sign_in: str) -> None:
    """Where to look."""
    console.print("\nOpen this first; it signs you in once:")
    console.print(f"  [bold]{sign_in}[/bold]", soft_wrap=True)
    console.print("and then:")
    for name, path in (
        ("Home", ""),
        ("Inbox", "demo/inbox"),
        ("Wall", "demo/wall"),
        ("Sign-up", "subscribe/news"),
        ("Queue", "operations/queue"),
        ("Health", "operations/health"),
    ):
        console.print(f"  {name:<9}{site}/{path}", soft_wrap=True)


def last_line(account: Account, seconds: float) -> None:
    """For programs: one JSON line."""
    print(
        json.dumps(
            {
                "readers": account.readers,
                "accepted": account.accepted,
                "missing": account.missing,
                "posts": dict(account.posts),
                "seconds": round(seconds, 1),
            }
        ),
        flush=True,
    )
