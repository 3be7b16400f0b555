"""What a run left in the archive folder: its closed WARC files, and every record as the gzip member that it is."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from archive.collection import Collection
from archive.errors import DamagedRecordError
from archive.evidence.seal import record_name
from archive.model import Route, RunEnd, RunStart, Sha256, sha256_of
from archive.warc import RunEnded, RunStarted, groups, members, walk, warc_files

_RUN = re.compile(rb"(?m)^vigil-run: (\S+)")
_ROUTE = re.compile(rb"(?m)^vigil-route: (\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedFile:
    """A closed WARC file: its SHA-256, its records' names and digests in order, and where the last of them lies."""

    name: str
    digest: Sha256
    last_offset: int
    records: tuple[tuple[str, Sha256], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFiles:
    """The closed WARC files of a run, in the order of writing."""

    run: str
    route: Route
    paths: tuple[Path, ...]


def runs_of(collection: Collection) -> tuple[RunFiles, ...]:
    """Name every run and its files, in the order of writing; a run with a file that is still open is left out.

    Raises:
        StorageError: the disk refused.
    """
    paths: dict[str, list[Path]] = {}
    routes: dict[str, Route] = {}
    opened: set[str] = set()
    for path in warc_files(collection):
        told = run_of(path)
        if told is None:
            continue
        run, routes[told[0]] = told
        paths.setdefault(run, []).append(path)
        if path.name.endswith(".open"):
            opened.add(run)
    return tuple(
        RunFiles(run=run, route=routes[run], paths=tuple(its)) for run, its in paths.items() if run not in opened
    )


def run_of(path: Path) -> tuple[str, Route] | None:
    """Say which run wrote a file, and by which route; ``None`` where its first record does not tell.

    Raises:
        StorageError: the disk refused.
    """
    try:
        first = next(walk(path), None)
    except DamagedRecordError:
        return None
    found = _RUN.search(first.block) if first else None
    if first is None or found is None:
        return None
    return found[1].decode("utf-8", "replace"), _route(first.block)


def _route(warcinfo: bytes) -> Route:
    found = _ROUTE.search(warcinfo)
    known = {route.value.encode(): route for route in Route}
    return Route.SITE if found is None else known.get(found[1], Route.TEST)


def facts_of(files: RunFiles, last_offset: int) -> tuple[RunStart | None, RunEnd | None]:
    """Give how a run began and ended, as its own records say; ``last_offset`` is where its very last record lies.

    Raises:
        DamagedRecordError: a record cannot be read.
        StorageError: the disk refused.
    """
    start = next((unit.start for unit in groups(files.paths[0]) if isinstance(unit, RunStarted)), None)
    last = next(walk(files.paths[-1], last_offset), None)
    if last is None or not (last.get("WARC-Target-URI") or "").endswith(":end"):
        return start, None
    ended = (unit.run_end for unit in groups(files.paths[-1], last_offset) if isinstance(unit, RunEnded))
    return start, next(ended, None)


def read_file(path: Path) -> SealedFile:
    """Read a whole file from disk and digest it, each of its records too; every block is held against its own digest.

    Raises:
        DamagedRecordError: a record cannot be read or fails its digest.
        IntegrityError: a record has an id that is none of ours.
        StorageError: the disk refused.
    """
    whole = hashlib.sha256()
    records: list[tuple[str, Sha256]] = []
    last_offset = 0
    for record, member in members(path):
        record.check()
        whole.update(member)
        last_offset = record.ref.offset
        records.append((record_name(record.type, record.ref.record_id), sha256_of(member)))
    return SealedFile(name=path.name, digest=Sha256(whole.hexdigest()), last_offset=last_offset, records=tuple(records))
