"""A clock's process that does nothing but go on with acts upon many, in small parts, until it is killed."""

import os
import sys
import time

import django

django.setup()

from dispatch.delivery import heaps, ledger  # noqa: E402
from dispatch.operations import sweeping  # noqa: E402

heaps.AT_ONCE = int(sys.argv[1])
ledger.promote_due = list  # another tick's work
while True:
    sweeping.go_on()
    os.write(1, b"a part\n")
    time.sleep(0.02)
