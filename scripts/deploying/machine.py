"""A Debian machine with systemd as its first process, in namespaces of its own: it boots, can be typed at, and is turned off.

Its files are an overlay upon what debootstrap made once (.cache/machine), its network is a loopback. Needs root, overlayfs
and Debian's packages; debootstrap is unpacked, not installed.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from deploying import parts

HERE = Path(__file__).parent
CACHE = parts.ROOT / ".cache/machine"
SUITE = "trixie"
FROM_HERE = {
    "/etc/resolv.conf": "etc/resolv.conf",
    "/etc/hosts": "etc/hosts",
    "/etc/ssl/certs/ca-certificates.crt": "root/authorities.crt",
}
"""By which packages are had: a machine of one's own has its own."""
LEGACY = ("systemd.unified_cgroup_hierarchy=0", "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1")
"""Where this kernel's controllers belong to the old hierarchies, systemd must be told to use those."""


def require():
    """Raise Missing unless such a machine can be had here."""
    if os.geteuid() != 0:
        raise parts.Missing("a machine of its own needs root")
    for program in ("unshare", "nsenter", "pivot_root", "dpkg-deb", "apt-get"):
        if shutil.which(program) is None:
            raise parts.Missing(f"the program {program} is missing (a machine of its own is made on Debian)")
    probe = [
        "unshare",
        "--mount",
        "--uts",
        "--ipc",
        "--net",
        "--pid",
        "--cgroup",
        "--fork",
        "mount",
        "-t",
        "proc",
        "p",
        "/proc",
    ]
    said, status = parts.asked(probe)
    if status:
        raise parts.Missing(f"namespaces cannot be had: {said.strip()}")


def base():
    """The folder with a fresh Debian; made once, in a minute or two. Raises Missing."""
    there = CACHE / SUITE
    if not (there / "sbin/init").exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(there, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as work:
            made = Path(work) / "root"
            said, status = parts.asked([HERE / "bootstrap", SUITE, made])
            if status:
                raise parts.Missing(f"Debian cannot be had: {said[-600:]}")
            made.rename(there)
    return there


class Machine:
    """One; off until it is booted. What is written to it is gone with it."""

    def __init__(self, work):
        self.work, self.log = work, work / "console"
        self.root = work / "root"
        for name in ("root", "upper", "scratch"):
            (work / name).mkdir()
        self.group = f"dispatch-machine-{os.getpid()}"
        self.process = None

    def lay(self):
        """Its disk."""
        layers = f"lowerdir={base()},upperdir={self.work / 'upper'},workdir={self.work / 'scratch'}"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, self.root], check=True)
        for here, there in FROM_HERE.items():
            (self.root / there).unlink(missing_ok=True)
            if Path(here).exists():
                shutil.copyfile(here, self.root / there)
        (self.root / "etc/systemd/system/systemd-modules-load.service").symlink_to(
            "/dev/null"
        )  # the kernel is not its own
        (self.root / "etc/apt/apt.conf.d/90yes").write_text('APT::Get::Assume-Yes "true";\n')

    def boot(self):
        """Until systemd says that all is started. Raises Failed."""
        is_new = Path("/sys/fs/cgroup/cgroup.controllers").exists()
        words = () if is_new else LEGACY
        apart = ["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--fork", "--kill-child"]
        command = [HERE / "into", self.group, "unshare", *apart, HERE / "boot", self.root, *words]
        with self.log.open("a") as console:
            self.process = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=console, stderr=console,
                start_new_session=True,
            )  # fmt: skip
        parts.wait(self._is_up, "the machine does not come up", self.log)

    def _is_up(self):
        if self.process.poll() is not None:
            raise parts.Failed(f"the machine does not boot: {self.log.read_text()[-2000:]}")
        state = self.type("systemctl is-system-running", check=False).strip()
        return state == "running"

    def init(self):
        """The number, here, of its first process."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0]) if children else 0

    def type(self, typed, *, outward=False, check=True, given=None):
        """What a shell of root's there says to this; with `outward` by this machine's network, for packages."""
        if not (init := self.init()):
            return ""
        spaces = ["--mount", "--uts", "--ipc", "--pid", "--cgroup", *([] if outward else ["--net"])]
        command = ["nsenter", f"--target={init}", *spaces, f"--root=/proc/{init}/root", f"--wd=/proc/{init}/root/root"]
        ours = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
        ours |= {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root",
            "LANG": "C.UTF-8",
        }
        ours |= {
            "DEBIAN_FRONTEND": "noninteractive",
            "PIP_CERT": "/root/authorities.crt",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }
        done = subprocess.run(
            [*command, "bash", "-euo", "pipefail", "-c", typed], env=ours, input=given or "", stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False, timeout=900,
        )  # fmt: skip
        if check and done.returncode:
            raise parts.Failed(f"{typed.strip()}\nended with {done.returncode}: {done.stdout[-3000:]}")
        return done.stdout

    def off(self):
        """In order."""
        self.type("systemctl poweroff", check=False)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(120)
        self._end()

    def remove(self):
        """However it stands."""
        self._end()
        subprocess.run(["umount", "--lazy", self.root], check=False)

    def _end(self):
        if self.process and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.init() or self.process.pid, signal.SIGKILL)
            self.process.wait(30)
        for group in [*Path("/sys/fs/cgroup").glob(f"*/{self.group}"), Path("/sys/fs/cgroup") / self.group]:
            _remove(group)


def _remove(group):
    """A cgroup and those in it; the kernel takes a moment to let its dead go."""
    if not group.is_dir():
        return
    deadline = time.monotonic() + 10
    for folder in [*sorted((path for path in group.rglob("*") if path.is_dir()), reverse=True), group]:
        while folder.is_dir() and time.monotonic() < deadline:
            try:
                folder.rmdir()
            except OSError:
                time.sleep(0.1)
