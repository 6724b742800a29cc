"""An instance on the embedded default with its counterparts, and what the troubles need to know of it.

Its watchdog is told to be patient (DISPATCH_SILENT_SECONDS): else it would have mended what a person is to mend here.
"""

import contextlib
import os
import signal
import subprocess
import time

import psycopg
import pyrage

from dispatch import env
from runbooks import counterparts, pages
from runbooks.alerts import Alerts

READERS = 120
YOU = "you@example.org"
PATIENCE = 300.0
SMALL = "1G"
ADDRESS = "smtp://user:password@mail.example.org:587"
"""How the pages write the reader's own mail server."""
WEB = "http://127.0.0.1:8321"
"""How they write where the web listens."""


class World:
    """What there is. `home` is a folder of its own, on a small disk where this machine lets one be mounted."""

    def __init__(self, home):
        self.home, self.published, self.identity = home, [], pyrage.x25519.Identity.generate()
        self.readers, self.owed = READERS, {}  # how many there are now; and by title, how many are to get it
        self.has_small_disk = _mount(home)
        home.chmod(0o755)  # PostgreSQL of a root's instance runs as nobody, and must get in
        self.mail, self.spare, self.duty = (counterparts.MailServer() for _ in range(3))
        self.networks, self.proxy = counterparts.Networks(home), counterparts.Proxy(home)
        self.web, self.prometheus = counterparts.free_port(), counterparts.free_port()
        os.environ.update(self._settings())
        self.terminal = pages.Terminal(home, dict(os.environ))
        self.alerts, self.ends = None, contextlib.ExitStack()

    def _settings(self):
        return {
            "PATH": f"{pages.ROOT / '.venv/bin'}:{os.environ['PATH']}",
            "DISPATCH_DATA_DIR": str(self.home / "dispatch-data"),
            "DISPATCH_PORT": str(self.web),
            "DISPATCH_REPLICA_URL": f"postgresql://dispatch@/dispatch?host={self.home}/replica/run",
            "DISPATCH_PUBLIC_URL": f"https://localhost:{self.proxy.port}",
            "DISPATCH_FETCH_ALLOW": f"127.0.0.1:{self.networks.port}",
            "DISPATCH_SILENT_SECONDS": "100000",
            "DISPATCH_RESEND_WAIT_SECONDS": "5",
            "DISPATCH_TELLING_RELAY_URL": self.duty.url,
            "DISPATCH_LOG": "lines",
        }

    def open(self):
        """Start it all, and make a newsroom: a newsletter with its readers, an operator, somebody on duty. No relay yet."""
        self.terminal.keep("dispatch up", "Dispatch is up at")
        self.alerts = Alerts(self.home, self.web, self.prometheus)
        lines = "".join(f"reader{number}@example.org,,en\n" for number in range(READERS))
        (self.home / "readers.csv").write_text(f"email,name,language\n{lines}")
        self.terminal.must(
            "dispatch newsletter add office --name-en 'Office news' --languages en"
            " --from-name Office --from-address news@example.org\n"
            "dispatch import readers.csv --newsletter office --apply && rm readers.csv\n"
            f"dispatch user add {YOU} --name You --role administrator"
        )
        self._tell_who_is_on_duty()

    def _tell_who_is_on_duty(self):
        """Of relays in trouble, by mail. There is a page for it and no command, so it is done from here."""
        import django

        from dispatch.local import instance

        os.environ["DJANGO_SETTINGS_MODULE"] = "dispatch.settings"
        instance.adopt()
        django.setup()
        from dispatch.desk import telling

        telling.add("On duty", "mail", "duty@example.org", None, "a rehearsal", kinds=["relay"])

    def publish(self):
        """An article to all, now: its title, which is the letters' subject."""
        title = self.title()
        self.terminal.must(f"dispatch publish {self._written(title)} --language en")
        return title

    def publish_soon(self):
        """Three, ten seconds apart, while other things are typed; the last one's title."""
        titles = [self.title() for _ in range(3)]
        typed = "; ".join(f"sleep 10; dispatch publish {self._written(title)} --language en" for title in titles)
        self.terminal.keep(f"sh -c '{typed}'")
        return titles[-1]

    def _written(self, title):
        file = self.home / f"article-{self.published.index(title)}.txt"
        file.write_text(f"{title}\n\nBy a tenth since the summer, says the office of statistics.\n")
        return file.name

    def title(self):
        """Of one more article, that every reader is to get."""
        self.published.append(f"Bread is dearer, report {len(self.published) + 1}")
        self.owed[self.published[-1]] = self.readers
        return self.published[-1]

    def wait_sent(self, title):
        """Until every reader has it, and its send is over: the send's number."""
        self.until(lambda: self.letters(title) >= self.owed[title], f"“{title}” did not reach everybody")
        return self.until(lambda: self.one(SEND_OF, title, "finished"), f"the send of “{title}” did not finish")

    def leave(self, count):
        """So many readers are gone: what has not reached everybody by now is not owed to them any more."""
        self.readers -= count
        for title, owed in self.owed.items():
            if self.letters(title) < owed:
                self.owed[title] = owed - count

    def letters(self, title):
        """How many came, by whatever relay."""
        return sum(n for server in (self.mail, self.spare) for (_, about), n in server.took.items() if about == title)

    def send_of(self, title):
        """The number of its send, as soon as there is one."""
        return self.until(lambda: self.one(SEND_OF, title, ""), f"“{title}” was not enlisted")

    def connect(self, network, slug, account="", **more):
        """A channel at its stand-in, whatever the command says of it."""
        where = f"--server {self.networks.at(network)} --account '{account}'"
        add = f"dispatch channel add {network} --slug {slug} {where} --credentials-file {self.keys(network, **more)}"
        self.terminal.typed(add)

    def keys(self, network, **more):
        """A file of them, as the network's stand-in takes them, or not."""
        known = counterparts.speakers.SPEAKERS[network].credentials | more
        file = self.home / f"{network}.keys"
        file.write_text("".join(f"{name}={value}\n" for name, value in known.items()))
        return file.name

    def holder(self):
        """Of an age key: the file that the identity is in, and the public half."""
        (self.home / "holder.txt").write_text(f"{self.identity}\n")
        return "holder.txt", str(self.identity.to_public())

    def process(self, queues):
        """The number of the main process of the worker for exactly these queues; of the clock."""
        name = self.one("SELECT name FROM delivery_workerbeat WHERE queues = %s ORDER BY beat_at DESC LIMIT 1", queues)
        return int(name.rpartition(":")[2])

    def broker(self):
        """That of the embedded broker."""
        found = subprocess.run(
            ["pgrep", "-f", f"valkey-server.*{env.run_dir()}"], capture_output=True, text=True, check=True
        )
        return int(found.stdout.split()[0])

    def freeze(self, process):
        """It runs, and does nothing any more: what a supervisor does not see."""
        os.kill(process, signal.SIGSTOP)
        return process

    def sql(self, statement, *values):
        """What nobody should do."""
        with psycopg.connect(env.database_url(), autocommit=True) as session:
            found = session.execute(statement, values)
            return found.fetchall() if found.description else []

    def one(self, statement, *values):
        """The first value of the first row; None: there is none."""
        rows = self.sql(statement, *values)
        return rows[0][0] if rows else None

    def until(self, ask, otherwise):
        """What `ask` says once it says something. Raises Failed."""
        deadline = time.monotonic() + PATIENCE
        while not (found := ask()):
            if time.monotonic() > deadline:
                raise pages.Failed(otherwise)
            time.sleep(0.3)
        return found

    def close(self):
        """End everything that was started, and give the disk back."""
        self.ends.close()
        self.terminal.close()
        for one in (self.alerts, self.networks, self.proxy):
            with contextlib.suppress(Exception):
                one.end() if one is self.alerts else one.close()
        for one in (self.mail, self.spare, self.duty):
            with contextlib.suppress(Exception):
                one.close()
        if self.has_small_disk:
            subprocess.run(["umount", "--lazy", self.home], check=False)


SEND_OF = """
SELECT s.id FROM delivery_send s JOIN editions_variant v ON v.edition_id = s.edition_id
WHERE v.subject = %s AND s.state LIKE %s || '%%' ORDER BY s.id DESC LIMIT 1
"""


def _mount(home):
    """Whether it is a small disk of its own now."""
    wanted = ["mount", "-t", "tmpfs", "-o", f"size={SMALL},mode=0755", "dispatch-runbooks", home]
    return os.geteuid() == 0 and subprocess.run(wanted, capture_output=True, check=False).returncode == 0
