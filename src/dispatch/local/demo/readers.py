"""The demo's readers: invented people with names in their own script, at addresses that reach nobody (RFC 2606)."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

NAMES = {
    "be": (
        "Алеся Андрэй Ганна Дзмітрый Зоя Ігар Кацярына Лявон Марыя Мікола Наста Павел Раіса Сымон Юлія Янка",
        "Бабровіч Вярба Гарошка Жук Зязюля Каваль Ластаўка Мядзведзь Рабіна Сініца Чабор Шпак",
    ),
    "ru": (
        "Анна Борис Вера Глеб Дарья Егор Зинаида Илья Лидия Максим Нина Олег Полина Роман Софья Фёдор",
        "Берёза Ветер Голубь Журавль Зима Калина Лебедь Мороз Орех Рябина Соловей Тополь",
    ),
    "en": (
        "Alice Bob Charlie Dana Edward Fiona George Helen Ian Jane Kevin Laura Martin Nora Oliver Paula",
        "Ash Birch Clay Dale Elm Field Grove Hill Lake Marsh Reed Stone",
    ),
}
SECOND = {"be": "en", "ru": "en", "en": "be"}


@dataclass(frozen=True, slots=True)
class Reader:
    """Who subscribes to every newsletter of the demo."""

    address: str
    name: str
    language: str
    second_language: str


def invent(count: int) -> list[Reader]:
    """As many as wanted, the languages in turn; the same ones every time."""
    return [_reader(number) for number in range(1, count + 1)]


def write(path: Path, readers: list[Reader], newsletters: list[str]) -> None:
    """The file that `dispatch import` takes: a line for each subscription."""
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["email", "name", "language", "second language", "newsletter"])
        lines.writerows(_lines(readers, newsletters))


def _lines(readers: list[Reader], newsletters: list[str]) -> Iterator[list[str]]:
    for reader in readers:
        for newsletter in newsletters:
            yield [reader.address, reader.name, reader.language, reader.second_language, newsletter]


def _reader(number: int) -> Reader:
    language = ("be", "ru", "en")[number % 3]
    first, last = (part.split() for part in NAMES[language])
    name = f"{first[number // 3 % len(first)]} {last[number // 7 % len(last)]}"
    called = name if number % 10 else ""  # some never said their name
    return Reader(f"reader-{number:05}@example.org", called, language, SECOND[language])
