"""What every story of bad luck asks afterwards: what was asked of the blog, what was kept, and is it sound?"""

from pathlib import Path
from tempfile import TemporaryDirectory

from archive.indexer import whole_units
from archive.verify import Round, index_anew
from archive.warc import LaidExchange, warc_files
from crawler.replica.model import CANONICAL_HOST
from tests.stories.conftest import Story


def asked(story: Story, since: int = 0) -> list[str]:
    """What the blog was asked, in order, from its request number ``since`` on."""
    return [f"https://{one.host}{one.target}" for one in story.server.log[since:]]


def kept(story: Story) -> list[str]:
    """What was asked and lies in the files, whole, in order; a file that was left open may have a torn end."""
    units = [unit for path in warc_files(story.collection) for unit in whole_units(path)]
    return [unit.capture.url for unit in units if isinstance(unit, LaidExchange)]


def pages(story: Story) -> set[str]:
    """The posts' own pages."""
    return {f"https://{CANONICAL_HOST}{post.path}" for post in story.blog.everything()}


def omitted(story: Story, kind: str) -> list[str]:
    """What the runs left out for such a reason, in order."""
    return [str(url) for (url,) in story.rows("SELECT url FROM omissions WHERE kind = ? ORDER BY id", kind)]


def last_run(story: Story, columns: str) -> tuple[object, ...]:
    """What the index says of the run that began last."""
    return story.rows(f"SELECT {columns} FROM runs ORDER BY id DESC LIMIT 1")[0]


def assert_sound(story: Story) -> None:
    """Nothing is found by ``verify``, the index equals one made from the records, and nothing lies about half done."""
    assert list(Round(story.collection).findings()) == []
    with TemporaryDirectory() as scratch:
        assert list(index_anew(story.collection, Path(scratch), 1, lambda _done, _size: None)) == []
    left = [*story.collection.warcs.glob("*.open"), *story.collection.logs.glob("*.asked")]
    assert left == []


def assert_whole(story: Story) -> None:
    """Every post of the blog is archived, once, the walk came to its end, and all is sound."""
    assert story.archived() == story.published()
    assert last_run(story, "is_walk_complete") == (1,)
    assert_sound(story)
