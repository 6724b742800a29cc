"""A worker's process without a broker: it sends what is left of a send, as doorbells would let it, and renews its berths.

lone_worker.py SEND; says "begun" with its first letter.
"""

import os
import sys
import threading
import time

import django

django.setup()

from django.db import connection  # noqa: E402

from dispatch.delivery import berths, ledger, sending  # noqa: E402
from dispatch.delivery.models import Chunk  # noqa: E402

berths.LEASE = 6.0
send, ended = int(sys.argv[1]), threading.Event()


def beat():
    while not ended.wait(1):
        berths.renew()
    connection.close()


berths.muster()
beats = threading.Thread(target=beat)
beats.start()
os.write(1, b"begun\n")
while (left := Chunk.objects.filter(send=send).exclude(state="done")).exists():
    for number in left.values_list("number", flat=True):
        sending.send_chunk(send, number)
    ledger.promote_due()
    time.sleep(0.05)
ended.set()
beats.join()
