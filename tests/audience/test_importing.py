"""Readers from CSV: every line accounted for, nothing written before it is asked for, twice the same changes nothing."""

import io

import pytest
from django.db import connection

from dispatch import cli, vault
from dispatch.audience import importing, leaving, lists, tokens
from dispatch.audience.importing import Defaults
from dispatch.audience.models import Rhythm, Subscriber, Subscription, Suppression

pytestmark = pytest.mark.django_db
OFFICE = Defaults(newsletter="office")


def run(path, defaults=OFFICE, *, apply=True):
    return importing.run(path, defaults, apply=apply)


def opened():
    """Every reader's address and name, opened."""
    return {
        vault.unseal(bytes(s.address), f"subscriber:{s.pk}:address"): s.name
        and vault.unseal(bytes(s.name), f"subscriber:{s.pk}:name")
        for s in Subscriber.objects.all()
    }


def test_readers_are_sealed_with_what_they_wish(newsletter, csv_file):
    path = csv_file(
        "email,name,language,second_language,topics,frequency\n"
        "Alice@Example.org,Аліса,be_BY,en,culture|law,each\nbob@example.org,,,,,\n"
    )
    report = run(path)
    assert (report.lines, report.added, report.faults) == (2, 2, [])
    assert opened() == {"Alice@example.org": "Аліса", "bob@example.org": None}
    alice = Subscription.objects.get(language="be")
    assert (alice.second_language, alice.topics, alice.frequency) == ("en", ["culture", "law"], "each")
    assert Subscription.objects.exclude(pk=alice.pk).get().language == "en"


@pytest.mark.parametrize(("cadence", "patience", "with_rhythm"), [("each", 0, 0), ("each", 6, 1), ("daily", 0, 1)])
def test_who_cannot_read_along_has_a_rhythm_from_the_first_moment(newsletter, csv_file, cadence, patience, with_rhythm):
    newsletter.cadence, newsletter.patience = cadence, patience
    newsletter.save()
    run(csv_file("email,language,second_language\nalice@example.org,be,en\nbob@example.org,be,\n"))
    theirs = Rhythm.objects.filter(subscription__second_language="en")
    assert (theirs.count(), Rhythm.objects.count()) == (with_rhythm, with_rhythm)
    assert [rhythm.due_at is not None for rhythm in theirs] == [cadence == "daily"] * with_rhythm


def test_a_frequency_that_is_offered_is_taken_with_its_rhythm(newsletter, csv_file):
    newsletter.cadence, newsletter.offers = "daily", ["daily", "weekly"]
    newsletter.save()
    report = run(
        csv_file("email,frequency\nalice@example.org,Weekly\nbob@example.org,daily\ncharlie@example.org,each\n")
    )
    (fault,) = report.faults
    assert (fault.column, fault.problem) == (
        "frequency",
        "office comes daily or weekly; leave this empty for the first",
    )
    rhythm = Rhythm.objects.get()
    assert rhythm.subscription.frequency == "weekly"
    assert rhythm.due_at is not None


def test_a_dry_run_says_the_same_and_writes_nothing(newsletter, csv_file):
    path = csv_file("email\nalice@example.org\nnot one\n")
    report = run(path, apply=False)
    assert (report.added, len(report.faults)) == (1, 1)
    assert not Subscriber.objects.exists()


def test_the_same_file_twice_changes_nothing(newsletter, csv_file):
    path = csv_file("email,language\nalice@example.org,be\nALICE@example.org,ru\n")
    first, second = run(path), run(path)
    assert (first.added, first.known) == (1, 1)
    assert (second.added, second.known) == (0, 2)
    assert Subscription.objects.get().language == "be"


def test_who_left_and_who_is_suppressed_are_not_brought_back(newsletter, csv_file):
    path = csv_file("email\nalice@example.org\nbob@example.org\n")
    run(path)
    leaving.leave(Subscription.objects.first())
    Suppression.objects.create(address_index=vault.blind_index("charlie@example.org"), reason="bounced")
    report = run(csv_file("email\nalice@example.org\nbob@example.org\ncharlie@example.org\n"))
    assert (report.added, report.known, report.suppressed) == (0, 2, 1)
    assert Subscription.objects.filter(state="left").count() == 1


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("alice@,,,,,", "address"),
        ("alice@example.org,,,,,nowhere", "newsletter"),
        ("alice@example.org,,Belarusian,,,", "language"),
        ("alice@example.org,,uk,,,", "language"),
        ("alice@example.org,,be,!,,", "second_language"),
        ("alice@example.org,,,,hourly,", "frequency"),
        ("alice@example.org,,,,weekly,", "frequency"),
        ("alice@example.org,Al\x1bice,,,,", "name"),
        ("alice@example.org,Ali\u202ece,,,,", "name"),
        ("alice@example.org,Smith, Alice,be,,,office", "line"),
        ('alice@example.org,"Alice" Smith,,,,', "line"),
    ],
)
def test_a_refused_line_says_where_and_why_without_the_address(newsletter, csv_file, line, column):
    header = "email,name,language,second_language,frequency,newsletter\n"
    report = run(csv_file(f"{header}{line}\nbob@example.org,,,,,\n"))
    assert [(fault.line, fault.column) for fault in report.faults] == [(2, column)]
    assert "alice" not in str(report.faults).lower()
    assert report.added == 1


