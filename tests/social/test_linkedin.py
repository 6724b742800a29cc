"""LinkedIn in depth, over real HTTP to its stand-in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pictures import JPEG

from dispatch.local.networks import linkedin as stand_in
from dispatch.outcomes import Refused, Sent
from dispatch.social import channels, networks
from dispatch.social.networks import littletext, naming, publicly
from dispatch.social.networks.base import (
    Account,
    CannotTell,
    Counts,
    Draft,
    Found,
    NotAllowed,
    NotFound,
    Picture,
    Renewed,
)

LINK = "https://office.example.org/be/a_1"


def draft(text="Навіны", **more):
    said = {"text": f"{text} {LINK}", "link": LINK, "language": "be", "title": text, "created_at": datetime.now(UTC)}
    return Draft(**said | more)


@pytest.fixture
def reach(connect):
    def at(**keys):
        known = channels.account(connect("linkedin"))
        return networks.get("linkedin"), replace(known, credentials={**known.credentials, **keys})

    return at


def publish(network, account, what):
    assert network.check(what, account) == []
    outcome = network.publish(replace(what, prepared=network.prepare(what, account)), account)
    assert isinstance(outcome, Sent), outcome
    return outcome


@given(st.text())
@example("(a) [b] {c} <d> #tag #a_b *e* _f_ ~g~ @h | \\ #навіны")
def test_nothing_of_a_text_is_lost_in_little_text(text):
    assert littletext.unescape(littletext.escape(text)) == text
    assert stand_in.shown(littletext.escape(text)) == text


@pytest.mark.parametrize(("kind", "listed"), [("share", "shares"), ("ugcPost", "ugcPosts")])
def test_a_post_is_asked_for_by_its_kind_and_its_own_numbers_are_read(kind, listed):
    name, asked = f"urn:li:{kind}:7", []
    office = Account(server="", name="", credentials={"author": "urn:li:organization:5"})
    others = {"totalShareStatistics": {"likeCount": 900, "commentCount": 90, "shareCount": 9}}
    mine = {kind: name, "totalShareStatistics": {"likeCount": -1, "commentCount": 2, "shareCount": 3, "clickCount": 4}}

    def find(path):
        asked.append(path)
        return httpx.Response(200, json={"elements": [others, mine]})

    assert publicly.linkedin(name, office, find) == Counts(replies=2, likes=None, reposts=3)
    encoded = f"organizationalEntity=urn%3Ali%3Aorganization%3A5&{listed}=List(urn%3Ali%3A{kind}%3A7)"
    assert asked == [f"organizationalEntityShareStatistics?q=organizationalEntity&{encoded}"]


def test_a_hashtag_stays_one():
    assert littletext.escape("Навіны (#Вільня)") == r"Навіны \(\#Вільня\)"
    assert littletext.escape("Навіны #Вільня.") == r"Навіны {hashtag|\#|Вільня}."


@pytest.mark.django_db
class TestAtTheStandIn:
    def test_a_link_has_the_card_that_we_draw(self, reach, standins):
        network, account = reach()
        card = Picture(kind="image/jpeg", width=60, height=60, content=JPEG)
        publish(network, account, draft(card=card, summary="Адкрылася чытальня"))
        (post,) = standins.store.posts("linkedin")
        assert post.card == {"uri": LINK, "title": "Навіны", "description": "Адкрылася чытальня"}
        assert standins.store.pictures("linkedin")[0].content == JPEG

    @pytest.mark.parametrize("count", [1, 2])
    def test_pictures_arrive_with_what_is_said_of_them(self, count, reach, standins):
        network, account = reach()
        shown = [Picture(kind="image/jpeg", width=60, height=60, alt=f"Alice {n}", content=JPEG) for n in range(count)]
        publish(network, account, draft(media=tuple(shown)))
        assert [one.alt for one in standins.store.pictures("linkedin")] == [one.alt for one in shown]

    def test_a_post_is_edited_and_read_whole(self, reach, standins):
        network, account = reach()
        sent = publish(network, account, draft())
        assert naming.name("linkedin", sent.url) == sent.remote_id
        for _ in range(2):
            assert isinstance(network.edit(sent.remote_id, draft("Іншае (так) #тэг"), account), Sent)
        assert standins.store.posts("linkedin")[0].text == f"Іншае (так) #тэг {LINK}"

    def test_a_first_comment_is_found_edited_and_taken_back(self, reach, standins):
        network, account = reach()
        first = publish(network, account, draft())
        comment = Draft(
            text="Чытайце", link="", language="be", created_at=datetime.now(UTC), reply_to=first.remote_id,
            settings={"is_comment": True},
        )  # fmt: skip
        assert network.find(comment, account) == NotFound()
        said = publish(network, account, comment)
        assert network.find(comment, account) == Found(said.remote_id, first.url)
        assert isinstance(network.edit(said.remote_id, replace(comment, text="Глядзіце"), account), Sent)
        assert standins.store.posts("linkedin")[0].text == "Глядзіце"
        assert isinstance(network.delete(said.remote_id, account), Sent)
        assert len(standins.store.posts("linkedin")) == 1
        assert network.check(replace(comment, text="ы" * 1251), account) == ["1251 characters, 1250 fit"]

    def test_what_everybody_sees_of_an_organizations_post_is_counted(self, reach):
        network, account = reach()
        first = publish(network, account, draft())
        assert network.counts(first.remote_id, account) == Counts(0, 0, 0)
        said = publish(network, account, Draft(
            text="Чытайце", link="", language="be", created_at=datetime.now(UTC), reply_to=first.remote_id,
            settings={"is_comment": True},
        ))  # fmt: skip
        assert network.counts(first.remote_id, account) == Counts(1, 0, 0)
        assert network.counts(said.remote_id, account) == publicly.NOTHING
        assert network.counts(f"{first.remote_id}0", account) == publicly.NOTHING

    def test_numbers_that_it_may_not_see_are_no_trouble(self, reach, standins):
        network, account = reach(access_token=stand_in.NARROW)
        sent = publish(network, account, draft())
        refused = network.counts(sent.remote_id, account)
        assert isinstance(refused, NotAllowed)
        assert "Not enough permissions" in refused.reason
        assert network.probe(account).ok

    def test_of_a_persons_post_nobody_is_asked(self, reach):
        network, account = reach(author="urn:li:person:alice")
        away = replace(account, server="http://127.0.0.1:9")
        assert network.counts("urn:li:share:1", away) == publicly.FEW
        network, account = reach()
        away = replace(account, server="http://127.0.0.1:9")
        assert not isinstance(network.counts("urn:li:share:1", away), Counts | NotAllowed)

    def test_who_may_not_read_cannot_tell_and_says_so(self, reach):
        network, account = reach(author="urn:li:person:alice")
        look = network.find(draft(), account)
        assert isinstance(look, CannotTell)
        assert "Not enough permissions" in look.reason

    def test_an_expired_token_and_a_missing_version_are_told_in_its_words(self, reach):
        network, account = reach(access_token=stand_in.EXPIRED)
        assert network.publish(draft(), account) == Refused(
            reason="The token used in the request has expired", code="401"
        )
        network, account = reach()
        assert "version" in network.probe(replace(account, settings={"version": "x"})).words

    def test_a_token_is_renewed_where_there_is_one_for_that(self, reach):
        soon = (datetime.now(UTC) + timedelta(days=2)).isoformat()
        keys = {"refresh_token": "r", "client_id": "1", "client_secret": "s", "expires_at": soon}
        network, account = reach(**keys)
        assert network.renews_at(account) < datetime.now(UTC)
        renewed = network.renew(account)
        assert isinstance(renewed, Renewed)
        assert (renewed.credentials["access_token"], renewed.credentials["refresh_token"]) == ("fresh", "refresh-2")
        network, account = reach(**{**keys, "refresh_token": stand_in.EXPIRED})
        assert isinstance(network.renew(account), Refused)
