"""Checks of the WARC files and of single records."""

import mmap
import re
from collections.abc import Iterator
from pathlib import Path

from archive.errors import DamagedRecordError, StorageError
from archive.model import sha256_of
from archive.verify.findings import RESTORE, FileRead, FileScope, Finding, Scope, about, check
from archive.warc import Record, members, walk

_SERIAL = re.compile(r"-(\d{5,})-[^-]+\.warc\.gz$")
_MEMBER = b"\x1f\x8b\x08"


@check
def file_closed(scope: Scope) -> Iterator[Finding]:
    """Every WARC file is closed.

    A file that still ends in ``.open`` while nobody writes was left by a crash: its end may be torn. A file that ends
    in ``.invalid`` did not read back as it was written.
    """
    for path in sorted(scope.collection.warcs.glob("*.warc.gz.*")):
        if path.name.removesuffix(".open") in scope.live:
            continue
        is_open = path.name.endswith(".open")
        yield Finding(
            check="file-closed",
            file=path.name,
            found="it was left open" if is_open else "it is no closed WARC file",
            expected="a name that ends in .warc.gz",
            hint="The next `vigil crawl` closes it at its last whole exchange." if is_open else RESTORE,
        )


@check
def file_series(scope: Scope) -> Iterator[Finding]:
    """The serial numbers in the names of the WARC files leave nothing out and come once each.

    They count from 1 over the whole collection, so a gap is a file that was taken away.
    """
    numbered = [(int(found[1]), path.name) for path in scope.files if (found := _SERIAL.search(_closed(path)))]
    last = 0
    for serial, name in sorted(numbered):
        if serial != last + 1:
            yield Finding(
                check="file-series",
                file=name,
                found=f"its serial number is {serial}",
                expected=f"{last + 1}",
                hint="Bring the missing WARC files back into the archive folder." if serial > last + 1 else RESTORE,
            )
        last = serial


@check
def file_foreign(scope: Scope) -> Iterator[Finding]:
    """Nothing but WARC files with names of ours, and the folder of imports, lies in the archive folder."""
    for path in sorted(scope.collection.warcs.iterdir()):
        if path == scope.collection.imports and path.is_dir() and not path.is_symlink():
            continue
        is_plain = path.is_file() and not path.is_symlink()
        if not re.search(_SERIAL.pattern.removesuffix("$") + r"(\.\w+)?$", path.name) or not is_plain:
            kind = "a link" if path.is_symlink() else "no plain file"
            yield Finding(
                check="file-foreign",
                file=path.name,
                found="a file that no run of ours wrote" if is_plain else kind,
                expected="files named PREFIX-TIME-SERIAL-HOST.warc.gz only",
                hint="Move it out of the archive folder, and find out who put it there.",
            )


@check
def record_readable(scope: FileScope) -> Iterator[Finding | tuple[Record, bytes]]:
    """Every byte of a WARC file belongs to a record that can be read.

    After a damaged record the next whole one is looked for, so that each is named.
    """
    start: int | None = 0
    while start is not None:
        try:
            for record, member in members(scope.path, start):
                yield record, member
                start = record.end
            if start == 0:
                yield _unread(scope.path, 0, "an empty file")
            return
        except DamagedRecordError as error:
            finding, start = _skip(scope.path, start, str(error))
            yield finding
        except StorageError as error:
            yield _unread(scope.path, start, f"bytes that the disk does not give ({error})")
            return


@check
def record_digest(scope: FileScope, record: Record) -> Iterator[Finding]:
    """Every record's block has the SHA-256 that its header states; a record without a digest proves nothing."""
    del scope
    stated = record.get("WARC-Block-Digest")
    actual = f"sha256:{sha256_of(record.block)}"
    if stated != actual:
        expected = stated or "a WARC-Block-Digest in the header"
        yield about(record.ref, "record-digest", f"a block with {actual}", expected, RESTORE)


@check
def record_unique(scope: Scope, read: FileRead) -> Iterator[Finding]:
    """No two records of the archive have the same WARC-Record-ID."""
    known = scope.ids.take({record_id for record_id, _ in read.ids if record_id})
    for record_id, offset in read.ids:
        if record_id and record_id not in known:
            known.add(record_id)
            continue
        yield Finding(
            check="record-unique",
            file=read.name,
            offset=offset,
            record=record_id or None,
            found="an id that an earlier record has" if record_id else "no WARC-Record-ID",
            expected="an id of its own",
            hint="A record or file was copied; keep the one that the index lists." if record_id else RESTORE,
        )


@check
def record_warcinfo(scope: FileScope, record: Record) -> Iterator[Finding]:
    """Every file begins with a warcinfo record that states the file's name, and every other record names it."""
    name = record.ref.file
    if record.ref.offset == 0:
        scope.warcinfo = record.ref.record_id if record.type == "warcinfo" else None
        stated = record.get("WARC-Filename")
        if record.type != "warcinfo":
            yield about(record.ref, "record-warcinfo", f"a {record.type} record", "a warcinfo record first", RESTORE)
        elif stated != name:
            hint = "The file was renamed: give it the name that it states."
            yield about(record.ref, "record-warcinfo", f"the file is called {name}", str(stated), hint)
    elif scope.warcinfo is not None and record.get("WARC-Warcinfo-ID") != scope.warcinfo:
        found = record.get("WARC-Warcinfo-ID") or "no WARC-Warcinfo-ID"
        yield about(
            record.ref, "record-warcinfo", found, scope.warcinfo, "The record was brought in from another file."
        )


def _unread(path: Path, offset: int, found: str) -> Finding:
    return Finding(
        check="record-readable",
        file=_closed(path),
        offset=offset,
        found=found,
        expected="a WARC record in a gzip member of its own",
        hint=RESTORE,
    )


def _skip(path: Path, start: int, why: str) -> tuple[Finding, int | None]:
    """Tell of a damaged record, and find where the next one begins."""
    try:
        following = _next_member(path, start)
        length = (following or path.stat().st_size) - start
    except OSError as error:
        return _unread(path, start, f"bytes that the disk does not give ({error})"), None
    return _unread(path, start, f"{length} bytes that are no whole record ({why})"), following


def _closed(path: Path) -> str:
    return path.name.removesuffix(".open")


def _next_member(path: Path, start: int) -> int | None:
    """Find where the next readable record after a damaged one begins."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = data.find(_MEMBER, start + 1)
        while at >= 0:
            try:
                next(walk(path, at))
            except (DamagedRecordError, StopIteration):
                at = data.find(_MEMBER, at + 1)
            else:
                return at
    return None


FOLDER_CHECKS = (file_closed, file_series, file_foreign)
RECORD_CHECKS = (record_digest, record_warcinfo)
