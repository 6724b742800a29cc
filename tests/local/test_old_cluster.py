"""A data directory of another PostgreSQL is told in words, and left alone."""

import pytest

from dispatch.local import postgres


def test_a_cluster_of_another_major_version_is_refused_in_words(tmp_path):
    data = tmp_path / "postgres"
    data.mkdir()
    (data / "PG_VERSION").write_text("15\n")
    with pytest.raises(RuntimeError, match=r"made by PostgreSQL 15, .* Nothing was changed.*dispatch backup"):
        postgres.prepare(data, tmp_path / "run")
    assert [one.name for one in data.iterdir()] == ["PG_VERSION"]
