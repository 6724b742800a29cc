"""What the clock does for lists: what is over goes."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from dispatch.audience import importing, ticks
from dispatch.audience.importing import Defaults
from dispatch.audience.models import Import

pytestmark = pytest.mark.django_db


def test_how_far_an_import_came_is_kept_until_nobody_can_want_to_know(newsletter, csv_file):
    importing.run(csv_file("email\nalice@example.org\n"), Defaults("office"), apply=True)
    half_done = Import.objects.create(key=b"k" * 32)
    ticks.forget_imports()
    assert Import.objects.count() == 2
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        ticks.forget_imports()
    assert Import.objects.get() == half_done
