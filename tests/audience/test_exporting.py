"""A list that leaves: two people, one key, no formula, and readers in it who exist nowhere else."""

import csv
import io
import json
from datetime import timedelta

import newsroom
import pyrage
import pytest
import time_machine
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch import cli, vault
from dispatch.accounts.models import AuditEntry
from dispatch.audience import batches, exporting, importing, lists, signing_up, spreadsheets, tickets
from dispatch.audience.models import Export, Honey, Letter, Subscriber, Subscription, Suppression

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "|calc",
    "%0A",
    "＝1+1",
    "'",
    "'=1",
    '=HYPERLINK("http://x","y")',
]


@pytest.fixture
def key():
    return pyrage.x25519.Identity.generate()


@pytest.fixture(autouse=True)
def _domain(settings):
    settings.HONEY_DOMAINS = ["letters.example.org"]


@pytest.fixture
def alice(db):
    return newsroom.person("operator", "Alice")


@pytest.fixture
def bob(db):
    return newsroom.person("operator", "Bob")


@pytest.fixture
def taken(alice, bob, key, newsletter):
    """taken("csv") goes all the way, and gives what the holder of the key reads."""

    def take(form="csv"):
        export = exporting.ask(newsletter, form, str(key.to_public()), "the auditors", alice)
        assert exporting.agree(export.pk, bob, "they asked me, too")
        sealed = io.BytesIO()
        assert exporting.take(export.pk, alice, sealed)
        return pyrage.decrypt(sealed.getvalue(), [key]).decode()

    return take


