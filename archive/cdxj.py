"""CDXJ indexes of the WARC files, one beside each, as ``cdxj-indexer --sort`` writes them.

``indexes/NAME.cdxj`` belongs to ``archive/NAME``. pywb reads every file of that folder, so a night costs what the night
brought, whatever the archive's size; imported WARC and ARC files have theirs too. Files are written by cdxj-indexer
itself, which is asked for one file at a time.
"""

import base64
import hashlib
from concurrent.futures import Executor
from contextlib import redirect_stderr
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, TextIO

from archive.collection import Collection
from archive.errors import DamagedRecordError, StorageError
from archive.model import IMPORTS
from archive.warc.names import OPEN, warc_files

SUFFIX = ".cdxj"
_READABLE = (".warc", ".warc.gz", ".arc", ".arc.gz")


def cdxj_of(collection: Collection, warc: str) -> Path:
    """Say where the CDXJ of the WARC file named ``warc`` lies."""
    return collection.indexes / (warc + SUFFIX)


@dataclass(frozen=True, slots=True)
class _Job:
    """A WARC file, where its CDXJ goes, and the name by which replay software finds it in the archive folder."""

    warc: Path
    place: Path
    name: str


def write_missing(collection: Collection) -> int:
    """Write the CDXJ of each closed or imported WARC file that has none yet; give their number.

    Raises:
        DamagedRecordError: a WARC file of ours cannot be read.
        StorageError: the disk refused.
    """
    missing = [job for job in _jobs(collection) if not job.place.exists()]
    for job in missing:
        _write(job)
    return len(missing)


def write_all(collection: Collection, executor: Executor | None = None) -> None:
    """Write every CDXJ anew, and remove those of files that are not there.

    Raises:
        DamagedRecordError: a WARC file of ours cannot be read.
        StorageError: the disk refused.
    """
    jobs = _jobs(collection)
    for stale in set(collection.indexes.glob(f"*arc*{SUFFIX}")) - {job.place for job in jobs}:
        stale.unlink()
    for _ in (executor.map if executor else map)(_write, jobs):
        pass


def _write(job: _Job) -> None:
    """Write one CDXJ; it appears whole or not at all. That of an import which cdxj-indexer cannot read is empty."""
    part = job.place.with_name(job.place.name + ".part")
    try:
        job.place.parent.mkdir(parents=True, exist_ok=True)
        with part.open("w", encoding="utf-8", newline="\n") as file:
            try:
                with redirect_stderr(StringIO()):  # warcio prints there what the import has noted as faults
                    _index(job, file)
            except OSError:
                raise
            except Exception as error:
                if not job.name.startswith(IMPORTS):
                    hint = "Run `vigil verify`; it names every damaged record."
                    raise DamagedRecordError(f"cdxj-indexer cannot read {job.name}: {error}", hint=hint) from error
        part.replace(job.place)
    except OSError as error:
        raise StorageError(f"{job.place.name} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


def _index(job: _Job, file: TextIO) -> None:
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

    Indexer(file, [str(job.warc)], sort=True, filename=job.name).process_all()


def _jobs(collection: Collection) -> list[_Job]:
    own = [path for path in warc_files(collection) if not path.name.endswith(OPEN)]
    imports = [path for path in sorted(collection.imports.glob("*")) if path.name.endswith(_READABLE)]
    return [
        *(_Job(path, cdxj_of(collection, path.name), path.name) for path in own),
        *(_Job(path, cdxj_of(collection, path.name), IMPORTS + path.name) for path in imports),
    ]
