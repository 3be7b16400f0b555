"""What stories need: a blog with an archive of it, and the desk of who looks after one."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.replica import ReplicaServer, fictional_blog
from tests.stories.desk import Desk, one_night
from tests.stories.story import Story
from tests.webhook import Webhook, listening


@pytest.fixture
def story(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Story]:
    """A blog of some dozen posts; ``@pytest.mark.parametrize("story", [n], indirect=True)`` for another size."""
    blog = fictional_blog(posts=getattr(request, "param", 24))
    with ReplicaServer(blog, has_tls=True) as server:
        yield Story(blog=blog, server=server, folder=tmp_path)


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with listening() as hook:
        yield hook


@pytest.fixture(scope="session")
def first_collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The collection after one night; not to be changed."""
    return one_night(tmp_path_factory.mktemp("first-night"))


@pytest.fixture
def desk(tmp_path: Path, first_collection: Path, webhook: Webhook) -> Desk:
    """A desk over a copy of it."""
    shutil.copytree(first_collection, tmp_path / "collection")
    made = Desk(folder=tmp_path, hook=webhook)
    made.write()
    return made
