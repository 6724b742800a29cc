"""Run as one of Dispatch's services: prints as JSON what it can do and must not, and what it needs and cannot do.

Nothing that it tries does harm where it succeeds: it also runs unconfined, to show that it is awake.
"""

import contextlib
import ctypes
import json
import mmap
import os
import socket
import subprocess
from pathlib import Path

FOREIGN = ("/usr", "/etc", "/opt/dispatch", "/home", "/root", "/boot", "/run")
CLONE_NEWUSER, SYS_KEYCTL = 0x10000000, 250
LIBC = ctypes.CDLL(None, use_errno=True)


def tries():
    """What must be refused, by name."""
    for folder in FOREIGN:
        yield f"write to {folder}", lambda folder=folder: (Path(folder) / "written").write_text("x")
    yield "change the kernel's settings", lambda: Path("/proc/sys/kernel/hostname").open("r+b").close()
    yield "read root's secrets", lambda: Path("/etc/dispatch/secrets/vault_keys").read_text()
    yield "look into homes", lambda: next(iter(Path("/home").iterdir()))
    yield (
        "make writable memory that runs",
        lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC),
    )
    for family, kind in (("NETLINK", "RAW"), ("PACKET", "RAW"), ("ALG", "SEQPACKET")):
        yield (
            f"open AF_{family}",
            lambda family=family, kind=kind: socket.socket(
                getattr(socket, f"AF_{family}"), getattr(socket, f"SOCK_{kind}")
            ),
        )
    yield "listen below port 1024", lambda: socket.create_server(("127.0.0.1", 99))
    yield "get a namespace of its own", lambda: called("unshare", CLONE_NEWUSER)
    yield "use the kernel's keyring", lambda: called("syscall", SYS_KEYCTL, 0, -3, 1)
    yield "make a file that runs as its owner", setuid
    yield (
        "see others' processes",
        lambda: next(path for path in Path("/proc").glob("[0-9]*") if path.stat().st_uid != os.getuid()),
    )
    yield (
        "have a device",
        lambda: next(path for path in Path("/dev").rglob("*") if path.is_block_device() or path.name == "kmsg"),
    )


def called(name, *words):
    ctypes.set_errno(0)
    if getattr(LIBC, name)(*words) < 0:
        raise OSError(ctypes.get_errno(), name)


def setuid():
    file = Path("/tmp/setuid")
    file.touch()
    file.chmod(0o4755)


def needs():
    """What must work, by name."""
    yield "keep its data", lambda: Path("/var/lib/dispatch/probed").write_text("x")
    yield "read its credential", (Path(os.environ.get("CREDENTIALS_DIRECTORY", "/")) / "dispatch_vault_keys").read_text
    yield "reach the database's socket", lambda: socket.socket(socket.AF_UNIX).connect("/run/postgresql/.s.PGSQL.5432")
    yield "run a program", lambda: subprocess.run(["/usr/bin/true"], check=True)


def main():
    can, lacks = [], []
    for what, attempt in tries():
        with contextlib.suppress(OSError, StopIteration, IndexError, ValueError):
            attempt()
            can.append(what)
    for what, attempt in needs():
        try:
            attempt()
        except OSError as error:
            lacks.append(f"{what}: {error}")
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    held = {name: status[name] for name in ("CapEff", "CapPrm", "CapBnd", "NoNewPrivs", "Seccomp")}
    print(json.dumps({"can": can, "lacks": lacks, **held}))


if __name__ == "__main__":
    main()
