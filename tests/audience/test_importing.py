"""Readers from CSV: every line accounted for, nothing written before it is asked for, twice the same changes nothing."""

import io

import pytest
from django.db import connection

from dispatch import vault
from dispatch.audience import importing, leaving, tokens
from dispatch.audience.importing import Defaults
from dispatch.audience.models import Subscriber, Subscription, Suppression

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
        "Alice@Example.org,Аліса,be,en,culture|law,weekly\nbob@example.org,,,,,\n"
    )
    report = run(path)
    assert (report.lines, report.added, report.faults) == (2, 2, [])
    assert opened() == {"Alice@example.org": "Аліса", "bob@example.org": None}
    alice = Subscription.objects.get(language="be")
    assert (alice.second_language, alice.topics, alice.frequency) == ("en", ["culture", "law"], "weekly")
    assert Subscription.objects.exclude(pk=alice.pk).get().language == "en"


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


def test_each_refused_line_says_where_and_why_without_the_address(newsletter, csv_file):
    report = run(
        csv_file(
            "email,newsletter,frequency\nalice@,office,\nbob@example.org,nowhere,\neve@example.org,office,hourly\n"
        )
    )
    assert [(f.line, f.column) for f in report.faults] == [(2, "address"), (3, "newsletter"), (4, "frequency")]
    assert "alice" not in str(report.faults)


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "empty"), ("name,language\nAlice,en\n", "email"), ("a@example.org,b\n", "email")],
)
def test_a_file_that_cannot_be_read_says_why(newsletter, csv_file, text, words):
    with pytest.raises(importing.Unusable, match=words):
        run(csv_file(text))


def test_no_newsletter_anywhere_is_said(newsletter, csv_file):
    with pytest.raises(importing.Unusable, match="newsletter"):
        run(csv_file("email\nalice@example.org\n"), Defaults())


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1251"])
def test_files_of_spreadsheets_are_understood(newsletter, csv_file, encoding):
    run(csv_file("E-mail;Имя\r\nalice@example.org;Алиса\r\n", encoding))
    assert opened() == {"alice@example.org": "Алиса"}


def test_a_bare_column_of_addresses_is_enough(newsletter, csv_file):
    assert run(csv_file("alice@example.org\nbob@example.org\n")).added == 2


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


def test_a_readers_token_leads_back_and_no_other_does(newsletter, csv_file):
    run(csv_file("email\nalice@example.org\n"))
    alice = Subscription.objects.get()
    token = tokens.token(alice.handle)
    assert len(token) == 26
    assert tokens.find(token) == alice
    for wrong in ("", "a" * 26, token[:-1], token + "a", token.upper(), "a" + token[1:], "é" * 26):
        assert tokens.find(wrong) is None, wrong
