"""Real mail servers run as if each were installed, though none is: in namespaces, over the machine's own folders."""

import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import ports

UNPACKED = Path(__file__).parents[3] / ".cache" / "relays"
ABSENT = "Postfix, Exim and OpenSMTPD are not here: run tests/counterparts/relays/unpack (Debian, root)"
ETC = Path(__file__).parent / "etc"
USERS = ("postfix", "postdrop", "Debian-exim", "opensmtpd", "opensmtpq", "dovecot", "dovenull")
FIRST_USER = 9901
COMMANDS = {
    "postfix": "/usr/sbin/dovecot; /usr/sbin/postfix start-fg",
    "exim4-daemon-light": "/usr/sbin/exim4 -bdf -q1m -oP /var/spool/exim4/pid",
    "opensmtpd": "/usr/sbin/smtpd -d",
}
APART = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
"""In namespaces of its own; that of processes ends with its first one, and whatever has forked off goes with it."""
INSIDE = """
mount -t proc proc /proc
mount -t overlay usr -o lowerdir={root}/usr:/usr /usr
mount -t overlay etc -o lowerdir={etc}:{root}/etc:/etc /etc
for place in /var/spool /var/lib /run; do mount -t tmpfs none $place; done
mkdir -p /var/spool/exim4 /var/spool/postfix /var/lib/postfix /var/lib/opensmtpd/empty /var/lib/dovecot
chown Debian-exim /var/spool/exim4
chown postfix /var/lib/postfix
{command}
"""


def lay_out(etc, name, certificate, values, source=ETC):
    """The server's /etc, to be laid over the machine's."""
    program = UNPACKED / "opensmtpd/usr/libexec/opensmtpd/encrypt"
    secret = subprocess.run([program, "open sesame"], capture_output=True, text=True, check=True).stdout.strip()
    shutil.copytree(source, etc, dirs_exist_ok=True)
    for file in (one for one in etc.rglob("*") if one.is_file()):
        text = file.read_text()
        for key, value in {**values, "secret": secret}.items():
            text = text.replace(f"@{key}@", str(value))
        file.write_text(text)
    for number, user in enumerate(USERS, start=FIRST_USER):
        append(etc / "passwd", f"{user}:x:{number}:{number}::/nonexistent:/bin/false\n")
        append(etc / "group", f"{user}:x:{number}:\n")
    shutil.copy(certificate, etc / "relay.pem")
    (etc / "relay.pem").chmod(0o600)
    if name.startswith("exim"):  # it opens its key as its own user
        os.chown(etc / "relay.pem", FIRST_USER + USERS.index("Debian-exim"), 0)
    etc.chmod(0o755)


def append(file, line):
    """To the machine's own file, but for a user of the same name."""
    name, _, _ = line.partition(":")
    text = file.read_text() if file.exists() else Path("/etc", file.name).read_text()
    file.write_text("".join(old for old in text.splitlines(True) if not old.startswith(f"{name}:")) + line)


@contextmanager
def running(command, *listening, log, env=None):
    """From when it listens."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, cwd="/", env=env, start_new_session=True)
        try:
            for port in listening:
                ports.wait_for(port, process, log)
            yield
        finally:
            process.kill()
            process.wait()
