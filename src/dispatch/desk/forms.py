"""What the desk asks people for."""

from django import forms

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


class Leaving(Reason):
    """Which list is to leave, and to whose key."""

    newsletter = forms.ModelChoiceField(Newsletter.objects.order_by("slug"), empty_label=None)
    form = forms.ChoiceField(choices=Export.Form.choices)
    recipient = forms.CharField(max_length=120)
