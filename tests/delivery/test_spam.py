"""SpamAssassin's opinion. Where it is not installed that is said; a program that speaks as it does stands in for it."""

import shutil

import pytest

from dispatch.delivery import spam
from dispatch.delivery.spam import NoOpinion, Opinion

LETTER = b"From: news@example.org\r\nTo: somebody@example.org\r\nSubject: News\r\n\r\nGood morning.\r\n"


@pytest.fixture
def says(tmp_path, settings):
    def says(script):
        program = tmp_path / "spamassassin"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        settings.SPAMASSASSIN = str(program)

    return says


def test_its_score_and_rules_are_read_and_it_asks_the_network_nothing(says):
    says(
        'cat > /dev/null; test "$1" = --local || exit 1; printf "X-Spam-Status: Yes, score=5.4 required=5.0 '
        'tests=MISSING_MID,\\n\\tURI_HEX autolearn=no\\n"'
    )
    assert spam.ask(LETTER) == Opinion(5.4, ("MISSING_MID", "URI_HEX"))
    says('cat > /dev/null; echo "X-Spam-Status: No, score=-0.1 required=5.0 tests=none"')
    assert spam.ask(LETTER) == Opinion(-0.1, ())


def test_what_is_not_there_or_not_understood_or_slow_is_said(says, settings, monkeypatch):
    says("cat")
    assert isinstance(spam.ask(LETTER), NoOpinion)
    monkeypatch.setattr(spam, "SECONDS", 0.2)
    says("exec sleep 5")
    assert "TimeoutExpired" in spam.ask(LETTER).words
    settings.SPAMASSASSIN = "no-such-program"
    assert "apt install spamassassin" in spam.ask(LETTER).todo


@pytest.mark.skipif(not shutil.which("spamassassin"), reason="SpamAssassin is not installed here")
def test_the_real_one_is_understood():
    assert isinstance(spam.ask(LETTER), Opinion)
