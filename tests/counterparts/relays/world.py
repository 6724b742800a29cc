"""The internet as a mail server meets it: names, receivers that answer as the table says, and a mailbox for what comes back.

In a namespace of its own, where its addresses are those of documentation (RFC 5737) and port 25 is free.
"""

import contextlib
import socket
import threading
import time
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

RELAY, MAILBOX, OURS = "192.0.2.1", "192.0.2.250", "bounces.example.org"
REFUSING, SILENT, UNREACHABLE = "192.0.2.240", "192.0.2.241", "203.0.113.1"
FIRST = 10
PLACES = {"REFUSED": REFUSING, "SILENT": SILENT, "UNREACHABLE": UNREACHABLE}
LONGEST = 75


@dataclass
class World:
    """`replies` of delivery/bounces/corpus.py; `returned` is what came to the mailbox, in the order in which it came."""

    replies: list
    returned: list = field(default_factory=list)
    addresses: dict = field(init=False)
    open: list = field(default_factory=list)

    def __post_init__(self):
        domains = sorted({one.domain for one in self.replies})
        self.addresses = {domain: f"192.0.2.{FIRST + number}" for number, domain in enumerate(domains)}
        self.addresses |= {one.domain: PLACES[one.at] for one in self.replies if one.at in PLACES}

    def start(self):
        threading.Thread(target=self.tell_names, daemon=True).start()
        for domain, address in {**self.addresses, OURS: MAILBOX}.items():
            if address not in {REFUSING, UNREACHABLE}:
                self.listen(domain, address)

    def listen(self, domain, address):
        listening = socket.create_server((address, 25), backlog=100)
        self.open.append(listening)
        threading.Thread(target=self.serve, args=(listening, domain), daemon=True).start()

    def serve(self, listening, domain):
        of_it = [one for one in self.replies if one.domain == domain]
        while True:
            sock, _ = listening.accept()
            if any(one.at == "SILENT" for one in of_it):
                self.open.append(sock)
                continue
            threading.Thread(target=Talk(self, sock, domain, of_it).run, daemon=True).start()

    def tell_names(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", 53))
            while True:
                asked, whom = sock.recvfrom(4096)
                sock.sendto(self.named(dns.message.from_wire(asked)).to_wire(), whom)

    def named(self, query):
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        name, kind = query.question[0].name.to_text().lower(), query.question[0].rdtype
        records = self.records(name.rstrip("."))
        if isinstance(records, dns.rcode.Rcode):
            answer.set_rcode(records)
        elif told := records.get(dns.rdatatype.to_text(kind)):
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", kind, told))
        return answer

    def records(self, name):
        """By kind; none of the kind that is asked for is an empty answer."""
        domain = name.removeprefix("mx.")
        trouble = next((one.at for one in self.replies if one.domain == domain), "")
        if domain in {"relay.example.org", "example.org"}:
            return {"A": RELAY}
        if domain == OURS:
            return {"MX": f"10 mx.{OURS}.", "A": MAILBOX} if name == domain else {"A": MAILBOX}
        if trouble == "SERVFAIL":
            return dns.rcode.SERVFAIL
        if trouble == "NXDOMAIN" or domain not in self.addresses:
            return dns.rcode.NXDOMAIN
        if trouble == "NULLMX":
            return {"MX": "0 ."}
        return {"A": self.addresses[domain]} if name != domain else {"MX": f"10 mx.{domain}."}

    def wait_for(self, missing):
        """Until `missing()` is empty, or nothing has come back for a while."""
        known, since = len(self.returned), time.monotonic()
        while missing() and time.monotonic() - since < LONGEST:
            if len(self.returned) != known:
                known, since = len(self.returned), time.monotonic()
            time.sleep(0.5)


class Talk:
    """One connection to one receiver."""

    def __init__(self, world, sock, domain, replies):
        self.world, self.sock, self.domain = world, sock, domain
        self.replies = {one.recipient: one for one in replies}
        self.to, self.file = "", sock.makefile("rb")
        self.largest = 500 if any(one.at == "SMALL" for one in replies) else 35_882_577

    def run(self):
        with contextlib.suppress(OSError, EOFError), self.sock, self.file:
            if any(one.at == "DROPPED" for one in self.replies.values()):
                return
            self.say(self.due("GREETING") or f"220 mx.{self.domain} ESMTP")
            while True:
                verb, _, rest = self.line().decode().strip().partition(" ")
                getattr(self, verb.lower(), self.unknown)(rest)

    def due(self, step):
        """What is answered at this step to the recipient, or to whoever asks where the domain has one alone."""
        known = [self.replies[self.to]] if self.to in self.replies else list(self.replies.values())
        return next((one.reply for one in known if one.at == step and (self.to or len(known) == 1)), None)

    def ehlo(self, _):
        self.say(
            f"250-mx.{self.domain}\n250-PIPELINING\n250-SIZE {self.largest}\n250-8BITMIME\n250 ENHANCEDSTATUSCODES"
        )

    def helo(self, _):
        self.say(f"250 mx.{self.domain}")

    def mail(self, rest):
        self.to = ""
        size = int(rest.partition("SIZE=")[2].split()[0]) if "SIZE=" in rest else 0
        too_big = "552 5.3.4 Message size exceeds fixed limit" if size > self.largest else None
        self.say(self.due("MAIL") or too_big or "250 2.1.0 OK")

    def rcpt(self, rest):
        self.to = rest.partition("<")[2].partition(">")[0]
        reply = self.due("RCPT") or "250 2.1.5 OK"
        self.say(reply)
        if not reply.startswith("2"):
            self.to = ""

    def data(self, _):
        if not self.to:
            self.say("554 5.5.1 no valid recipients")
            return
        self.say("354 go on")
        lines = []
        while (line := self.line()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        if self.domain == OURS:
            self.world.returned.append(b"".join(lines))
        self.say(self.due("END") or "250 2.0.0 taken")

    def rset(self, _):
        self.to = ""
        self.say("250 2.0.0 OK")

    def quit(self, _):
        self.say("221 2.0.0 bye")
        raise EOFError

    def unknown(self, _):
        self.say("500 5.5.2 what")

    def say(self, reply):
        self.sock.sendall(reply.replace("\n", "\r\n").encode() + b"\r\n")
        if reply.startswith("421"):
            raise EOFError

    def line(self):
        if not (line := self.file.readline()).endswith(b"\r\n"):
            raise EOFError
        return line
