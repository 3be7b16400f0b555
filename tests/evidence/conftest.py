"""A sealed archive, made once, and copies of it to tamper with."""

from copy import copy as shallow_copy
from pathlib import Path

import pytest

from tests.evidence.makers import Sealed, build_sealed
from tests.evidence.packing import Bench, make_bench


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    """A sealed archive; not to be changed."""
    return build_sealed(tmp_path_factory.mktemp("sealed"))


@pytest.fixture
def copy(sound: Sealed, tmp_path: Path) -> Sealed:
    """One that may be changed."""
    return sound.copied(tmp_path / "copy")


@pytest.fixture(scope="session")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A good package; not to be changed."""
    folder = tmp_path_factory.mktemp("package")
    return make_bench(build_sealed(folder / "sealed"), folder)


@pytest.fixture
def bench(packed: Bench) -> Bench:
    """A good package to tamper with."""
    fresh = shallow_copy(packed)
    fresh.files, fresh.links = dict(packed.files), {}
    return fresh
