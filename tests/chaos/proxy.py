"""What stands before the broker, so that it can be made to swallow everything: `blackhole` and `let_through`."""

import socket
import threading


class Proxy:
    """From a loopback port to a unix socket. Black: what comes is taken and goes nowhere, no connection is closed."""

    def __init__(self, target):
        self.target = str(target)
        self.black = threading.Event()
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listening.accept()
            except OSError:
                return
            threading.Thread(target=self.join, args=[near], daemon=True).start()

    def join(self, near):
        far = socket.socket(socket.AF_UNIX)
        try:
            far.connect(self.target)
        except OSError:
            near.close()
            return
        for one, other in ((near, far), (far, near)):
            threading.Thread(target=self.carry, args=[one, other], daemon=True).start()

    def carry(self, one, other):
        try:
            while data := one.recv(65536):
                if not self.black.is_set():
                    other.sendall(data)
        except OSError:
            pass
        for end in (one, other):
            end.close()

    def close(self):
        self.listening.close()
