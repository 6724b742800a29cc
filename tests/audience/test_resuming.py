"""An import that is killed goes on where it was, and ends like one that never was."""

import os
import signal
import subprocess
import sys
import time

import pytest
from django.conf import settings

from dispatch import env
from dispatch.audience import importing
from dispatch.audience.importing import Defaults
from dispatch.audience.models import Import, Subscriber, Subscription

OFFICE = Defaults(newsletter="office")
MANY = 5_000
SLOWLY = """
import sys, time
import django; django.setup()
from pathlib import Path
from dispatch.audience import importing
importing.BATCH = 250
def said(lines): print(lines, flush=True)
importing.run(Path(sys.argv[1]), importing.Defaults(newsletter="office"), apply=True, progress=said)
"""


@pytest.mark.django_db(transaction=True)
def test_a_killed_import_goes_on_where_it_was(newsletter, csv_file):
    path = csv_file("email\n" + "".join(f"reader{n}@example.org\n" for n in range(MANY)))
    url = f"postgresql://dispatch@/{settings.DATABASES['default']['NAME']}?host={env.run_dir()}"
    command = [sys.executable, "-c", SLOWLY, str(path)]
    with subprocess.Popen(command, env=os.environ | {"DISPATCH_DATABASE_URL": url}, stdout=subprocess.PIPE) as running:
        for _ in range(3):
            assert running.stdout.readline()
        os.kill(running.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while Subscriber.objects.count() != Import.objects.get().lines:  # its last statement may still end in the server
        assert time.monotonic() < deadline
    came = Subscriber.objects.count()
    assert 750 <= came < MANY
    report = importing.run(path, OFFICE, apply=True)
    assert (report.resumed, report.lines, report.added, report.known) == (came, MANY, MANY, 0)
    assert Subscription.objects.count() == Subscriber.objects.count() == MANY


@pytest.mark.django_db
def test_an_import_that_ended_begins_anew_and_adds_nobody(newsletter, csv_file):
    path = csv_file("email\nalice@example.org\nbob@example.org\n")
    importing.run(path, OFFICE, apply=True)
    again = importing.run(path, OFFICE, apply=True)
    assert (again.resumed, again.added, again.known) == (0, 0, 2)


@pytest.mark.django_db
def test_faults_of_the_part_that_was_done_are_told_again(newsletter, csv_file, monkeypatch):
    monkeypatch.setattr(importing, "BATCH", 1)
    path = csv_file("email\nbad\nalice@example.org\nbob@example.org\n")

    def stop(lines):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        importing.run(path, OFFICE, apply=True, progress=stop)
    report = importing.run(path, OFFICE, apply=True)
    assert (report.resumed, report.added, len(report.faults)) == (2, 2, 1)
