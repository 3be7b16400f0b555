"""The archive, or some posts of it, as one WACZ file (specs.webrecorder.net/wacz/1.1.1), streamed.

Gzip members are copied as they lie in the WARC files, never made anew. The bytes depend on the archive, on what was
asked for and on this software only: ``created`` is the time of the newest capture in it. The layout is the one that
py-wacz, ReplayWeb.page and pywb agree on: no folders as members, names of resources in lower case, two levels of paths.
"""

import hashlib
import json
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import merge
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import IO, TYPE_CHECKING

from archive import __version__
from archive.cdxj import cdxj_of, write_missing
from archive.collection import Collection
from archive.database import micros, warc_date
from archive.errors import IntegrityError, NotFoundError, UsageError
from archive.export.picking import Member, Picked, pick
from archive.query import Archive, Filters

if TYPE_CHECKING:
    import sqlite3

_CHUNK = 1 << 20
_TIME = (1980, 1, 1, 0, 0, 0)
# ReplayWeb.page takes a member without extra fields in the ZIP's directory for one without any before its bytes, and
# zipfile writes those of ZIP64 there only where they are needed. This one says nothing, and stands in both places.
_MARK = b"vg\0\0"
SELECTION = "selection.warc.gz"
"""The one WARC file of a WACZ that holds some posts only."""
SEALS = "seals/seals.tar"
"""Our own seals: a tar, since py-wacz looks at the last two parts of a path only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What is in a WACZ: WARC files, records of a selection (0 where whole files were taken), pages, bytes of WARC."""

    files: int
    records: int
    pages: int
    warc_bytes: int


