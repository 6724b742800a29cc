"""A reader's message in microseconds: filled from what was compiled once, signed, and as the standard library would build it
and dkimpy sign it.
`make bench NAME=messages`. Prints one table and ends with a JSON line.
"""

import argparse
import base64
import json
import os
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import sizes

NAMES = {"a Latin name": "Alice", "a Cyrillic name": "Аліса", "no name": ""}


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench/messages.py", description=__doc__)
    parser.add_argument("--readers", type=int, default=5000)
    many = sizes.asked(parser, readers=50).readers
    os.environ["DJANGO_SETTINGS_MODULE"] = "dispatch.settings"
    os.environ["DISPATCH_SECRET_KEY"] = "of the benchmark"
    os.environ["DISPATCH_VAULT_KEYS"] = "1 " + base64.b64encode(b"k" * 32).decode()
    import django

    django.setup()
    found = measure(many)
    show(found)
    print(json.dumps({name: round(value, 2) for name, value in found.items()}))
    return 0


def measure(many: int) -> dict[str, float]:
    from dispatch import vault
    from dispatch.delivery import personalizing
    from dispatch.delivery.mailers import base
    from dispatch.delivery.personalizing import Reader

    compiled, text, page = letter()
    found = {}
    for what, name in NAMES.items():
        readers = [Reader(number, f"r{number}@example.org", name, number.to_bytes(8)) for number in range(many)]
        found[f"fill, {what}"] = best(
            lambda readers=readers: each(lambda one: personalizing.fill(compiled, one), readers), many
        )
    head, body = personalizing.fill(compiled, readers[-1])
    message = base.Message("news@example.org", readers[-1].address, head, body)
    found["bytes"] = message.size
    found |= signing_of(compiled, readers)
    found["the last check before the wire"] = best(
        lambda: each(lambda _: base.Message(message.sender, message.recipient, head, body), range(many)), many
    )
    sealed = vault.seal("alice@example.org", "subscriber:1:address")
    found["open one address"] = best(
        lambda: each(lambda place: vault.unseal(sealed, place), ["subscriber:1:address"] * many), many
    )
    found["EmailMessage"] = best(lambda: each(lambda _: fresh(text, page), range(many // 50)), many // 50)
    return found


def signing_of(compiled: Any, readers: list[Any]) -> dict[str, float]:
    """Filled and signed, by kind of key."""
    import dkim
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

    from dispatch.delivery import personalizing, signing

    private = rsa.generate_private_key(65537, 2048)
    by_rsa = signing.key("s1-rsa._domainkey.example.org", private)
    by_ed25519 = signing.key("s1-ed25519._domainkey.example.org", ed25519.Ed25519PrivateKey.generate())
    found = {}
    for what, keys in (("ed25519", [by_ed25519]), ("rsa-2048", [by_rsa]), ("both", [by_rsa, by_ed25519])):
        some = readers[: 2000 if what == "ed25519" else 400]
        found[f"fill and sign, {what}"] = best(
            lambda keys=keys, some=some: each(lambda one: signing.sign(*personalizing.fill(compiled, one), keys), some),
            len(some),
        )
    head, body = personalizing.fill(compiled, readers[0])
    data = b"".join((head, *body))
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    way = (b"relaxed", b"relaxed")
    found["dkimpy signs, rsa-2048"] = best(
        lambda: each(lambda _: dkim.sign(data, b"s1", b"example.org", pem, canonicalize=way), range(40)), 40
    )
    return found


def letter() -> tuple[Any, str, str]:
    """Some 30 KB in two scripts, with eight slots."""
    from dispatch.audience.models import Newsletter
    from dispatch.delivery import personalizing
    from dispatch.editions import slots
    from dispatch.editions.models import Variant

    nonce = slots.new_nonce()
    name, leave, preferences = (slots.token(nonce, each) for each in ("name", "leave", "preferences"))
    body = "<p>The shelves were built by volunteers. Паліцы зрабілі валанцёры.</p>\n" * 170
    page = f'<h1>Hello{name}!</h1>{body}<a href="{preferences}">What you get</a> <a href="{leave}">Leave</a>'
    text = f"Hello{name}!\n\n" + "The shelves were built by volunteers.\n" * 60 + f"\n{preferences}\n{leave}\n"
    variant = Variant(pk=1, nonce=nonce, subject="A reading room opens", text=text, html=page, language="en")
    newsletter = Newsletter(slug="office", from_name="Офіс", from_address="news@example.org")
    return personalizing.compile_variant(variant, newsletter, 1, datetime(2026, 1, 1, tzinfo=UTC)), text, page


def fresh(text: str, page: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "news@example.org", "alice@example.org", "A reading room opens"
    message.set_content(text)
    message.add_alternative(page, subtype="html")
    return message.as_bytes()


def each(act: Callable[[Any], object], over: Iterable[Any]) -> None:
    """Keeps none, as a worker keeps no more than a window: memory that grows would be measured instead."""
    for one in over:
        act(one)


def best(act: Callable[[], object], times: int) -> float:
    """Microseconds of one, in the best of some rounds: what the machine can do while nobody disturbs it."""
    took = []
    for _ in range(5):
        began = time.perf_counter()
        act()
        took.append((time.perf_counter() - began) / times * 1e6)
    return min(took)


def show(found: dict[str, float]) -> None:
    print(f"One message of {found['bytes']:,.0f} bytes\n")
    for name, value in found.items():
        if name != "bytes":
            print(f"{name:<32}{value:>10.1f} µs{found['EmailMessage'] / value:>10.0f} ×")


if __name__ == "__main__":
    raise SystemExit(main())
