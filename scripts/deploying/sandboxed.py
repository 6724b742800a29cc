"""`python sandboxed.py ANALYZE COMMAND…`: runs it under the system calls that house.conf leaves a service, without
writable code. ANALYZE is systemd-analyze, which knows what the sets hold.

No systemd runs for that: libseccomp makes the same filter of the same sets, and Linux (6.3 and newer) refuses the rest.
"""

import ctypes
import os
import re
import subprocess
import sys
from pathlib import Path

HOUSE = Path(__file__).resolve().parents[2] / "deploy/systemd/dispatch-.service.d/house.conf"
ALLOW, REFUSE = 0x7FFF0000, 0x00050001  # SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(EPERM)
MDWE, NO_EXEC_GAIN = 65, 1  # prctl(2), PR_SET_MDWE


def allowed(analyze):
    """The names of the calls that the two lines of SystemCallFilter leave."""
    said = subprocess.check_output([analyze, "syscall-filter", "--no-pager"], text=True, stderr=subprocess.DEVNULL)
    sets = {}
    for part in re.split(r"\n(?=@)", re.sub(r"\x1b\[[0-9;]*m", "", said)):
        name, *rest = part.splitlines()
        sets[name.strip()] = [line.strip() for line in rest if line.strip() and not line.strip().startswith("#")]

    def calls(name):
        return {one for inner in sets[name] for one in calls(inner)} if name.startswith("@") else {name}

    only, never = re.findall(r"^SystemCallFilter=(.+)$", HOUSE.read_text(), re.MULTILINE)
    taken = set().union(*(calls(name) for name in never.removeprefix("~").split()))
    return set().union(*(calls(name) for name in only.split())) - taken


def confine(names):
    """From here on, for this process and all that it starts."""
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(REFUSE)))
    for name in names:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            library.seccomp_rule_add_array(context, ctypes.c_uint32(ALLOW), number, 0, None)
    if library.seccomp_load(context):
        sys.exit("the filter of system calls is not taken")
    ctypes.CDLL(None).prctl(MDWE, NO_EXEC_GAIN, 0, 0, 0)


if __name__ == "__main__":
    confine(allowed(sys.argv[1]))
    os.execv(sys.argv[2], sys.argv[2:])