def export_wacz(
    archive: Archive,
    collection: Collection,
    output: Path,
    *,
    filters: Filters | None = None,
    query: str | None = None,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Made:
    """Write ``output``; it appears when it is whole. Memory stays flat.

    Without filter and words: every closed WARC file. With them: the captures of the posts that fit, each with its
    request, metadata and certificates, and whatever holds the payload of a revisit.

    Raises:
        UsageError: ``output`` is there already, or does not end in ``.wacz``.
        QueryError: the search expression cannot be read.
        NotFoundError: nothing fits.
        IntegrityError: the original of a revisit is not in the archive, or a WARC file cannot be read.
        OSError: the disk refused; nothing is left behind.
    """
    if output.suffix != ".wacz":
        raise UsageError(f"{output} does not end in .wacz", hint="The standard asks for that ending.")
    if output.exists():
        raise UsageError(f"{output} is there already", hint="Choose another name, or move that away.")
    write_missing(collection)
    picked = pick(archive, collection, filters or Filters(), query)
    if not picked.members:
        raise NotFoundError("there is nothing to hand on", hint="vigil list shows which posts are held.")
    part = output.with_name(f"{output.name}.part")
    try:
        with part.open("xb") as file:
            made = _Package(file, picked, progress).write(archive, collection)
        part.replace(output)
    except FileExistsError:
        hint = "Another export is writing it, or one was cut off: then remove it."
        raise UsageError(f"{part} is there already", hint=hint) from None
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return made


class _Package:
    """A WACZ being written."""

    def __init__(self, file: IO[bytes], picked: Picked, progress: Callable[[int, int], None]) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, strict_timestamps=False)
        self._picked = picked
        self._progress = progress
        self._done = 0
        self._resources: list[dict[str, object]] = []
        self._pages = 0
        self._first: tuple[str, str] | None = None
        self._newest = 0

    def write(self, archive: Archive, collection: Collection) -> Made:
        picked = self._picked
        with self._zip:
            for name, members in picked.files(SELECTION):
                size = sum(member.length for member in members)
                self._add(f"archive/{name}", self._warc(members), size=size)
            self._add("indexes/index.cdxj", self._lines(archive, collection), is_packed=True)
            self._add("pages/pages.jsonl", self._page_lines(archive), is_packed=True)
            if picked.is_whole:
                self._add("pages/extraPages.jsonl", self._extra_lines(archive), is_packed=True, name="extrapages.jsonl")
            seals = _seals(collection, picked.runs)
            if seals:
                self._add(SEALS, iter([seals]), size=len(seals))
            self._describe(archive)
        return Made(
            files=len(list(picked.files(SELECTION))),
            records=0 if picked.is_whole else len(picked.members),
            pages=self._pages,
            warc_bytes=picked.bytes,
        )

    def _add(
        self, path: str, chunks: Iterator[bytes], *, size: int = 0, is_packed: bool = False, name: str | None = None
    ) -> str:
        info = zipfile.ZipInfo(path, _TIME)
        info.create_system = 3
        info.external_attr = 0o100644 << 16
        info.compress_type = zipfile.ZIP_DEFLATED if is_packed else zipfile.ZIP_STORED
        info.file_size = size
        is_large = is_packed or size * 1.05 > zipfile.ZIP64_LIMIT
        info.extra = _MARK if is_large else b""
        digest = hashlib.sha256()
        written = 0
        with self._zip.open(info, "w", force_zip64=is_large) as member:
            for chunk in chunks:
                member.write(chunk)
                digest.update(chunk)
                written += len(chunk)
        name = name or path.rpartition("/")[2].lower()
        told = f"sha256:{digest.hexdigest()}"
        self._resources.append({"name": name, "path": path, "hash": told, "bytes": written})
        return told

    def _warc(self, members: Iterable[Member]) -> Iterator[bytes]:
        for member in members:
            with member.path.open("rb") as file:
                file.seek(member.offset)
                left = member.length
                while left:
                    chunk = file.read(min(left, _CHUNK))
                    if not chunk:
                        raise IntegrityError(f"{member.path.name} ends early", hint="Run `vigil verify`.")
                    left -= len(chunk)
                    self._done += len(chunk)
                    yield chunk
            self._progress(self._done, self._picked.bytes)

    # --- the index ---------------------------------------------------------------------------------

    def _lines(self, archive: Archive, collection: Collection) -> Iterator[bytes]:
        with ExitStack() as opened:
            streams: list[Iterable[str]] = []
            if self._picked.is_whole:
                for member in self._picked.members:
                    lines = opened.enter_context(cdxj_of(collection, member.path.name).open(newline="\n"))
                    streams.append(_exact(archive, member.path.name, lines))
            else:
                for file, its in self._picked.places().items():
                    lines = opened.enter_context(cdxj_of(collection, file).open(newline="\n"))
                    streams.append(_moved(_exact(archive, file, lines), its))
            for line in merge(*streams):
                yield line.encode()

    # --- the pages -----------------------------------------------------------------------------------

    def _page_lines(self, archive: Archive) -> Iterator[bytes]:
        yield _json_line({"format": "json-pages-1.0", "id": "pages", "title": "Posts", "hasText": True})
        for row in archive.db.execute(_PAGES.format(which=self._picked.which_posts), self._picked.values):
            if row["file"] in self._picked.closed:
                self._pages += 1
                self._newest = max(self._newest, row["time"])
                self._first = self._first or (row["url"], warc_date(row["time"]))
                yield _page_line(row)

    def _extra_lines(self, archive: Archive) -> Iterator[bytes]:
        yield _json_line({"format": "json-pages-1.0", "id": "extra-pages", "title": "Listings"})
        for row in archive.db.execute(_LISTINGS):
            if row["file"] in self._picked.closed:
                self._newest = max(self._newest, row["time"])
                yield _page_line(row)

    def _describe(self, archive: Archive) -> None:
        time = warc_date(self._newest or self._picked.newest)
        is_test = archive.db.execute("SELECT 1 FROM runs WHERE route = 'test-route' LIMIT 1").fetchone()
        warning = "Made by test runs: these are NO captures of the real site. " if is_test else ""
        described: dict[str, object] = {
            "profile": "data-package",
            "title": "Posts of " + ", ".join(self._picked.sites),
            "description": f"{warning}Made by `vigil export --wacz`. Gzip members are those of the archive, byte for "
            f"byte; its seals, where it has any, are in `{SEALS}`.",
            "created": time,
            "modified": time,
            "software": f"vigil/{__version__}",
            "wacz_version": "1.1.1",
            "resources": self._resources,
        }
        if self._first is not None:
            described |= {"mainPageUrl": self._first[0], "mainPageDate": self._first[1]}
        data = json.dumps(described, ensure_ascii=False, indent=2).encode()
        told = self._add("datapackage.json", iter([data]), size=len(data))
        digest = json.dumps({"path": "datapackage.json", "hash": told}, indent=2).encode()
        self._add("datapackage-digest.json", iter([digest]), size=len(digest))


