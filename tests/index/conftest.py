"""A small invented blog and an archive of it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.replica import BlogSimulator
from tests.index.nights import Watch


@pytest.fixture
def blog() -> BlogSimulator:
    """Three posts in three scripts, two a page."""
    blog = BlogSimulator(now=datetime(2024, 2, 28, 9, 0, tzinfo=UTC))
    blog.write(
        "Reporter Finds Her Hat", "A hat was lost in Lower Varnia.", "It came back on Tuesday.",
        slug="hat", when=datetime(2024, 2, 26, 8, 0, tzinfo=UTC),
    )  # fmt: skip
    blog.write(
        "Газета закрыта", "Редакцию закрыли вчера вечером, а журналисты ушли домой.",
        slug="newspaper", when=datetime(2024, 2, 27, 8, 0, tzinfo=UTC),
    )  # fmt: skip
    blog.write(
        "أُغلِقت الصحيفة", "أُغلقت المدرسة أمس مساءً وذهب الجميع إلى البيت.",
        slug="school", when=datetime(2024, 2, 28, 8, 0, tzinfo=UTC),
    )  # fmt: skip
    return blog


@pytest.fixture
def watch(tmp_path: Path, blog: BlogSimulator) -> Iterator[Watch]:
    """An empty archive of the blog."""
    watch = Watch(tmp_path / "collection", blog)
    yield watch
    watch.close()
