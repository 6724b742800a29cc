"""What real mail servers sent back is understood as the receivers' own pages say, and each says where it is from."""

import tomllib

import pytest
from delivery.bounces import corpus

from dispatch.delivery import verp
from dispatch.delivery.bounces import reading
from dispatch.delivery.bounces.kinds import Kind

PROVENANCE = tomllib.loads((corpus.RECORDED / "provenance.toml").read_text())
SERVERS = ("exim", "opensmtpd", "postfix")


def expected(name):
    told = corpus.REPLIES[PROVENANCE[name]["reply"]]
    kind = told.get("unless", {}).get(name.partition("/")[0], told["kind"])
    return "notice" if name.endswith(".delayed.eml") else kind


def read(name):
    token = verp.address(7, 42, corpus.DOMAIN).partition("@")[0]
    return reading.read(corpus.content(corpus.RECORDED / name, token))


@pytest.mark.parametrize("name", PROVENANCE)
def test_each_is_read_as_its_receivers_page_says(name):
    report = read(name)
    assert report.verdict.kind == expected(name)
    assert report.letter == verp.Letter(7, 42)


def test_each_says_which_server_made_it_of_which_answer_and_where_that_is_documented():
    files = {str(one.relative_to(corpus.RECORDED)) for one in corpus.RECORDED.rglob("*.eml")}
    assert files == set(PROVENANCE)
    for told in PROVENANCE.values():
        assert told["server"]
        assert told["recorded"]
        assert told["answered"]
        assert told["page"] == corpus.PAGES[corpus.REPLIES[told["reply"]]["page"]]["at"]


def test_the_same_answer_means_the_same_whoever_brings_it():
    for reply in corpus.REPLIES:
        names = [name for name, told in PROVENANCE.items() if told["reply"] == reply and ".delayed" not in name]
        assert {name.partition("/")[0] for name in names} >= {"postfix", "exim"}
        kinds = {read(name).verdict.kind for name in names}
        assert len(kinds) == 1 + len(corpus.REPLIES[reply].get("unless", {}))


@pytest.mark.parametrize("server", SERVERS)
def test_there_are_mails_of_each_server_of_every_kind_that_it_sends(server):
    kinds = {expected(name) for name in PROVENANCE if name.startswith(f"{server}/")}
    assert kinds == {Kind.HARD, Kind.SOFT, Kind.NOTICE}


def test_every_answer_says_why_it_is_judged_so():
    recipients = [one.recipient for one in corpus.replies()]
    assert len(set(recipients)) == len(recipients)
    for told in corpus.REPLIES.values():
        assert told["kind"] in {Kind.HARD, Kind.SOFT}
        assert told["because"]
        assert corpus.PAGES[told["page"]]["looked_up"]
