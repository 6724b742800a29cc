"""A mailbox over IMAP and TLS, as RFC 9051 has it: strict about order, and a message is only what it was told to be."""

import contextlib
import re
import socket
import ssl
import threading

USER, PASSWORD = "bounces", "p4ss word"


class Imap:
    """`messages`: by UID, [content, flags]. It hangs up before the command that begins with `breaks_at`, once."""

    def __init__(self, certificate):
        self.messages, self.heard, self.breaks_at = {}, [], ""
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(certificate)
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.url = f"imaps://{USER}:p4ss%20word@localhost:{self.port}/INBOX?cafile={certificate}"
        threading.Thread(target=self._serve, daemon=True).start()

    def put(self, *contents):
        for content in contents:
            self.messages[max(self.messages, default=0) + 1] = [content, set()]

    def flags(self):
        return [sorted(flags) for _, flags in self.messages.values()]

    def close(self):
        self.listening.close()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                plain, _ = self.listening.accept()
                threading.Thread(target=self._talk, args=(plain,), daemon=True).start()

    def _talk(self, plain):
        with contextlib.suppress(OSError), self.context.wrap_socket(plain, server_side=True) as line:
            file = line.makefile("rwb")
            self._say(file, b"* OK [CAPABILITY IMAP4rev1] ready")
            state = "new"
            while command := file.readline():
                tag, _, rest = command.rstrip(b"\r\n").partition(b" ")
                words = rest.decode()
                self.heard.append(re.sub("LOGIN .*", "LOGIN", words))
                if self.breaks_at and words.startswith(self.breaks_at):
                    self.breaks_at = ""
                    return
                state = self._answer(file, tag, words, state)
                if state == "out":
                    return

    def _answer(self, file, tag, words, state):
        verb = words.split()[0].upper()
        if verb == "CAPABILITY":
            self._say(file, b"* CAPABILITY IMAP4rev1")
        elif verb == "LOGIN":
            if words != f'LOGIN {USER} "{PASSWORD}"':
                self._say(file, tag + b" NO [AUTHENTICATIONFAILED] no bounces here")
                return state
            state = "in"
        elif verb == "SELECT" and state == "in" and words == 'SELECT "INBOX"':
            self._say(file, b"* %d EXISTS" % len(self.messages))
            state = "selected"
        elif verb == "LOGOUT":
            self._say(file, b"* BYE bye", tag + b" OK done")
            return "out"
        elif state == "selected" and verb in {"UID", "EXPUNGE"}:
            self._selected(file, words)
        else:
            self._say(file, tag + b" BAD not now")
            return state
        self._say(file, tag + b" OK done")
        return state

    def _selected(self, file, words):
        if words in {"UID SEARCH UNSEEN UNFLAGGED", "UID SEARCH UNSEEN FLAGGED"}:
            is_aside = "UNFLAGGED" not in words
            unseen = [(uid, flags) for uid, (_, flags) in self.messages.items() if "\\Seen" not in flags]
            found = [str(uid) for uid, flags in unseen if ("\\Flagged" in flags) == is_aside]
            self._say(file, " ".join(["* SEARCH", *found]).encode())
        elif found := re.fullmatch(r"UID FETCH (\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)", words):
            if int(found[1]) in self.messages:
                content = self.messages[int(found[1])][0][: int(found[2])]
                self._say(file, b"* 1 FETCH (UID %d BODY[]<0> {%d}\r\n%b)" % (int(found[1]), len(content), content))
        elif found := re.fullmatch(r"UID STORE (\d+) ([+-])FLAGS\.SILENT \(([^)]*)\)", words):
            flags = self.messages[int(found[1])][1]
            (flags.update if found[2] == "+" else flags.difference_update)(found[3].split())
        elif words == "EXPUNGE":
            self.messages = {uid: one for uid, one in self.messages.items() if "\\Deleted" not in one[1]}
        else:
            raise AssertionError(words)

    def _say(self, file, *lines):
        for line in lines:
            file.write(line + b"\r\n")
        file.flush()
