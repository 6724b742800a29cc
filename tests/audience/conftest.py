"""A newsletter, and a way to write CSV files."""

import pytest

from dispatch.audience.models import Newsletter


@pytest.fixture
def newsletter(db):
    return Newsletter.objects.create(
        slug="office",
        names={"en": "Office news", "be": "Навіны Офіса"},
        languages=["en", "be", "ru"],
        from_name="Office",
        from_address="news@example.org",
    )


@pytest.fixture
def csv_file(tmp_path):
    """csv_file("email,name\\n…") writes a file and gives its path."""

    def write(text, encoding="utf-8"):
        path = tmp_path / "readers.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write
