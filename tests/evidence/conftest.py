"""A sealed archive, made once, and copies of it to tamper with."""

from pathlib import Path

import pytest

from tests.evidence.makers import Sealed, build_sealed


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    """A sealed archive; not to be changed."""
    return build_sealed(tmp_path_factory.mktemp("sealed"))


@pytest.fixture
def copy(sound: Sealed, tmp_path: Path) -> Sealed:
    """One that may be changed."""
    return sound.copied(tmp_path / "copy")
