"""What digests by the reader's choice cost in a day: a hundred thousand readers in 24 zones, three languages, twelve topics.

Every reader has a digest at eight on their own clock; two thirds chose one to four topics, each story is about one or two.
`make bench NAME=digest` prints one table and ends with a JSON line. `--readers N`, `--stories N` for other days.
"""

import argparse
import json
import random
import resource
import secrets
import sys
import time
from datetime import UTC, datetime, timedelta

import embedded
import sizes
import time_machine

MIDNIGHT = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
LANGUAGES = ["en", "be", "ru"]
TOPICS = [f"Topic {number}" for number in range(12)]
ZONES = [f"Etc/GMT{hour:+d}" for hour in range(-11, 13)]
BODY = "<p>" + "Two hundred people came on the first evening. " * 40 + "</p>"


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench/digest.py", description=__doc__)
    parser.add_argument("--readers", type=int, default=100_000)
    parser.add_argument("--stories", type=int, default=8)
    options = sizes.asked(parser, readers=500, stories=2)
    with embedded.database():
        from dispatch import queue

        queue.enqueue = lambda *_: None
        newsletter = prepared(options.readers)
        found = a_day(newsletter, options.stories)
    show(found | {"readers": options.readers, "stories": options.stories})
    return 0


def prepared(size: int) -> int:
    from django.db import connection

    from dispatch.audience.models import Newsletter

    office = Newsletter.objects.create(
        slug="office", languages=LANGUAGES, topics=TOPICS, cadence="daily", offers=["daily"], patience=6,
        from_name="O", from_address="news@example.org", names={"en": "O"},
    )  # fmt: skip
    chance = random.Random(7)
    first = {zone: MIDNIGHT + timedelta(hours=(8 - offset(zone)) % 24 - 0.5) for zone in ZONES}
    with connection.cursor() as cursor:
        columns = "id, address, address_index, provider_class, created_at"
        with cursor.copy(f"COPY audience_subscriber ({columns}) FROM STDIN") as rows:
            for number in range(1, size + 1):
                rows.write_row((number, b"", secrets.token_bytes(32), number % 5, "2026-01-01T00:00Z"))
        columns = "id, subscriber_id, newsletter_id, language, second_language, topics, frequency, state, handle"
        with cursor.copy(f"COPY audience_subscription ({columns}, consent_source, consented_at) FROM STDIN") as rows:
            for number in range(1, size + 1):
                first_one, second = chance.sample(LANGUAGES, 2)
                topics = chance.sample(TOPICS, chance.randint(1, 4)) if number % 3 else []
                asked = (first_one, second if number % 2 else "", topics, "daily", "active", number.to_bytes(8))
                rows.write_row((number, number, office.pk, *asked, "", "2026-01-01T00:00Z"))
        columns = "subscription_id, hour, zone, discreet, since, held, due_at"
        with cursor.copy(f"COPY audience_rhythm ({columns}) FROM STDIN") as rows:
            for number in range(1, size + 1):
                zone = chance.choice(ZONES)
                rows.write_row((number, 8, zone, number % 50 == 0, 0, "{}", first[zone]))
        cursor.execute("ANALYZE")
    return office.pk


def offset(zone: str) -> int:
    """Hours ahead of UTC; the names of these zones have it the other way round."""
    return -int(zone.removeprefix("Etc/GMT"))


def publish(count: int) -> None:
    from dispatch.articles.models import Article, Revision, Source, Story
    from dispatch.editions import planning

    source = Source.objects.create(slug="desk", kind="desk")
    chance = random.Random(8)
    now = datetime.now(UTC)
    for number in range(count):
        story, topics = Story.objects.create(key=f"story {number}"), chance.sample(TOPICS, chance.randint(1, 2))
        for language in LANGUAGES if number % 4 else LANGUAGES[:1]:  # one in four is in English only
            article = Article.objects.create(
                story=story, language=language, source=source, external_id=f"{number}{language}", published_at=now,
                url=f"https://news.example.org/{number}",
            )  # fmt: skip
            article.current = Revision.objects.create(
                article=article, number=1, updated_at=now, title=f"Story {number}", html=BODY, text=BODY, topics=topics,
                hash=b"",
            )  # fmt: skip
            article.save()
            planning.plan(article)


def a_day(newsletter: int, stories: int) -> dict[str, float]:
    """24 departures, each as the clock and the workers would have it."""
    from dispatch.delivery import ledger
    from dispatch.delivery.models import Send
    from dispatch.editions import rendering, ticks
    from dispatch.editions.models import Edition, Variant

    spent = {"planning": 0.0, "rendering": 0.0, "seating": 0.0}
    with time_machine.travel(MIDNIGHT - timedelta(hours=8), tick=False) as clock:
        publish(stories)
        clock.move_to(MIDNIGHT)
        for _ in range(24):
            clock.shift(timedelta(hours=1))
            began = time.perf_counter()
            ticks.depart()
            spent["planning"] += time.perf_counter() - began
            for number in Edition.objects.filter(newsletter=newsletter, slot__startswith="own:", state="due"):
                began = time.perf_counter()
                rendering.render(number.pk)
                spent["rendering"] += time.perf_counter() - began
                began = time.perf_counter()
                ledger.enlist(number.pk)
                spent["seating"] += time.perf_counter() - began
    seated = sum(Send.objects.values_list("frozen_count", flat=True))
    return spent | {"departures": Send.objects.count(), "variants": Variant.objects.count(), "seated": seated}


def show(found: dict[str, float]) -> None:
    found["seconds"] = found["planning"] + found["rendering"] + found["seating"]
    found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for name, value in found.items():
        print(f"{name:<12}{value:>14,.2f}")
    print(f"{found['rendering'] / max(found['variants'], 1) * 1000:.1f} ms a variant")
    print(json.dumps({name: round(value, 2) for name, value in found.items()}))


if __name__ == "__main__":
    sys.exit(main())
