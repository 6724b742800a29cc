"""How fast readers come in: dry run, import, the same file again, beside one row at a time. `make bench NAME=import`.

Prints one table and ends with a JSON line; the database is a fresh one. `--readers N` takes another size than a million.
"""

import argparse
import json
import resource
import secrets
import sys
import time
from pathlib import Path

import embedded
import sizes

LANGUAGES = ("be", "ru", "en")


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench/import.py", description=__doc__)
    parser.add_argument("--readers", type=int, default=1_000_000)
    parser.add_argument("--few", type=int, default=20_000, help="one batch, for its memory")
    parser.add_argument("--one-by-one", type=int, default=1_000, help="saved as one would do it at first")
    options = sizes.asked(parser, readers=2_000, few=500, one_by_one=20)
    with embedded.database() as folder:
        a_newsletter()
        found = measure(folder / "readers.csv", options.readers, options.few, options.one_by_one)
    show(found, options.readers, options.few)
    summary = {"rows": options.readers, "seconds": found["import_seconds"], "peak_mb": found["memory_many_mb"]} | found
    print(json.dumps({name: round(value, 1) for name, value in summary.items()}))
    return 0


def measure(file: Path, many: int, few: int, slow: int) -> dict[str, float]:
    write(file, slow, "slow")
    found = {"one_by_one_per_second": slow / one_by_one(file)}
    write(file, few, "few")
    took(file, apply=True)
    found["memory_few_mb"] = peak()
    write(file, many, "many")
    for name, apply in (("dry_run", False), ("import", True), ("again", True)):
        found[f"{name}_seconds"] = took(file, apply=apply)
    return {**found, "memory_many_mb": peak(), "import_per_second": many / found["import_seconds"]}


def show(found: dict[str, float], many: int, few: int) -> None:
    rows = [
        (f"dry run of {many:,} readers", f"{found['dry_run_seconds']:.1f} s", ""),
        ("import", f"{found['import_seconds']:.1f} s", f"{found['import_per_second']:,.0f} readers/s"),
        ("  one row at a time, the obvious way", "", f"{found['one_by_one_per_second']:,.0f} readers/s"),
        ("the same file again", f"{found['again_seconds']:.1f} s", "changes nothing"),
        (f"memory at most, {few:,} readers", f"{found['memory_few_mb']:.0f} MB", ""),
        (f"  {many:,} readers", f"{found['memory_many_mb']:.0f} MB", "does not grow with the file"),
    ]
    print()
    for name, value, said in rows:
        print(f"{name:<40}{value:>12}   {said}")


def write(file: Path, count: int, who: str) -> None:
    with file.open("w", encoding="utf-8") as lines:
        lines.write("email,name,language,second language,topics\n")
        for number in range(count):
            lines.write(f"{who}-{number:07}@example.org,Reader {number},{LANGUAGES[number % 3]},en,culture|law\n")


def took(file: Path, *, apply: bool) -> float:
    from dispatch.audience import importing

    began = time.perf_counter()
    report = importing.run(file, importing.Defaults("office"), apply=apply)
    assert not report.faults, report.faults[0]
    return time.perf_counter() - began


def one_by_one(file: Path) -> float:
    """Look up, seal and save each reader by the ORM, a commit each."""
    from django.utils import timezone

    from dispatch import vault
    from dispatch.audience import addresses, lists
    from dispatch.audience.models import Newsletter, Subscriber, Subscription

    newsletter, began = Newsletter.objects.get(), time.perf_counter()
    with lists.opened(file) as found:
        for line in found.lines:
            assert isinstance(line, lists.Line)
            address = addresses.parse(line.fields["address"])
            index = vault.blind_index(addresses.unique_form(address))
            reader, _ = Subscriber.objects.get_or_create(address_index=index, defaults={"address": b""})
            reader.address = vault.seal(address, f"subscriber:{reader.pk}:address")
            reader.name = vault.seal(line.fields["name"], f"subscriber:{reader.pk}:name")
            reader.save()
            wish = {
                "language": line.fields["language"],
                "handle": secrets.token_bytes(8),
                "consented_at": timezone.now(),
            }
            Subscription.objects.get_or_create(subscriber=reader, newsletter=newsletter, defaults=wish)
    return time.perf_counter() - began


def peak() -> float:
    """The most memory this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def a_newsletter() -> None:
    from dispatch.audience.models import Newsletter

    Newsletter.objects.create(
        slug="office", languages=LANGUAGES, from_name="Office", from_address="news@example.org", names={"en": "Office"}
    )


if __name__ == "__main__":
    sys.exit(main())