def test_who_reads_a_language_that_may_come_is_taken_with_the_second_one(newsletter, csv_file):
    run(csv_file("email,language,second_language\nalice@example.org,uk,be\n"))
    assert Subscription.objects.values_list("language", "second_language").get() == ("uk", "be")


def test_a_quotation_mark_that_is_never_closed_does_not_swallow_readers_silently(newsletter, csv_file):
    report = run(csv_file('email,name\nalice@example.org,"Alice\nbob@example.org,Bob\n'))
    assert (report.added, report.lines) == (0, 1)
    assert report.faults[0].line == 2
    assert report.faults[0].problem.endswith("up to line 3")


def test_a_name_may_run_over_two_lines(newsletter, csv_file):
    report = run(csv_file('email,name\nalice@example.org,"Alice\nSmith"\nbob@,Bob\n'))
    assert opened() == {"alice@example.org": "Alice Smith"}
    assert report.faults[0].line == 4


def test_columns_that_are_not_read_are_named(newsletter, csv_file):
    assert run(csv_file("email,langauge,,phone\nalice@example.org,be,,\n")).not_taken == ("langauge", "phone")


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "empty"), ("name,language\nAlice,en\n", "email"), ("a@example.org,b\n", "email")],
)
def test_a_file_that_cannot_be_read_says_why(newsletter, csv_file, text, words):
    with pytest.raises(lists.Unusable, match=words):
        run(csv_file(text))


def test_no_newsletter_anywhere_is_said(newsletter, csv_file):
    with pytest.raises(lists.Unusable, match="newsletter"):
        run(csv_file("email\nalice@example.org\n"), Defaults())


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1251"])
def test_files_of_spreadsheets_are_understood(newsletter, csv_file, encoding):
    report = run(csv_file("E-mail;Имя\r\nalice@example.org;Алиса\r\n", encoding))
    assert report.encoding == encoding
    assert opened() == {"alice@example.org": "Алиса"}


def test_a_bare_column_of_addresses_is_enough(newsletter, csv_file):
    assert run(csv_file("alice@example.org\nbob@example.org\n")).added == 2


def test_a_bad_byte_far_into_the_file_is_noticed(newsletter, csv_file):
    path = csv_file("email,name\n" + "alice@example.org,Alice\n" * 60_000)
    path.write_bytes(path.read_bytes() + "bob@example.org,Борис\n".encode("cp1251"))
    assert run(path).encoding == "cp1251"
    assert opened()["bob@example.org"] == "Борис"


def test_more_than_one_batch_is_one_import(newsletter, csv_file, monkeypatch):
    monkeypatch.setattr(importing, "BATCH", 2)
    path = csv_file("email\n" + "".join(f"reader{n}@example.org\n" for n in (1, 2, 3, 1, 4, 5)))
    report = run(path)
    assert (report.added, report.known) == (5, 1)


def test_a_thousand_addresses_are_nowhere_to_be_read(newsletter, csv_file):
    path = csv_file("email,name\n" + "".join(f"canary{n}@example.org,Canary{n}\n" for n in range(1000)))
    assert run(path).added == 1000
    dump = io.BytesIO()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            with cursor.copy(f"COPY (SELECT * FROM {table}) TO STDOUT") as copy:
                dump.writelines(bytes(part) for part in copy)
    text = dump.getvalue().decode().lower()
    assert len(text) > 100_000
    assert "canary" not in text
    assert b"canary".hex() not in text


def test_the_terminal_tells_what_would_happen_and_writes_each_refused_line(newsletter, csv_file, tmp_path, capsys):
    path = csv_file("email;phone\n" + "bad\n" * 30 + "alice@example.org;\n", "cp1251")
    report = tmp_path / "refused.txt"
    assert cli.main(["import", str(path), "--newsletter", "office", "--report", str(report)]) == 0
    said = capsys.readouterr().out
    assert "the columns phone" in said
    assert "31 lines: 1 would be added, 0 known, 0 not to be written to, 30 refused" in said
    assert "Nothing was changed" in said
    assert "alice" not in said
    assert len(report.read_text().splitlines()) == 30
    assert not Subscriber.objects.exists()
    assert cli.main(["import", str(tmp_path / "no.csv"), "--newsletter", "office"]) == 1
    assert "no.csv" in capsys.readouterr().err


def test_a_readers_token_leads_back_and_no_other_does(newsletter, csv_file):
    run(csv_file("email\nalice@example.org\n"))
    alice = Subscription.objects.get()
    token = tokens.token(alice.handle)
    assert len(token) == 26
    assert tokens.find(token) == alice
    other = "b" if token.startswith("a") else "a"
    for wrong in ("", "a" * 26, token[:-1], token + "a", token.upper(), other + token[1:], "é" * 26):
        assert tokens.find(wrong) is None, wrong
