"""A runbook as a person at a terminal follows it: block after block, in order.

A line of comment before a block says what the page does not: `says: TEXT` must be in what is printed, `fails` wants another
exit status than 0, `once mended` comes after what is mended outside of Dispatch, `keeps running` is left running (until it
says …). Several are separated by commas. Blocks below "Then check" are typed again and again for a while.
"""

import re
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs/runbooks"
BLOCK = re.compile(
    r"^## (?P<part>[^\n]*)$|(?:<!-- (?P<about>[^\n]+) -->\n)?```sh\n(?P<typed>.*?)^```$", re.MULTILINE | re.DOTALL
)
ABOUT = re.compile(r"(fails|once mended|keeps running)?(?:,? ?(?:and |until it )?says: (.+))?")
PATIENCE = 300.0


class Failed(Exception):
    """A page does not lead where it says; the text is for its writer."""


@dataclass(frozen=True)
class Block:
    """What is typed, in which part of the page, and what is expected."""

    part: str
    typed: str
    how: str = ""  # "", "fails", "once mended" or "keeps running"
    says: str = ""


def blocks(alert):
    """Those of an alert's page, in order."""
    found, part = [], ""
    for match in BLOCK.finditer((FOLDER / f"{alert}.md").read_text(encoding="utf-8")):
        if match["part"]:
            part = match["part"]
            continue
        understood = ABOUT.fullmatch(match["about"] or "")
        if understood is None:
            raise Failed(f"{alert}.md: nobody knows what “{match['about']}” means")
        found.append(Block(part, match["typed"], understood[1] or "", understood[2] or ""))
    return found


def yours(typed, values):
    """With what is the reader's own in it. Raises Failed where a word in capitals is left."""
    for word in sorted(values, key=len, reverse=True):
        typed = re.sub(rf"(?<![A-Za-z_]){re.escape(word)}(?![A-Za-z_])", lambda _, word=word: str(values[word]), typed)
    unquoted = re.sub(r'"[^"]*"', "", typed)
    left = set(re.findall(r"(?<![\w/.-])[A-Z]{2,}(?![\w/.-])", unquoted)) - {str(v) for v in values.values()}
    if left:
        raise Failed(f"nobody says what {', '.join(sorted(left))} is in: {typed.strip()}")
    return typed


class Terminal:
    """Where blocks are typed: a folder and an environment."""

    def __init__(self, home, environment):
        self.home, self.environment = home, environment
        self.running = []

    def follow(self, alert, values, mend):
        """The whole page; `mend` is called once, before the first block that comes once it is mended. How many were typed."""
        every, mended = blocks(alert), False
        for block in every:
            if block.how == "once mended" and not mended:
                mend()
                mended = True
            self.type(block, values)
        if not mended:
            mend()
        return len(every)

    def type(self, block, values):
        """One block. Raises Failed."""
        typed = yours(block.typed, values)
        if block.how == "keeps running":
            self.keep(typed, block.says)
            return
        deadline = time.monotonic() + (PATIENCE if block.part == "Then check" else 0)
        while trouble := self._wrong(typed, block):
            if time.monotonic() > deadline:
                raise Failed(trouble)
            time.sleep(1)

    def _wrong(self, typed, block):
        """What is not as the page says; empty: nothing."""
        status, said = self.typed(typed)
        words = said + f"(exit status {status})"
        if (status != 0) != (block.how == "fails"):
            return f"$ {typed}{words}"
        return "" if block.says in said else f"$ {typed}{words}\n… does not say “{block.says}”"

    def typed(self, script, patience=400):
        """Exit status and all that was printed."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], cwd=self.home, env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=patience, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout

    def must(self, script):
        """What it prints. Raises Failed where it fails."""
        status, said = self.typed(script)
        if status:
            raise Failed(f"$ {script}\n{said}")
        return said

    def keep(self, script, ready=""):
        """Start what keeps running, and wait until it says that it is ready. Raises Failed."""
        log = self.home / f"terminal-{len(self.running)}.log"
        with log.open("w") as out:
            process = subprocess.Popen(
                ["bash", "-euc", f"exec {script.strip()}"], cwd=self.home, env=self.environment, stdin=subprocess.DEVNULL,
                stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip
        self.running.append(process)
        deadline = time.monotonic() + PATIENCE
        while ready not in log.read_text():
            if process.poll() is not None or time.monotonic() > deadline:
                raise Failed(f"$ {script}{log.read_text()[-3000:]}\n… never said “{ready}”")
            time.sleep(0.2)
        return process

    def end(self, process):
        """By Ctrl-C, as whoever started it would."""
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def close(self):
        """End all that still runs, the newest first."""
        for process in reversed(self.running):
            self.end(process)
