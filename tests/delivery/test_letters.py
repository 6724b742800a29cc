"""Letters outside editions: one message, one outcome, nothing of the address left behind."""

from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from django.utils import timezone

from dispatch.accounts import stopping
from dispatch.accounts.models import Stop
from dispatch.audience import letters as writing
from dispatch.audience.models import Letter
from dispatch.delivery import letters, relays
from dispatch.delivery.mailers.base import Trouble
from dispatch.outcomes import Deferred, Refused, Unknown

pytestmark = pytest.mark.django_db


@pytest.fixture
def letter(newsletter):
    return writing.write("confirm", newsletter, "be", "alice@example.org")


def state(letter):
    letter.refresh_from_db()
    return letter.state


def make_due(letter):
    Letter.objects.filter(pk=letter.pk).update(next_attempt_at=timezone.now() - timedelta(seconds=1))


def parsed(fake):
    (message,) = fake.taken
    return message_from_bytes(message.whole(), policy=policy.default)


def test_a_letter_goes_once_and_its_address_with_it(fake, letter):
    letters.send(letter.pk)
    letters.send(letter.pk)
    assert [message.recipient for message in fake.taken] == ["alice@example.org"]
    assert state(letter) == "sent"
    assert letter.address is None


@pytest.mark.parametrize("language", ["en", "be", "ru", "uk", "be-tarask"])
@pytest.mark.parametrize("kind", Letter.Kind.values)
def test_it_says_neither_who_nor_what(fake, newsletter, kind, language):
    letter = writing.write(kind, newsletter, language, "alice@example.org")
    letters.send(letter.pk)
    mail = parsed(fake)
    text = mail.get_content()
    assert text.count(writing.link(letter)) == 1
    assert [line for line in text.splitlines() if "http" in line] == [writing.link(letter)]
    whole = f"{mail['Subject']} {mail['From']} {text}"
    assert not [word for word in ("Office", "Офіс", "alice") if word in whole]
    assert set(mail.keys()) == {
        *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Type", "MIME-Version"),
        "Content-Transfer-Encoding",
    }


def test_lines_are_short_and_begin_with_no_dot(fake, letter):
    letters.send(letter.pk)
    lines = fake.taken[0].data.split(b"\r\n")
    assert max(map(len, lines)) <= 78
    assert not [line for line in lines if line.startswith(b".") or b"\n" in line or b"\r" in line]


@pytest.mark.parametrize(
    "address", ["пошта@example.org", "a" * 60 + "@" + ".".join(["b" * 40] * 4) + ".org", "o'neill+x@example.org"]
)
def test_unusual_addresses_stand_in_the_header_as_in_the_envelope(fake, newsletter, address):
    letter = writing.write("confirm", newsletter, "en", address)
    letters.send(letter.pk)
    assert fake.taken[0].recipient == address
    assert state(letter) == "sent"


def test_a_refusal_is_its_end(fake, letter):
    fake.answer = lambda _: Refused(reason="no such user", code="550 5.1.1")
    letters.send(letter.pk)
    assert (state(letter), letter.code, letter.address) == ("refused", "550 5.1.1", None)


def test_a_deferral_is_tried_again_when_it_is_due(fake, letter):
    fake.answer = lambda _: Deferred(until=None, reason="grey", code="450 4.2.0")
    letters.send(letter.pk)
    assert state(letter) == "waiting"
    fake.answer = type(fake)().answer
    letters.send(letter.pk)
    assert state(letter) == "waiting"
    assert letter.pk not in letters.due()
    make_due(letter)
    assert letters.due() == [letter.pk]
    letters.send(letter.pk)
    assert state(letter) == "sent"


def test_what_may_have_been_taken_is_not_sent_again(fake, letter):
    fake.answer = lambda _: Unknown(reason="no reply after the last byte")
    letters.send(letter.pk)
    make_due(letter)
    letters.send(letter.pk)
    assert (state(letter), letter.address) == ("unknown", None)
    assert letters.due() == []


def test_a_letter_whose_worker_died_is_not_sent_again(fake, letter):
    Letter.objects.filter(pk=letter.pk).update(state="sending", attempts=1)
    make_due(letter)
    letters.send(letter.pk)
    assert (state(letter), fake.taken) == ("unknown", [])


def test_a_relay_in_trouble_burns_nobody(fake, letter):
    fake.answer = lambda _: Trouble("it does not let us in", "535 5.7.8")
    letters.send(letter.pk)
    assert state(letter) == "waiting"
    assert relays.choose().failures == 1


def test_it_waits_while_everything_or_its_newsletter_is_stopped(fake, letter, newsletter):
    for scope, target in ((Stop.Scope.EVERYTHING, None), (Stop.Scope.NEWSLETTER, newsletter.pk)):
        pulled = stopping.stop(scope, target, None, "wrong list")
        letters.send(letter.pk)
        assert state(letter) == "waiting"
        stopping.lift(pulled.pk, None, "found the right one")
    letters.send(letter.pk)
    assert state(letter) == "sent"


def test_a_letter_whose_link_is_over_stays(fake, letter):
    Letter.objects.filter(pk=letter.pk).update(expires_at=timezone.now())
    letters.send(letter.pk)
    assert (state(letter), fake.taken) == ("late", [])


def test_a_newsroom_may_word_it_anew_and_a_broken_template_is_said_without_the_address(
    fake, newsletter, settings, tmp_path, caplog
):
    folder = tmp_path / "email" / "neutral"
    folder.mkdir(parents=True)
    settings.DISPATCH_TEMPLATES = str(tmp_path)
    (folder / "confirm.en.txt").write_text("Your request\nPlease look: {{ link }}\n")
    letters.send(writing.write("confirm", newsletter, "en", "bob@example.org").pk)
    assert parsed(fake)["Subject"] == "Your request"
    (folder / "confirm.en.txt").write_text("Your request\n{{ nothing_of_the_kind }}\n")
    broken = writing.write("confirm", newsletter, "en", "alice@example.org")
    letters.send(broken.pk)
    assert state(broken) == "refused"
    assert "alice" not in caplog.text
    assert "a letter cannot be made" in caplog.text
