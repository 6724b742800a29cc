"""A relay that speaks SMTP truthfully until a fault is due, and knows what it took and whom from."""

import contextlib
import socket
import struct
import threading
import time
from dataclasses import dataclass, field, replace

from dispatch.delivery.mailers.base import Message

CAST = [*("alice", "bob", "charlie", "dora", "erin", "frank"), *(f"reader{number}" for number in range(100))]
BODY = b"From: news@example.org\r\nTo: %s\r\nSubject: Hello\r\n\r\nHello %s,\r\nsome news.\r\n"
RESET = struct.pack("ii", 1, 0)


@dataclass
class Fault:
    """At the nth time that `verb` is heard (GREETING, EHLO, MAIL, RCPT, DATA, BODY, END, RSET, QUIT): do something else.

    `act` is a reply, or one of the words below.
    """

    verb: str
    act: str
    nth: int = 1
    met: int = field(default=0, init=False)

    def is_due(self, verb):
        if verb != self.verb:
            return False
        self.met += 1
        return self.met == self.nth


SURELY_NOT = [
    Fault("GREETING", "drop"), Fault("EHLO", "421 4.3.2 closing"), Fault("MAIL", "451 4.3.0 later"), Fault("RCPT", "drop"),
    Fault("DATA", "drop"), Fault("END", "421 4.3.2 closing"),
]  # fmt: skip
"""After each of these a relay has not taken the letter, and another may be given it."""


@dataclass
class Taken:
    recipients: list
    data: bytes
    connection: int


class HangUp(Exception):
    pass


class Relay:
    """Listens on a port of its own; `taken` is what lies in its mailboxes, `wrong` what was said out of order."""

    def __init__(self, *faults, offers=("PIPELINING", "8BITMIME", "SIZE 100000"), is_lenient=False, tls=None):
        self.faults, self.offers, self.is_lenient = [replace(one) for one in faults], offers, is_lenient
        self.tls = tls  # a context: nothing is said without it
        self.taken, self.wrong, self.heard, self.strange = [], [], [], {}
        self.connections = 0
        self.open = []
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self.listening.accept()
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if self.tls:
                    sock = self.tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
                self.connections += 1
                self.open.append(sock)
                threading.Thread(target=Talk(self, sock, self.connections).run, daemon=True).start()

    def close(self):
        for sock in (self.listening, *self.open):  # closing alone would not wake the threads that wait on them
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def due(self, verb):
        acts = [fault.act for fault in self.faults if fault.is_due(verb)]
        return acts[0] if acts else None


