"""What a page is told while it is open: what differs from what it was told last, and nothing of any reader."""

import asyncio
import json
import threading

import newsroom
import pytest
from django.db import OperationalError

from dispatch.delivery import sending
from dispatch.operations import live, stats

pytestmark = pytest.mark.django_db


def told(before, after):
    """{event: its data}"""
    events = [part.split("\ndata: ") for part in live.difference(before, after).split("\n\n") if part]
    return {name.removeprefix("event: "): json.loads(data) for name, data in events}


@pytest.fixture
def send(settings, monkeypatch):
    monkeypatch.setattr(sending, "TURN", 0.0)  # one chunk each time
    settings.DELIVERY = {**settings.DELIVERY, "chunk": 10}
    office = newsroom.newsletter(languages=["en"])
    newsroom.readers(office, en=20)
    newsroom.relay()
    return newsroom.send(office, newsroom.story("en"))


def test_the_first_moment_tells_everything(send):
    events = told(live.Moment({}, {}), live.of(stats.now()))
    assert events["values"][f"send:{send.pk}:untouched"] == "20"
    assert events["values"]["mail:due"] == "20"
    assert {"work", "health", f"send:{send.pk}"} <= set(events["changed"])


def test_then_only_what_moved_is_told(send):
    before = live.of(stats.now())
    assert live.difference(before, before) == ""
    sending.send_chunk(send.pk, 1)
    values = told(before, live.of(stats.now()))["values"]
    assert values[f"send:{send.pk}:sent"] == values[f"send:{send.pk}:settled"] == "10"
    assert "post:due" not in values


def test_an_act_of_a_person_makes_pages_ask_anew(send):
    before = live.of(stats.now())
    alice = newsroom.person()
    from dispatch.delivery import acts

    acts.pause(send.pk, alice, "the wrong photo")
    assert {"work", f"send:{send.pk}"} <= set(told(before, live.of(stats.now()))["changed"])


def test_nothing_of_a_reader_or_of_a_reason_is_in_it(send):
    everything = json.dumps(told(live.Moment({}, {}), live.of(stats.now())))
    assert "@" not in everything
    assert "example.org" not in everything


def test_the_stream_is_for_people_of_the_newsroom(client):
    assert client.get("/operations/events").status_code == 302


async def first(listening, count):
    return [await asyncio.wait_for(anext(listening), 60) for _ in range(count)]


def test_listeners_are_told_when_the_database_keeps_silent_and_when_it_answers_again(monkeypatch):
    answer, moment = threading.Event(), live.Moment({"mail:due": "1"}, {})
    monkeypatch.setattr(live, "PATIENCE", 0.02)
    monkeypatch.setattr(live, "read", lambda: answer.wait(60) and moment)

    async def listen():
        listening = live.Feed().listen()
        silent = await first(listening, 2)
        answer.set()
        while (heard := (await first(listening, 1))[0]) is None:
            pass
        await listening.aclose()
        return silent, heard

    assert asyncio.run(listen()) == ([None, None], moment)


def test_a_database_that_is_away_is_told_and_the_poll_goes_on(monkeypatch):
    answers = iter([OperationalError("gone"), live.Moment({}, {})])

    def read():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(live, "EVERY", 0.01)
    monkeypatch.setattr(live, "read", read)

    async def listen():
        listening = live.Feed().listen()
        heard = await first(listening, 2)
        await listening.aclose()
        return heard

    assert asyncio.run(listen()) == [None, live.Moment({}, {})]
