"""Lists of other systems: known by their headers, read for what they say of each reader, and nothing else of theirs kept."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch import vault
from dispatch.audience import confirming, formats, importing, lists
from dispatch.audience.importing import Defaults
from dispatch.audience.models import Import, Subscriber, Subscription, Suppression

MAILCHIMP = (
    '"Email Address","First Name","Last Name",MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,'
    "GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS\n"
)
LISTMONK = "uuid,email,name,attributes,status,created_at,updated_at\n"
GHOST = (
    "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,tiers\n"
)
SUBSTACK = "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at\n"
FILES = {
    "Mailchimp": MAILCHIMP
    + 'alice@example.org,Alice,A.,2,"2020-02-03 04:05:06",192.0.2.1,"2020-02-03 04:06:00",192.0.2.1'
    + ',,,,,,,,,1,a,,"""VIP"",""x"""\n',
    "listmonk": LISTMONK
    + '7b0,alice@example.org,Alice,"{""city"": ""Vilnius""}",enabled,2020-02-03 04:06:00.12 +0000 UTC,\n'
    + "7b1,bob@example.org,Bob,{},blocklisted,2020-02-03 04:06:00 +0000 UTC,\n"
    + "7b2,charlie@example.org,Charlie,{},disabled,2020-02-03 04:06:00 +0000 UTC,\n",
    "Ghost": GHOST
    + '1,alice@example.org,Alice,a friend,true,false,,2020-02-03T04:06:00.000Z,,"a,b",\n'
    + "2,bob@example.org,Bob,,false,false,,2020-02-03T04:06:00.000Z,,,\n"
    + "3,charlie@example.org,,,true,false,,2020-02-03T04:06:00.000Z,2021-01-01T00:00:00.000Z,,\n",
    "Substack": SUBSTACK
    + "alice@example.org,false,,other,false,2020-02-03T04:06:00.000Z,\n"
    + "bob@example.org,true,,yearly,true,2020-02-03T04:06:00.000Z,2021-01-01\n",
}


@pytest.fixture
def take(newsletter, csv_file):
    """take(text, name="…", ask_an_hour=…) imports a file of this name."""

    def run(text, name="readers.csv", *, apply=True, **wishes):
        written = csv_file(text)
        path = written.rename(written.with_name(name))
        return importing.run(path, Defaults(newsletter="office", **wishes), apply=apply)

    return run


def index(name):
    return vault.blind_index(f"{name}@example.org")


@pytest.mark.django_db
@pytest.mark.parametrize("system", FILES)
def test_a_system_is_known_by_its_header_and_consent_keeps_its_time_and_source(take, system):
    report = take(FILES[system])
    assert (report.system, report.added, report.faults) == (system, 1, [])
    alice = Subscription.objects.get()
    assert (alice.consent_source, alice.consented_at) == (system, datetime(2020, 2, 3, 4, 6, tzinfo=UTC))
    assert alice.topics == []


@pytest.mark.django_db
@pytest.mark.parametrize(("system", "gone"), [("listmonk", 2), ("Ghost", 2), ("Substack", 1)])
def test_who_left_there_is_never_written_to_and_only_an_index_is_kept(take, system, gone):
    assert take(FILES[system]).ended == gone
    kept = {bytes(one.address_index): one for one in Suppression.objects.all()}
    assert set(kept) <= {index("bob"), index("charlie")}
    assert len(kept) == gone
    assert all(one.reason == "left" and one.expires_at > timezone.now() + timedelta(days=364) for one in kept.values())
    assert Subscriber.objects.count() == 1
    assert take("email\nbob@example.org\n").suppressed == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "added", "reason"),
    [
        ("subscribed_email_audience_export_1a.csv", 1, None),
        ("unsubscribed_email_audience_export_1a.csv", 0, "left"),
        ("cleaned_members_export_1a.csv", 0, "bounced"),
    ],
)
def test_mailchimps_files_say_by_their_name_whom_they_hold(take, name, added, reason):
    assert take(FILES["Mailchimp"], name).added == added
    assert list(Suppression.objects.values_list("reason", flat=True)) == ([reason] if reason else [])


@pytest.mark.django_db
def test_who_never_asked_for_letters_is_refused_and_not_kept(take):
    report = take(FILES["Mailchimp"], "nonsubscribed_email_audience_export_1a.csv")
    assert [(fault.line, fault.column) for fault in report.faults] == [(2, "status")]
    assert not Subscriber.objects.exists()
    assert not Suppression.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("said", ["perhaps", "vip", "да"])
def test_a_status_that_is_not_known_refuses_the_line(take, said):
    report = take(f"email,status\nalice@example.org,{said}\nbob@example.org,Subscribed\n")
    assert [(fault.line, fault.column) for fault in report.faults] == [(2, "status")]
    assert report.added == 1


@pytest.mark.django_db
def test_a_later_file_of_those_who_left_stops_what_an_earlier_one_brought(take):
    take("email\nalice@example.org\nbob@example.org\n")
    take(FILES["Mailchimp"], "unsubscribed_email_audience_export_1a.csv")
    assert set(Subscription.objects.values_list("subscriber__address_index", "state")) == {
        (index("alice"), "left"),
        (index("bob"), "active"),
    }


@pytest.mark.django_db
def test_who_confirmed_here_knows_better_than_an_old_list(take, reader):
    Subscription.objects.filter(pk=reader("alice@example.org").pk).update(consent_source=confirming.SOURCE)
    take(FILES["Mailchimp"], "unsubscribed_email_audience_export_1a.csv")
    assert Subscription.objects.get().state == "active"
    assert not Suppression.objects.exists()


@pytest.mark.django_db
def test_no_network_address_of_a_list_is_kept(take):
    report = take(FILES["Mailchimp"])
    assert {"OPTIN_IP", "CONFIRM_IP", "LATITUDE", "NOTES", "TAGS"} <= set(report.not_taken)
    assert not [
        row for model in (Subscription, Subscriber, Import) for row in model.objects.values() if "192.0" in str(row)
    ]


@pytest.mark.parametrize("text", ["", "soon", "2020-13-01", "2020-02-03T25:00:00Z", "0001-01-01 00:00:00 +1400"])
def test_a_time_that_is_none_is_none(text):
    assert formats.moment(text) is None


@settings(max_examples=30)
@given(st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - the strategy wants it so
def test_a_moment_is_read_as_each_system_writes_it(when):
    second = when.replace(microsecond=0)
    for written in (when.isoformat(), f"{second:%Y-%m-%d %H:%M:%S}", f"{when:%Y-%m-%d %H:%M:%S.%f +0000 UTC}"):
        assert formats.moment(written) == second


def test_an_empty_file_still_is_unusable(csv_file):
    with pytest.raises(lists.Unusable), lists.opened(csv_file("")):
        pass


@pytest.mark.django_db
def test_mailboxes_with_providers_that_readers_must_fear_are_counted(take, settings):
    settings.RISKY_PROVIDERS = ["by", "mail.ru"]
    report = take("email,status\na@tut.by,\nb@mail.ru,\nc@example.org,\nd@mail.ru,unsubscribed\n", apply=False)
    assert report.risky == 2