def rows(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def invented(text):
    return [row["email"] for row in rows(text) if row["email"].endswith("@letters.example.org")]


def test_a_list_holds_its_readers_and_some_who_were_invented_for_it(taken, reader):
    reader("alice@example.org", language="be", name="Аліса")
    reader("bob@example.org")
    text = taken()
    assert {row["email"]: row["name"] for row in rows(text) if row["email"].endswith("@example.org")} == {
        "alice@example.org": "Аліса",
        "bob@example.org": "",
    }
    assert len(set(invented(text))) == Honey.objects.count() == 5
    assert {row["language"] for row in rows(text)} == {"be", "en"}
    assert [entry.act for entry in AuditEntry.objects.order_by("pk")] == ["export.ask", "export.agree", "export.take"]


def test_json_holds_the_same(taken, reader):
    reader("alice@example.org", name="Alice")
    found = json.loads(taken("json"))
    assert len(found) == 6
    assert {"alice@example.org"} < {row["email"] for row in found}


def test_nobody_can_do_it_alone_or_twice_or_a_day_later(alice, bob, key, newsletter, reader):
    reader("alice@example.org")
    public = str(key.to_public())
    one = exporting.ask(newsletter, "csv", public, "the auditors", alice)
    assert not exporting.take(one.pk, alice, io.BytesIO())
    assert not exporting.agree(one.pk, alice, "me")
    assert exporting.agree(one.pk, bob, "yes")
    assert not exporting.take(one.pk, bob, io.BytesIO())
    assert exporting.take(one.pk, alice, io.BytesIO())
    assert not exporting.take(one.pk, alice, io.BytesIO())
    late = exporting.ask(newsletter, "csv", public, "the auditors", alice)
    withdrawn = exporting.ask(newsletter, "csv", public, "the auditors", alice)
    assert exporting.agree(withdrawn.pk, bob, "yes")
    assert exporting.withdraw(withdrawn.pk, bob, "no")
    assert not exporting.take(withdrawn.pk, alice, io.BytesIO())
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert not exporting.agree(late.pk, bob, "yes")


@pytest.mark.parametrize("wrong", ["", "age1", "ssh-ed25519 AAAA", "AGE-SECRET-KEY-1QQQ", "alice"])
def test_what_is_no_age_key_is_refused(alice, newsletter, wrong):
    with pytest.raises(exporting.Unsuited, match="age-keygen"):
        exporting.ask(newsletter, "csv", wrong, "the auditors", alice)


def test_no_field_of_a_list_is_a_formula(taken, reader):
    for number, name in enumerate(FORMULAS):
        reader(f"=cmd{number}@example.org", name=name)
    cells = [cell for row in csv.reader(io.StringIO(taken(), newline="")) for cell in row]
    assert [cell for cell in cells if cell.startswith(spreadsheets.DANGEROUS)] == []


@settings(max_examples=50)
@given(st.text(), st.text())
def test_a_guarded_field_is_no_formula_and_comes_back(first, second):
    guarded = spreadsheets.guarded(first)
    assert not guarded.startswith(spreadsheets.DANGEROUS)
    assert spreadsheets.plain(guarded) == first
    line = spreadsheets.row([first, second])
    assert [spreadsheets.plain(cell) for cell in next(csv.reader(io.StringIO(line, newline=""), strict=True))] == [
        first,
        second,
    ]


def test_what_left_comes_back_as_it_was_without_those_who_were_invented(taken, reader, csv_file):
    reader("=alice@example.org", language="be", name="'=Alice")
    reader("bob@example.org", name="-Bob")
    before = {(one.language, one.consented_at.replace(microsecond=0)) for one in Subscription.objects.all()}
    text = taken()
    Subscriber.objects.all().delete()
    report = importing.run(csv_file(text), importing.Defaults(), apply=True)
    assert (report.system, report.added, report.suppressed, report.faults) == ("Dispatch", 2, 5, [])
    assert {(one.language, one.consented_at) for one in Subscription.objects.all()} == before
    names = {vault.unseal(bytes(one.name), f"subscriber:{one.pk}:name") for one in Subscriber.objects.all()}
    assert names == {"'=Alice", "-Bob"}


@pytest.mark.parametrize("way", ["import", "sign-up", "mail"])
def test_any_sign_of_an_invented_reader_says_which_file_got_out(way, taken, reader, monkeypatch, caplog):
    alice = reader("alice@example.org")
    seen = invented(taken())[0]
    if way == "import":
        batches.write([batches.Reader(seen, "", "be", "", (), "", alice.newsletter_id, None, "x")])
    elif way == "sign-up":
        signing_up.ask(tickets.Wanted(alice.newsletter_id, seen, "be"), b"n" * 16)
        signing_up.take()
    else:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(f"To: <{seen}>\n\nHello".encode())))
        assert cli.main(["honey"]) == 3
    one = Honey.objects.exclude(seen_at=None).get()
    assert (one.seen_in, one.file) == (way, f"export:{Export.objects.get().pk}")
    assert AuditEntry.objects.filter(act="export.leaked").count() == 1
    assert seen not in caplog.text
    assert not Subscription.objects.filter(subscriber__address_index=one.address_index).exists()


def test_mail_that_names_nobody_of_ours_is_no_alert(taken, reader, monkeypatch):
    reader("alice@example.org")
    taken()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"alice@example.org, a@b, x@letters.example.org")))
    assert cli.main(["honey"]) == 0


def test_of_an_invented_reader_only_an_index_is_kept(taken, reader):
    reader("alice@example.org")
    address = invented(taken())[0]
    index = vault.blind_index(address)
    assert Suppression.objects.filter(address_index=index, reason="refused").exists()
    assert not Letter.objects.exists()
    assert address not in str(list(Honey.objects.values()))


def test_without_a_domain_of_its_own_a_newsroom_gets_no_invented_readers(taken, reader, settings):
    settings.HONEY_DOMAINS = []
    reader("alice@example.org")
    assert len(rows(taken())) == 1
    assert not Honey.objects.exists()


def test_the_file_can_be_read_by_lists_too(taken, reader, csv_file):
    reader("alice@example.org")
    with lists.opened(csv_file(taken())) as found:
        assert (found.system, found.not_taken) == ("Dispatch", ())
