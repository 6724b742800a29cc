"""What the desk asks people for."""

import zoneinfo
from datetime import datetime

from django import forms
from django.conf import settings

from dispatch import timetable
from dispatch.audience.models import Export, Newsletter


class Reason(forms.Form):
    """Why someone does something that the audit log keeps."""

    reason = forms.CharField(
        min_length=3,
        max_length=300,
        error_messages={
            "required": "Say why, in a few words: the reason is kept in the audit log. Nothing was changed.",
            "min_length": "Say why, in a few words: the reason is kept in the audit log. Nothing was changed.",
            "max_length": "Say why in 300 characters at most. Nothing was changed.",
        },
    )


class Moment(forms.Form):
    """A wall-clock time in the newsroom's zone; one that the clocks skip is put off by the jump, of two it is the first."""

    WRONG = "Say a date and a time, such as 2026-11-23 08:30. Nothing was changed."
    moment = forms.CharField(max_length=20, error_messages={"required": WRONG, "max_length": WRONG})

    def clean_moment(self) -> datetime:
        """In UTC."""
        try:
            said = datetime.fromisoformat(self.cleaned_data["moment"])
        except ValueError as error:
            raise forms.ValidationError(self.WRONG) from error
        return timetable.moment(said.date(), said.time(), zoneinfo.ZoneInfo(settings.TIME_ZONE))


class Embargo(Moment, Reason):
    """Until when nothing of a story may leave, and why."""


class Leaving(Reason):
    """Which list is to leave, and to whose key."""

    newsletter = forms.ModelChoiceField(Newsletter.objects.order_by("slug"), empty_label=None)
    form = forms.ChoiceField(choices=Export.Form.choices)
    recipient = forms.CharField(max_length=120)
