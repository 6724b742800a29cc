"""deploy/systemd, run: a machine that systemd boots, set up as docs/deploying.md says, sends mail through every trouble."""

import json
import re
import shutil
import subprocess
import time

from deploying import machine, parts

PAGE = parts.ROOT / "docs/deploying.md"
SECTION = "## One machine, in ten minutes"
BLOCK = re.compile(r"```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROBE = "ExecStart=/opt/dispatch/bin/python /opt/dispatch/probe.py"
SERVICES = [
    f"dispatch-{name}"
    for name in ("web", "clock", *(f"worker-{queue}" for queue in ("email", "articles", "social", "upkeep")))
]
WORKER = "dispatch-worker-email"
OTHER = "dispatch-worker-social"
"""One that has nothing to do."""
READERS, PACE = 400, 25
"""Readers, and letters a second: a send takes long enough to be disturbed."""
INBOX = "/var/lib/dispatch/inbox.sqlite"
COUNT = "SELECT count(*), count(DISTINCT recipient) FROM letters WHERE subject LIKE '% {}th %'"
DOUBTS = """
SELECT count(*) FROM delivery_exception WHERE code = 'ambiguous' AND send_id = (SELECT max(id) FROM delivery_send)
"""
GROWN = "/var/lib/dispatch/grown"
EXPOSED = 13
STORY = "scripts/compose-base/story.txt"


def check(work):
    one = machine.Machine(work)
    try:
        one.lay()
        one.boot()
        version = one.type("systemctl --version").split("(")[1].split(")")[0]
        yield f"systemd {version} is the first process of a machine, and has started all of Debian"
        bring(one)
        follow(one)
        yield "the page is followed word by word, and `dispatch check` is content"
        yield from stands(one)
        yield from confined(one)
        yield from sends(one)
        yield from hangs(one)
        yield from ends(one)
    finally:
        one.remove()


def bring(one):
    """A copy of this repository, with the wheel."""
    copy = one.root / "root/dispatch"
    copy.mkdir()
    files = subprocess.run(["git", "ls-files", "-z"], cwd=parts.ROOT, check=True, capture_output=True).stdout
    packed = subprocess.run(
        ["tar", "--null", "-T", "-", "-c"], cwd=parts.ROOT, input=files, check=True, capture_output=True
    )
    subprocess.run(["tar", "-x", "--no-same-owner", "-C", copy], input=packed.stdout, check=True)
    said, status = parts.asked(["make", "wheel", f"DIST={copy / 'dist'}"], cwd=parts.ROOT)
    if status:
        raise parts.Failed(f"make wheel: {said[-2000:]}")


def follow(one):
    """Each block as it stands; only what is fetched goes out by this machine's network."""
    text = PAGE.read_text(encoding="utf-8")
    section = text[text.index(SECTION) :]
    blocks = BLOCK.findall(section[: section.index("\n## ", 5)])
    one.type("apt-get -qq update", outward=True)
    for block in blocks:
        if "systemctl enable" in block:
            edit(one)
        one.type(f"cd /root/dispatch\n{block}", outward="pip install" in block)


def edit(one):
    """What the page leaves to its reader."""
    one.type("printf 'DISPATCH_APPROVE_FROM=0\nDISPATCH_FIRST_WAVE_FROM=0\n' >> /etc/dispatch/dispatch.env")


def stands(one):
    """Everything is up, also after a restart of the machine."""
    _all_active(one)
    _answers(one)
    yield f"{len(SERVICES)} services are active, and web answers that it is ready"
    one.off()
    one.boot()
    _soon(lambda: _active(one) == set(SERVICES), "not all is active after the machine was started anew", one)
    _answers(one)
    yield "after the machine was turned off and on, everything has come back by itself"


def confined(one):
    """From inside: what a service of ours can do, beside what any other can."""
    shutil.copy(machine.HERE / "probe.py", one.root / "opt/dispatch/probe.py")
    said = {}
    for name in ("dispatch-probe", "open-probe"):
        lines = f"[Service]\nType=oneshot\nUser=dispatch\nStandardOutput=truncate:/run/{name}.json\n{PROBE}\n"
        one.type(f"cat > /run/systemd/system/{name}.service && systemctl daemon-reload", given=lines)
        said[name] = json.loads(one.type(f"timeout 120 systemctl start {name} && cat /run/{name}.json"))
    ours, others = said["dispatch-probe"], said["open-probe"]
    if ours["can"] or ours["lacks"]:
        raise parts.Failed(f"a service of Dispatch can {ours['can']} and lacks {ours['lacks']}")
    held = {name: ours[name] for name in ("CapEff", "CapPrm", "CapBnd")}
    if any(int(value, 16) for value in held.values()) or (ours["NoNewPrivs"], ours["Seccomp"]) != ("1", "2"):
        raise parts.Failed(f"a service of Dispatch holds {ours}")
    if len(others["can"]) < 4:
        raise parts.Failed(f"the probe is asleep: any service can {others['can']}")
    more = len(others["can"])
    yield f"from inside: none of {more} things that a bare unit of this user can do, no capability, all that it needs"
    for name in SERVICES:
        process = _main(one, name)
        status = one.type(f"grep -E '^(CapBnd|Seccomp|Uid)' /proc/{process}/status")
        if "CapBnd:\t0000000000000000" not in status or "Seccomp:\t2" not in status or "Uid:\t0" in status:
            raise parts.Failed(f"{name} runs with {status}")
    scores = [_score(one, name) for name in SERVICES]
    if max(scores) > EXPOSED / 10:
        raise parts.Failed(f"systemd-analyze security says {scores}")
    yield f"each service that runs is so confined; systemd-analyze security says {min(scores)} to {max(scores)} of 10"


def sends(one):
    """Mail arrives, whatever happens to who sends it."""
    prepare(one)
    for what, disturb in (
        ("an article reaches every reader once", None),
        ("killed in the middle of a send, the worker is started anew, nobody is missed or gets two", killed),
        ("restarted in the middle of a send, it hands over", restarted),
        ("frozen in the middle of a send, systemd's watchdog replaces it", frozen),
        ("a process that grows without end in the middle of a send is replaced, its worker goes on", outgrown),
    ):
        if disturb is outgrown:
            hook(one)
        story = publish(one)
        _soon(lambda story=story: _arrived(one, story)[0] > PACE, "no mail leaves", one)
        note = disturb(one) if disturb else ""
        _soon(
            lambda story=story: _arrived(one, story)[1] + _doubts(one) >= READERS, f"{what}: not all letters leave", one
        )
        time.sleep(5)  # for one too many
        (letters, readers), doubts = _arrived(one, story), _doubts(one)
        if letters != readers or readers + doubts < READERS or (doubts and disturb in {None, restarted}):
            raise parts.Failed(f"{what}: {letters} letters to {readers} of {READERS} readers, {doubts} in doubt")
        yield f"{what}{note}: {letters} letters to {readers} readers, {doubts} in doubt"


def prepare(one):
    """A server that takes mail and keeps it, the relay, a newsletter, its readers."""
    receiver = f"/opt/dispatch/bin/python -m dispatch.local.receiver --port 2525 --store {INBOX}"
    one.type(f"systemd-run --quiet --unit=inbox --uid=dispatch {receiver}")
    one.type("dispatch relay add inbox smtp://127.0.0.1:2525")
    one.type(f"dispatch relay pace inbox --per-second {PACE}")
    sender = "--from-name Office --from-address news@example.org"
    one.type(f"dispatch newsletter add office --name-en 'Office news' --languages en {sender}")
    readers = "email,language\n" + "".join(f"reader-{number}@example.org,en\n" for number in range(READERS))
    file = "/var/lib/dispatch/readers.csv"
    one.type(f"cat > readers.csv && install -o dispatch -m 600 readers.csv {file}", given=readers)
    one.type(f"dispatch import {file} --newsletter office --apply")


def publish(one):
    """A story, by the number that stands in its title."""
    number, file = time.time_ns() // 10**9, "/var/lib/dispatch/story.txt"
    text = (parts.ROOT / STORY).read_text().replace("A new", f"The {number}th")
    one.type(f"cat > story.txt && install -o dispatch -m 600 story.txt {file}", given=text)
    one.type(f"dispatch publish {file} --language en")
    return number


def killed(one):
    old = _main(one, WORKER)
    began = time.monotonic()
    one.type(f"kill -KILL {old}")
    _soon(lambda: _main(one, WORKER) not in {0, old} and WORKER in _active(one), "the unit does not start it anew", one)
    return f" (active again after {time.monotonic() - began:.0f} s)"


def restarted(one):
    began = time.monotonic()
    one.type(f"systemctl restart {WORKER}")
    return f" (in {time.monotonic() - began:.0f} s)"


def frozen(one, name=WORKER):
    old = _main(one, name)
    began = time.monotonic()
    one.type(f"systemctl kill --signal=STOP {name}")
    _soon(lambda: _main(one, name) not in {0, old} and name in _active(one), "nobody replaces it", one)
    return f" (after {time.monotonic() - began:.0f} s)"


def hook(one):
    """From its next start on, the first process of the mail worker to get there grows in the middle of a chunk."""
    one.type("mkdir -p /opt/dispatch/hooks && cp /root/dispatch/tests/chaos/hooks/sitecustomize.py /opt/dispatch/hooks")
    _start_with(one, WORKER, f"HOOK_GROW={GROWN}")


def _start_with(one, name, setting):
    lines = f"[Service]\nEnvironment=PYTHONPATH=/opt/dispatch/hooks {setting}\n"
    one.type(f"mkdir -p /run/systemd/system/{name}.service.d")
    one.type(f"cat > /run/systemd/system/{name}.service.d/hook.conf && systemctl daemon-reload", given=lines)
    one.type(f"systemctl restart {name}")


def outgrown(one):
    """The kernel ends the process at the unit's MemoryMax; nothing else of the unit."""
    main, journal = _main(one, WORKER), f"journalctl --quiet -o cat -u {WORKER}"
    _soon(lambda: "a process died in its task" in one.type(journal, check=False), "nobody ended it", one)
    one.type(f"test -e {GROWN}")
    if _main(one, WORKER) != main:
        raise parts.Failed("the whole worker was ended, not the process that grew")
    return f" (MemoryMax {int(one.type(f'systemctl show -P MemoryMax {WORKER}')) >> 20} MB)"


def hangs(one):
    """What runs and is of no use is replaced, mail or not."""
    note = frozen(one, "dispatch-web")
    _answers(one)
    yield f"a web server that stands still is replaced{note}"
    began = time.monotonic()
    _start_with(one, OTHER, "HOOK_HANG=/var/lib/dispatch/hung")
    old, journal = _main(one, OTHER), f"journalctl --quiet -o cat -u {OTHER}"
    _soon(lambda: _main(one, OTHER) not in {0, old} and OTHER in _active(one), "nobody replaces it", one)
    seconds = time.monotonic() - began
    if '"asks to be replaced"' not in (said := one.type(journal)):
        raise parts.Failed(f"a deaf worker did not ask for its end: {said[-1000:]}")
    yield f"a worker whose main loop hangs, and whose threads go on, asks for its end (replaced after {seconds:.0f} s)"


def ends(one):
    """What stops, stops: no process is left, and all of it starts again."""
    failed = one.type("systemctl list-units --failed --plain --no-legend 'dispatch*'").strip()
    if failed:
        raise parts.Failed(f"units have failed: {failed}")
    one.type("systemctl stop inbox && systemctl stop dispatch.target 'dispatch-*.service'")
    left = one.type("ps -u dispatch -o args=", check=False).strip()
    if left or _active(one):
        raise parts.Failed(f"after the target was stopped there are {_active(one)} and {left}")
    yield "after the page's stop there is no service and no process"
    one.type("systemctl start dispatch.target")
    _soon(lambda: _active(one) == set(SERVICES), "not all starts with the target", one)
    yield "the page's start brings all of them back"


def _active(one):
    said = one.type(f"systemctl is-active {' '.join(SERVICES)}", check=False).split()
    return {name for name, state in zip(SERVICES, said, strict=False) if state == "active"}


def _all_active(one):
    if missing := set(SERVICES) - _active(one):
        raise parts.Failed(f"not active: {missing}; {one.type('journalctl --quiet -n 60 -u dispatch*', check=False)}")


def _answers(one):
    asked = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8321/readyz', timeout=20).status)"
    _soon(
        lambda: one.type(f'/opt/dispatch/bin/python -c "{asked}"', check=False).strip() == "200",
        "web is not ready",
        one,
    )


def _main(one, name):
    return int(one.type(f"systemctl show -P MainPID {name}").strip() or 0)


def _score(one, name):
    last = one.type(f"systemd-analyze security --no-pager {name}.service").strip().splitlines()[-1]
    return float(re.search(r"[\d.]+(?= \w+)", last.split(":", 1)[1])[0])


def _arrived(one, story):
    """Letters with this story, and readers who got one."""
    program = "import sqlite3, sys; print(*sqlite3.connect(sys.argv[1], timeout=60).execute(sys.argv[2]).fetchone())"
    return tuple(map(int, one.type(f'/opt/dispatch/bin/python -c "{program}" {INBOX} "{COUNT.format(story)}"').split()))


def _doubts(one):
    """Of the latest send: letters of which nobody knows whether they left, which is said aloud and waited for."""
    return int(one.type("runuser -u postgres -- psql -qAt dispatch", given=DOUBTS))


def _soon(is_so, what, one):
    """Within some minutes. Raises Failed with what the services said."""
    deadline = time.monotonic() + parts.PATIENCE
    while time.monotonic() < deadline:
        if is_so():
            return
        time.sleep(0.5)
    raise parts.Failed(f"{what}: {one.type('journalctl --quiet -n 60 -u dispatch*', check=False)}")
