"""deploy/systemd: every unit is one that systemd takes without a word, and every service is sandboxed well."""

import shutil
from pathlib import Path

from deploying import parts

EXPOSED = 13
"""The most that `systemd-analyze security` may say of a service, in tenths; one without a sandbox gets 96."""
PROGRAMS = ("opt/dispatch/bin/dispatch",)


def check(work):
    analyze = parts.program("systemd", "usr/bin/systemd-analyze")
    root = _root(work)
    ours = sorted(
        path.name for path in (parts.DEPLOY / "systemd").iterdir() if path.suffix in {".service", ".timer", ".target"}
    )
    about = {"env": parts.libraries("systemd")}
    said, status = parts.asked([analyze, "verify", "--man=no", f"--root={root}", *ours], **about)
    if status or said.strip():
        raise parts.Failed(f"systemd-analyze verify: {said}")
    _is_awake(analyze, root, about)
    yield f"systemd takes {len(ours)} units without a word"
    services = [name for name in ours if name.endswith(".service")]
    for name in services:
        said, status = parts.asked(
            [analyze, "security", "--offline=true", f"--root={root}", f"--threshold={EXPOSED}", "--no-pager", name],
            **about,
        )
        if status:
            raise parts.Failed(f"{name} is exposed by more than {EXPOSED / 10}: {said[-300:]}")
    yield f"{len(services)} services are sandboxed: exposed by {EXPOSED / 10} of 10 at most"


def _root(work):
    """A machine's root with our units, the distribution's own, and something to start."""
    root, units = work / "root", work / "root/etc/systemd/system"
    shutil.copytree(parts.DEPLOY / "systemd", units)
    places = (parts.THERE / "systemd/lib", parts.THERE / "systemd/usr/lib", Path("/usr/lib"), Path("/lib"))
    own = next(place / "systemd/system" for place in places if (place / "systemd/system/sysinit.target").exists())
    shutil.copytree(own, root / "usr/lib/systemd/system", symlinks=True)
    for name in PROGRAMS:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("#!/bin/sh\n")
        (root / name).chmod(0o755)
    return root


def _is_awake(analyze, root, about):
    """The analyser finds fault with a unit that has one."""
    bad = root / "etc/systemd/system/dispatch-bad.service"
    bad.write_text("[Service]\nExecStart=/opt/dispatch/bin/nothing\nMemoryMaximum=1G\n")
    said, _ = parts.asked([analyze, "verify", "--man=no", f"--root={root}", bad.name], **about)
    bad.unlink()
    if "MemoryMaximum" not in said:
        raise parts.Failed(f"systemd-analyze says nothing of a wrong unit: {said}")
