"""A sound archive, made once, and copies of it to tamper with."""

import shutil
from pathlib import Path

import pytest

from archive.collection import Collection
from archive.warc import warc_files
from tests.cli.archives import build


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    """A sound archive; not to be changed."""
    return build(tmp_path_factory.mktemp("sound") / "collection")


@pytest.fixture
def copy(sound: Collection, tmp_path: Path) -> Collection:
    """One that may be changed."""
    shutil.copytree(sound.root, tmp_path / "copy")
    for path in warc_files(Collection(tmp_path / "copy")):
        path.chmod(0o644)
    return Collection(tmp_path / "copy")
