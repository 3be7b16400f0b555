"""Record ids are told apart exactly, at memory that does not grow with the archive."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.verify import ids as module
from archive.verify.ids import Ids

NAMED = st.uuids().map(lambda one: f"<urn:uuid:{one}>")
TRICKY = st.sampled_from(
    (
        "<urn:uuid:00000000-0000-4000-8000-00000000000a>",
        "<urn:uuid:00000000-0000-4000-8000-00000000000A>",
        "urn:uuid:00000000-0000-4000-8000-00000000000a",
        "<urn:uuid:0000000000004000800000000000000a>",
        "<http://lantern.example/1>",
        "\0" * 16,
        "\0" * 15 + "\n",
        "\udcff",
    )
)


@given(st.lists(st.sets(st.one_of(NAMED, TRICKY, st.text(st.characters(), min_size=1)), max_size=6), max_size=8))
def test_ids_that_an_earlier_file_has_are_told_and_no_others(files: list[set[str]]) -> None:
    met: set[str] = set()
    with closing(Ids()) as ids:
        for file in files:
            assert ids.take(file) == file & met
            met |= file


def test_memory_does_not_grow_with_the_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CACHE_KIB", 512)
    with closing(Ids()) as ids:
        assert ids.take(set(_names(0))) == set()
        before = _resident()
        for file in range(1, 30):
            assert ids.take(set(_names(file))) == set()
        assert _resident() - before < 20_000_000, "a set of these 290,000 takes 45 MB"
        assert ids.take({*_names(3)[:2], *_names(30)[:2]}) == set(_names(3)[:2])


def test_full_folder_for_temporary_files_is_told_with_what_to_do() -> None:
    code = (
        "import resource; from archive.errors import StorageError; from archive.verify import ids\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); ids._CACHE_KIB = 16\n"
        "try: ids.Ids().take({f'<urn:uuid:{n:08x}-0000-4000-8000-000000000000>' for n in range(50_000)})\n"
        "except StorageError as error: print(error.hint)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "Make room there, or name another folder: TMPDIR=/folder vigil verify.\n", done.stderr


def _names(file: int) -> list[str]:
    return [f"<urn:uuid:{number:08x}-0000-4000-8000-{file:012x}>" for number in range(10_000)]


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
