"""What the desk asks people for."""

import zoneinfo
from datetime import datetime

from django import forms
from django.conf import settings

from dispatch import timetable
from dispatch.audience.models import Export, Newsletter
from dispatch.editions import phrasing


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


class Phrase(forms.Form):
    """What an editor writes around an edition's stories in one language, upon which version of it."""

    version = forms.IntegerField(
        min_value=0, error_messages=dict.fromkeys(("required", "invalid"), "Load the page again.")
    )
    subject = forms.CharField(
        required=False,
        max_length=250,
        error_messages={"max_length": "A subject has 250 signs at most. It is not saved."},
    )
    preheader = forms.CharField(
        required=False,
        max_length=200,
        error_messages={"max_length": "A preview text has 200 signs at most. It is not saved."},
    )
    intro = forms.CharField(required=False, strip=False, max_length=phrasing.LONGEST)
    outro = forms.CharField(required=False, strip=False, max_length=phrasing.LONGEST)

    @property
    def said(self) -> phrasing.Said:
        """As it is to be kept."""
        names = ("subject", "preheader", "intro", "outro")
        return phrasing.tidied(phrasing.Said(**{name: self.cleaned_data[name] for name in names}))


class Leaving(Reason):
    """Which list is to leave, and to whose key."""

    newsletter = forms.ModelChoiceField(Newsletter.objects.order_by("slug"), empty_label=None)
    form = forms.ChoiceField(choices=Export.Form.choices)
    recipient = forms.CharField(max_length=120)
