"""The obvious way, for comparison: the standard library's smtplib and a fresh EmailMessage for each reader."""

import multiprocessing
import smtplib
import time
from email.message import EmailMessage

import crowd

AT_MOST = 1500
"""Messages that a process sends: the rate does not depend on how many."""


def per_second(port: int, many: int, *, reuse: bool, processes: int) -> float:
    """Messages a second of so many processes together, over a kept connection each or a new one for each message."""
    each, began = min(many, AT_MOST), time.perf_counter()
    workers = [multiprocessing.Process(target=send, args=(port, each, reuse)) for _ in range(processes)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    return each * processes / (time.perf_counter() - began)


def send(port: int, count: int, reuse: bool) -> None:
    text, page = crowd.letter(", Alice", "https://news.example.org/leave", "https://news.example.org/preferences")
    client = None
    for number in range(count):
        message = EmailMessage()
        message["From"], message["To"] = "news@example.org", f"reader-{number}@example.org"
        message["Subject"] = "A reading room opens"
        message.set_content(text)
        message.add_alternative(page, subtype="html")
        client = client or smtplib.SMTP("127.0.0.1", port, local_hostname="localhost")
        client.send_message(message)
        if not reuse:
            client.quit()
            client = None
