"""A newsletter's rules as a form: what was typed, checked in words, and which of them changed."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Count

from dispatch import saying
from dispatch.audience.models import Newsletter, Subscription
from dispatch.audience.zones import check_zone
from dispatch.desk.forms import Reason
from dispatch.editions import phrasing, wording

CODE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
SPOKEN = ("en", "be", "ru", "uk", "ar")
"""Languages that there are words for."""
DAYS = list(enumerate(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")))
AS_THEY_ARE = (
    "from_name",
    "from_address",
    "reply_to",
    "cadence",
    "at",
    "weekday",
    "zone",
    "patience",
    "hold",
    "active",
)
BY_LANGUAGE = {"name": "names", "intro": "intros", "outro": "outros"}
WORDS = {
    "from_name": "sender's name",
    "from_address": "sender's address",
    "reply_to": "address for replies",
    "at": "hour",
}


class Rules(Reason):
    """`Rules(newsletter, data)`; `Rules.of(newsletter)` is what stands there."""

    languages = forms.CharField(
        label="Languages", max_length=120, error_messages={"required": "Say at least one language, such as: en be ru."}
    )
    topics = forms.CharField(label="Topics", max_length=1000, required=False)
    cadence = forms.ChoiceField(label="How often", choices=Newsletter.Cadence.choices)
    weekday = forms.TypedChoiceField(label="Weekday of a weekly digest", choices=DAYS, coerce=int)
    at = forms.TimeField(label="Hour of a digest", error_messages={"invalid": "Say a time of day, such as 08:00."})
    zone = forms.CharField(label="Time zone", max_length=64, validators=[check_zone])
    from_name = forms.CharField(label="Sender's name", max_length=120)
    from_address = forms.EmailField(label="Sender's address", error_messages={"invalid": "That is not an address."})
    reply_to = forms.EmailField(
        label="Replies go to", required=False, error_messages={"invalid": "That is not an address."}
    )
    patience = forms.IntegerField(
        label="Hours that a translation has", min_value=0, max_value=720, error_messages={"invalid": "Say whole hours."}
    )
    hold = forms.IntegerField(
        label="Minutes in which a send can be stopped",
        min_value=0,
        max_value=1440,
        error_messages={"invalid": "Say whole minutes."},
    )
    active = forms.BooleanField(label="Active", required=False)

    def __init__(self, newsletter: Newsletter, data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.newsletter = newsletter
        self.codes = list(dict.fromkeys([*newsletter.languages, *SPOKEN]))
        for code in self.codes:
            name = wording.name(code)
            self.fields[f"name_{code}"] = forms.CharField(label=f"Name, {name}", max_length=120, required=False)
            for part in ("intro", "outro"):
                label = f"{part.capitalize()}, {name}"
                longest = phrasing.LONGEST
                self.fields[f"{part}_{code}"] = forms.CharField(label=label, required=False, max_length=longest)

    @classmethod
    def of(cls, newsletter: Newsletter) -> "Rules":
        """What stands there, to be changed."""
        said: dict[str, Any] = {name: getattr(newsletter, name) for name in AS_THEY_ARE}
        said |= {"languages": " ".join(newsletter.languages), "topics": ", ".join(newsletter.topics)}
        for part, field in BY_LANGUAGE.items():
            said |= {f"{part}_{code}": text for code, text in getattr(newsletter, field).items()}
        said["at"] = f"{newsletter.at:%H:%M}"
        return cls(newsletter, initial=said)

    def clean_languages(self) -> list[str]:
        """Codes, each once; none that somebody reads it in may go."""
        codes = list(dict.fromkeys(self.cleaned_data["languages"].lower().replace(",", " ").split()))
        if wrong := [code for code in codes if not CODE.fullmatch(code)]:
            raise ValidationError(f"{wrong[0]} is no language's code; they are like en, be, ru.")
        gone = [code for code in self.newsletter.languages if code not in codes]
        theirs = Subscription.objects.filter(newsletter=self.newsletter, state="active", language__in=gone)
        for code, count in theirs.values_list("language").annotate(Count("pk")):
            raise ValidationError(
                f"{saying.many(count, 'reader')} get it in {code}, and would get nothing. Keep that language."
            )
        return codes

    def clean_topics(self) -> list[str]:
        """Parted by commas; none: articles of all topics."""
        topics = list(
            dict.fromkeys(filter(None, (" ".join(part.split()) for part in self.cleaned_data["topics"].split(","))))
        )
        if any(len(topic) > 80 for topic in topics):
            raise ValidationError("A topic has 80 signs at most; part them by commas.")
        return topics

    def clean(self) -> dict[str, Any]:
        """A name in at least one language."""
        fields = super().clean() or self.cleaned_data
        if not any(fields.get(f"name_{code}") for code in self.codes):
            self.add_error(f"name_{self.codes[0]}", "Give it a name in at least one language.")
        return fields

    def save(self) -> list[str]:
        """Keep what differs. Which rules those are, in words."""
        one, fields = Newsletter.objects.select_for_update().get(pk=self.newsletter.pk), self.cleaned_data
        wanted: dict[str, Any] = {name: fields[name] for name in (*AS_THEY_ARE, "languages", "topics")}
        for part, field in BY_LANGUAGE.items():
            typed = {code: fields[f"{part}_{code}"].replace("\r\n", "\n").strip() for code in self.codes}
            kept = {code: text for code, text in getattr(one, field).items() if code not in typed}
            wanted[field] = kept | {code: text for code, text in typed.items() if text}
        changed = [name for name, value in wanted.items() if getattr(one, name) != value]
        for name in changed:
            setattr(one, name, wanted[name])
        one.save(update_fields=changed) if changed else None
        return [WORDS.get(name, name) for name in changed]
