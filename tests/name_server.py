"""A real name server on loopback, over UDP and TCP: answers from a zone that tests write."""

import contextlib
import socket
import struct
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


class NameServer:
    """`zone`: by name, a list of texts (TXT), or a dict of lists by kind. What is not there does not exist. A long one goes
    by TCP, as RFC 1035 section 4.2.1 has it. `silent` names and `is_silent` are not answered at all, `broken` ones as
    where a proof does not hold. `proven` names carry a verifying resolver's word (AD), for whoever asks for it (DO)."""

    def __init__(self):
        self.zone, self.asked, self.is_silent, self.silent = {}, [], False, set()
        self.proven, self.broken = set(), set()
        self.by_tcp = 0
        self.stream = socket.create_server(("127.0.0.1", 0))
        self.port = self.stream.getsockname()[1]
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", self.port))
        self.place = f"127.0.0.1:{self.port}"
        self.threads = [threading.Thread(target=one) for one in (self.serve, self.serve_streams)]
        for thread in self.threads:
            thread.start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                wire, sender = self.socket.recvfrom(4096)
                if not wire:
                    return
                if reply := self.answer(dns.message.from_wire(wire)):
                    whole = reply.to_wire()
                    if len(whole) > 1232:
                        reply.answer.clear()
                        reply.flags |= dns.flags.TC
                        whole = reply.to_wire()
                    self.socket.sendto(whole, sender)

    def serve_streams(self):
        while True:
            line, _ = self.stream.accept()
            with line, contextlib.suppress(OSError, struct.error):
                file = line.makefile("rb")
                (length,) = struct.unpack("!H", file.read(2))
                if not length:
                    return
                self.by_tcp += 1
                if reply := self.answer(dns.message.from_wire(file.read(length))):
                    whole = reply.to_wire()
                    line.sendall(struct.pack("!H", len(whole)) + whole)

    def answer(self, question):
        name, kind = question.question[0].name, dns.rdatatype.to_text(question.question[0].rdtype)
        known = name.to_text().rstrip(".").lower()
        self.asked.append(known)
        if self.is_silent or known in self.silent:
            return None
        reply = dns.message.make_response(question)
        reply.flags |= dns.flags.RA
        found = self.zone.get(known)
        if known in self.broken:
            reply.set_rcode(dns.rcode.SERVFAIL)
            return reply
        if known in self.proven and question.ednsflags & dns.flags.DO:
            reply.flags |= dns.flags.AD
        if found is None:
            reply.set_rcode(dns.rcode.NXDOMAIN)
            return reply
        found = found if isinstance(found, dict) else {"TXT": found}
        if kind != "CNAME" and (alias := found.get("CNAME")):
            self.follow(reply, name, kind, alias[0])
            return reply
        values = [f"{alias}." for alias in found.get(kind, [])] if kind == "CNAME" else found.get(kind, [])
        if kind == "TXT":
            values = [" ".join(f'"{text[at : at + 200]}"' for at in range(0, len(text), 200)) for text in values]
        if values:
            reply.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *values))
        return reply

    def follow(self, reply, name, kind, alias):
        """The alias and what it leads to; proven if both are."""
        reply.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", f"{alias}."))
        if alias not in self.proven:
            reply.flags &= ~dns.flags.AD
        if values := self.zone.get(alias, {}).get(kind):
            reply.answer.append(dns.rrset.from_text(f"{alias}.", 60, "IN", kind, *values))

    def close(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knocking:
            knocking.sendto(b"", self.socket.getsockname())
        with socket.create_connection(self.stream.getsockname()) as knocking:
            knocking.sendall(struct.pack("!H", 0))
        for thread in self.threads:
            thread.join()
        self.socket.close()
        self.stream.close()
