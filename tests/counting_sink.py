"""A relay that counts how many connections stand at once, and how many carry which letters; beyond its most it refuses."""

import contextlib
import socket
import threading
import time
from collections import Counter


class Sink:
    """`kind_of` names a recipient's kind; each letter is answered after `seconds`."""

    def __init__(self, most, kind_of=lambda _: "", seconds=0.01):
        self.most, self.kind_of, self.seconds = most, kind_of, seconds
        self.lock = threading.Lock()
        self.standing, self.highest, self.refused = 0, 0, 0
        self.carrying, self.peaks = Counter(), Counter()
        self.taken = Counter()
        self.callers = Counter()  # letters, by how the other side introduced itself
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listening.accept()
                threading.Thread(target=self.greet, args=(connection,), daemon=True).start()

    def greet(self, connection):
        with self.lock:
            self.standing += 1
            self.highest = max(self.highest, self.standing)
            is_welcome = self.standing <= self.most
            self.refused += not is_welcome
        try:
            with connection, connection.makefile("rb") as lines, contextlib.suppress(OSError):
                if is_welcome:
                    self.talk(connection, lines)
                else:
                    connection.sendall(b"421 4.7.0 too many connections\r\n")
        finally:
            with self.lock:
                self.standing -= 1

    def talk(self, connection, lines):
        who = reader = ""
        connection.sendall(b"220 ready\r\n")
        for line in lines:
            verb, _, rest = line.strip().decode().partition(" ")
            match verb.upper():
                case "EHLO":
                    who = rest
                    connection.sendall(b"250 ok\r\n")
                case "RCPT":
                    reader = rest.partition("<")[2].partition(">")[0]
                    connection.sendall(b"250 ok\r\n")
                case "DATA":
                    connection.sendall(b"354 go\r\n")
                    self.carry(reader, lines)
                    self.taken[reader] += 1
                    self.callers[who] += 1
                    connection.sendall(b"250 taken\r\n")
                case "QUIT":
                    connection.sendall(b"221 bye\r\n")
                    return
                case _:
                    connection.sendall(b"250 ok\r\n")

    def carry(self, reader, lines):
        kind = self.kind_of(reader)
        with self.lock:
            self.carrying[kind] += 1
            self.peaks[kind] = max(self.peaks[kind], self.carrying[kind])
        for line in lines:
            if line == b".\r\n":
                break
        time.sleep(self.seconds)
        with self.lock:
            self.carrying[kind] -= 1

    def close(self):
        self.listening.close()