_TIME_OF = """\
SELECT c.time FROM urls u JOIN captures c ON c.url_id = u.id JOIN files f ON f.id = c.file_id
WHERE u.url = ? AND c.time >= ? AND c.time < ? + 1000000 AND f.name = ? AND c.offset = ?"""
_PLACE = """\
JOIN urls u ON u.id = x.url_id JOIN captures c ON c.url_id = x.url_id AND c.time = x.time AND c.capture_id = x.id
JOIN files f ON f.id = c.file_id
"""
_PAGES = f"""\
SELECT u.url, x.time, x.record_id, f.name AS file, t.title, t.text
FROM readings d JOIN exchanges x ON x.id = d.capture_id {_PLACE}JOIN texts t ON t.id = d.text_id
WHERE d.is_first = 1 AND x.purpose = 'post'{{which}} ORDER BY x.time, x.id"""  # noqa: S608 (ours, above)
_LISTINGS = f"""\
SELECT u.url, x.time, x.record_id, f.name AS file, NULL AS title, NULL AS text FROM exchanges x {_PLACE}
WHERE x.purpose IN ('listing', 'day-page') AND c.status = 200 ORDER BY x.time, x.id"""  # noqa: S608 (ours, above)


def _exact(archive: Archive, file: str, lines: Iterable[str]) -> Iterator[str]:
    """Give the lines of a file's CDXJ with the milliseconds of its captures, in their order.

    A revisit names its original by URL and time to the microsecond; ReplayWeb.page takes the first line at or after it.
    """
    for _, same in groupby(lines, key=lambda line: line.split(" ", 2)[:2]):
        yield from sorted(_timed(archive, file, line) for line in same)


def _timed(archive: Archive, file: str, line: str) -> str:
    key, time, rest = line.split(" ", 2)
    fields = json.loads(rest)
    second = micros(datetime.strptime(time, "%Y%m%d%H%M%S").replace(tzinfo=UTC))
    values = (fields["url"], second, second, file, int(fields["offset"]))
    row = archive.db.execute(_TIME_OF, values).fetchone()
    return line if row is None else f"{key} {time}{row['time'] // 1000 % 1000:03} {rest}"


def _moved(lines: Iterable[str], places: Mapping[int, int]) -> list[str]:
    """Give the lines of the records taken from a file, as they lie in the selection."""
    found = []
    for line in lines:
        key, time, rest = line.split(" ", 2)
        fields = json.loads(rest)
        place = places.get(int(fields["offset"]))
        if place is not None:
            fields |= {"offset": str(place), "filename": SELECTION}
            found.append(f"{key} {time} {json.dumps(fields)}\n")
    return sorted(found)


def _page_line(row: "sqlite3.Row") -> bytes:
    page = {"id": row["record_id"][10:-1], "url": row["url"], "ts": warc_date(row["time"])}
    return _json_line(page | {name: row[name] for name in ("title", "text") if row[name] is not None})


def _json_line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def _seals(collection: Collection, runs: frozenset[str] | None) -> bytes:
    """Pack the seals of these runs, or all, with the log over all seals; nothing where nothing is sealed."""
    top = collection.root / "seals"
    wanted = [
        path
        for path in sorted(top.rglob("*"))
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(top).parts)
    ]
    if runs is not None:
        wanted = [path for path in wanted if _is_of(path.relative_to(top).parts[0], runs)]
    if not any(path.relative_to(top).parts[0] != "log" for path in wanted):
        return b""
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in wanted:
            data = path.read_bytes()
            entry = tarfile.TarInfo(str(path.relative_to(top)))
            entry.size = len(data)
            tar.addfile(entry, BytesIO(data))
    return packed.getvalue()


def _is_of(folder: str, runs: frozenset[str]) -> bool:
    return folder == "log" or any(folder == run or folder.startswith(f"{run}.") for run in runs)