class Talk:
    """One connection."""

    def __init__(self, relay, sock, number):
        self.relay, self.sock, self.number = relay, sock, number
        self.file = sock.makefile("rb")
        self.sender, self.recipients = None, []

    def run(self):
        with contextlib.suppress(OSError, HangUp), self.sock, self.file:
            self.answer("GREETING", "220 relay.example.org ready")
            while True:
                self.obey(self.line())

    def obey(self, line):
        verb, _, rest = line.decode().strip().partition(" ")
        self.relay.heard.append(f"{verb.upper()} {rest}".strip())
        getattr(self, verb.lower(), self.unknown)(line)

    def ehlo(self, _):
        *lines, last = ["relay.example.org", *self.relay.offers]
        self.answer("EHLO", "".join(f"250-{one}\r\n" for one in lines) + f"250 {last}")

    def helo(self, _):
        self.answer("HELO", "250 relay.example.org")

    def mail(self, line):
        if self.sender is not None:
            if not any(fault.verb == "RSET" for fault in self.relay.faults):  # it may be pipelined behind that
                self.relay.wrong.append("MAIL inside a transaction")
            self.say("503 5.5.1 nested MAIL")
        elif self.answer("MAIL", "250 2.1.0 ok"):
            self.sender = line

    def rcpt(self, line):
        if self.sender is None:
            self.say("503 5.5.1 MAIL first")
        elif self.answer("RCPT", "250 2.1.5 ok"):
            self.recipients.append(line.decode().partition("<")[2].partition(">")[0])

    def data(self, _):
        if self.sender is None or not (self.recipients or self.relay.is_lenient):
            self.say("554 5.5.1 no valid recipients")
            return
        if self.answer("DATA", "354 go on", goes="354"):
            self.end(self.body())

    def body(self):
        act, lines = self.relay.due("BODY"), []
        while (line := self.line()) != b".\r\n":
            if act and act != "drop before the dot":
                self.cut_short(act, lines)
            lines.append(line)
        if act:
            raise HangUp
        return b"".join(lines)

    def cut_short(self, act, lines):
        """Read as far as the named byte and no further."""
        if act == "drop at the first byte" or (act == "drop in the middle" and lines):
            raise HangUp
        if act == "reset in the middle" and lines:
            self.reset("")

    def bdat(self, line):
        size = int(line.split()[1])
        if len(data := self.file.read(size)) < size or self.relay.due("BODY"):
            raise HangUp
        if not self.recipients:
            self.say("503 5.5.1 RCPT first")
        else:
            self.end(data)

    def end(self, data):
        recipients, self.sender, self.recipients = self.recipients, None, []
        act = self.relay.due("END")
        if act == "take it and drop":
            self.relay.taken.append(Taken(recipients, data, self.number))
            raise HangUp
        if not recipients:
            self.say("554 5.5.1 no valid recipients")
        elif act is None or act in {"late", "slowly", "twice"}:
            self.relay.taken.append(Taken(recipients, data, self.number))
            self.act(act, "250 2.0.0 taken")
        else:
            self.act(act, "250 2.0.0 taken")

    def rset(self, _):
        if self.answer("RSET", "250 2.0.0 ok"):
            self.sender, self.recipients = None, []

    def quit(self, _):
        self.answer("QUIT", "221 2.0.0 bye")
        raise HangUp

    def unknown(self, line):
        self.relay.wrong.append("an unknown command")
        self.say("500 5.5.2 what")

    def answer(self, verb, usual, goes="2"):
        """Whether the command is carried out."""
        return self.act(self.relay.due(verb), usual).startswith(goes)

    def act(self, act, usual):
        """What was said instead."""
        if act is not None and act.startswith("late"):
            time.sleep(0.05)
            act = act.removeprefix("late").removeprefix(": ") or None
        if act in self.ODD:
            self.ODD[act](self, usual)
            return usual
        self.say(act or usual)
        if act and act.startswith("421"):
            raise HangUp
        return act or usual

    def drop(self, _):
        raise HangUp

    def reset(self, _):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        raise HangUp

    def half_a_reply(self, usual):
        self.send(usual[:2].encode())
        raise HangUp

    def garbage(self, _):
        self.gone_strange()
        self.send(b"\xff\xfe\x00 nonsense\r\n")

    def twice(self, usual):
        self.gone_strange()
        self.send(f"{usual}\r\n{usual}\r\n".encode())

    def slowly(self, usual):
        for byte in f"{usual}\r\n".encode():
            self.send(bytes([byte]))
            time.sleep(0.001)

    def never(self, _):
        time.sleep(1)
        raise HangUp

    ODD = {
        "drop": drop,
        "reset": reset,
        "half a reply": half_a_reply,
        "garbage": garbage,
        "twice": twice,
        "slowly": slowly,
        "never": never,
    }

    def gone_strange(self):
        """From here on nobody knows where the two sides stand: whatever is taken over this connection is wrong."""
        self.relay.strange.setdefault(self.number, len(self.relay.taken))

    def say(self, reply):
        self.send(f"{reply}\r\n".encode())

    def send(self, data):
        self.sock.sendall(data)

    def line(self):
        if not (line := self.file.readline()).endswith(b"\r\n"):
            raise HangUp
        return line


def letter(name):
    address = f"{name}@example.org"
    return Message("news@example.org", address, BODY % (address.encode(), name.encode()))


def letters(count):
    """To Alice, Bob, Charlie, …; each says hello to its reader."""
    return [letter(name) for name in CAST[:count]]
