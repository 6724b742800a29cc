"""Hosts that are network namespaces on a switch: each can be cut off, or lose its power. Needs root and iproute2.

`python tests/chaos/namespaces.py`: whether there can be any here; exit status 1 and why not, in one line.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys

NET = "10.213.0"
HUB = f"{NET}.1"
TAG = f"dsp{os.getpid()}"


class NotHere(Exception):
    """Why there can be no namespaces, in one line."""


def name(host):
    return f"{TAG}-{host}"


def address(host):
    return f"{NET}.{10 + int(host.removeprefix('h'))}"


def ip(*words):
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotHere(f"ip {' '.join(words)}: {done.stderr.strip() or done.returncode}")
    return done.stdout


def require():
    """Raise NotHere unless a namespace can be made, entered and connected on this machine."""
    if os.geteuid() != 0:
        raise NotHere("network namespaces need root")
    for program in ("ip", "unshare", "setpriv"):
        if shutil.which(program) is None:
            raise NotHere(f"the program {program} is missing (Debian: apt install iproute2 util-linux)")
    probe = name("probe")
    ip("netns", "add", probe)
    try:
        ip("-n", probe, "link", "add", "name", "a", "type", "veth", "peer", "name", "b")
        ip("-n", probe, "link", "add", "name", "c", "type", "bridge")
        ip("netns", "exec", probe, "unshare", "--uts", "true")
    finally:
        ip("netns", "del", probe)


def lay(hosts):
    """A switch in a namespace of its own, where what all share stands, and each host with one cable to it."""
    ip("netns", "add", name("hub"))
    ip("-n", name("hub"), "link", "add", "name", "switch", "type", "bridge")
    ip("-n", name("hub"), "address", "add", f"{HUB}/24", "dev", "switch")
    for device in ("lo", "switch"):
        ip("-n", name("hub"), "link", "set", device, "up")
    for host in hosts:
        ip("netns", "add", name(host))
        cable = ("type", "veth", "peer", "name", host, "netns", name("hub"))
        ip("link", "add", "name", "eth0", "netns", name(host), *cable)
        ip("-n", name("hub"), "link", "set", host, "master", "switch", "up")
        ip("-n", name(host), "address", "add", f"{address(host)}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            ip("-n", name(host), "link", "set", device, "up")


def take_away(hosts):
    """Everything of it, and whatever still runs there."""
    for host in (*hosts, "hub"):
        with contextlib.suppress(NotHere):
            kill(host)
            ip("netns", "del", name(host))


def cut(host):
    """Pull its cable: packets go nowhere, and nobody is told."""
    ip("-n", name("hub"), "link", "set", host, "down")


def mend(host):
    ip("-n", name("hub"), "link", "set", host, "up")


def processes(host):
    return [int(line) for line in ip("netns", "pids", name(host)).split()]


def kill(host):
    """As if its power were gone."""
    for process in processes(host):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def inside(host, command, user=None):
    """A command that runs there, in the same process, under the host's own name."""
    as_user = ["setpriv", f"--reuid={user}", "--regid=nogroup", "--clear-groups"] if user else []
    named = ["unshare", "--uts", "--", "sh", "-c", 'hostname "$0"; exec "$@"', host]
    return ["ip", "netns", "exec", name(host), *named, *as_user, *map(str, command)]


if __name__ == "__main__":
    try:
        require()
    except NotHere as why:
        print(why)
        sys.exit(1)
