"""CDXJ indexes of the WARC files, one beside each, as ``cdxj-indexer --sort`` writes them.

``indexes/NAME.cdxj`` belongs to ``archive/NAME``. pywb reads every file of that folder, so a night costs what the night
brought, whatever the archive's size. Files are written by cdxj-indexer itself, which is asked for one file at a time.
"""

import base64
import hashlib
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, TextIO

from archive.collection import Collection
from archive.errors import DamagedRecordError, StorageError
from archive.warc.names import OPEN, warc_files

SUFFIX = ".cdxj"


def cdxj_of(collection: Collection, warc: str) -> Path:
    """Say where the CDXJ of the WARC file named ``warc`` lies."""
    return collection.indexes / (warc + SUFFIX)


def write_missing(collection: Collection) -> int:
    """Write the CDXJ of each closed WARC file that has none yet; give their number.

    Raises:
        DamagedRecordError: a WARC file cannot be read.
        StorageError: the disk refused.
    """
    missing = [path for path in _closed(collection) if not cdxj_of(collection, path.name).exists()]
    for path in missing:
        write_cdxj(path, cdxj_of(collection, path.name))
    return len(missing)


def write_all(collection: Collection, executor: Executor | None = None) -> None:
    """Write the CDXJ of every closed WARC file anew, and remove those of files that are not there.

    Raises:
        DamagedRecordError: a WARC file cannot be read.
        StorageError: the disk refused.
    """
    places = {path: cdxj_of(collection, path.name) for path in _closed(collection)}
    for stale in set(collection.indexes.glob(f"*.warc.gz{SUFFIX}")) - set(places.values()):
        stale.unlink()
    for _ in (executor.map if executor else map)(write_cdxj, places.keys(), places.values()):
        pass


def write_cdxj(warc: Path, place: Path) -> None:
    """Write the CDXJ of one WARC file; it appears whole or not at all.

    Raises:
        DamagedRecordError: the WARC file cannot be read.
        StorageError: the disk refused.
    """
    part = place.with_name(place.name + ".part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with part.open("w", encoding="utf-8", newline="\n") as file:
            _index(warc, file)
        part.replace(place)
    except OSError as error:
        raise StorageError(f"{place.name} cannot be written: {error.strerror}") from error
    except Exception as error:
        raise DamagedRecordError(
            f"cdxj-indexer cannot read {warc.name}: {error}", hint="Run `vigil verify`; it names every damaged record."
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _index(warc: Path, file: TextIO) -> None:
    from cdxj_indexer.main import CDXJIndexer  # noqa: PLC0415  takes a while, and no reading command needs it

    class Indexer(CDXJIndexer):  # type: ignore[misc]  # it ships no types
        """Computes a digest that a record does not state as warcio does, without its files that stay open."""

        def _get_digest(self, record: Any, name: str) -> str:  # noqa: ANN401
            stated = record.rec_headers.get_header(name)
            if stated:
                return str(stated)
            digest = hashlib.sha1(usedforsecurity=False)
            while data := record.raw_stream.read(1 << 16):
                digest.update(data)
            return "sha1:" + base64.b32encode(digest.digest()).decode("ascii")

    Indexer(file, [str(warc)], sort=True).process_all()


def _closed(collection: Collection) -> list[Path]:
    return [path for path in warc_files(collection) if not path.name.endswith(OPEN)]
