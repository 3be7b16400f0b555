"""What the index knows of earlier imports: how far a file was read, and which records are held already."""

from archive.database import micros
from archive.importing.captures import Held
from archive.importing.originals import Source
from archive.index import Index
from archive.model import Capture
from archive.query.rows import CAPTURES, capture_of
from archive.warc.imported import Original
from archive.warc.notes import parse_warc_date, warc_date

WHOLE = "whole file"
"""Why a run ended that read its file to the end."""


def where_to_go_on(index: Index, source: Source) -> int | None:
    """Say at which offset a file is to be read on; None where all of it was."""
    sql = "SELECT stop_reason, resume_at FROM runs WHERE mode = ? AND ended IS NOT NULL ORDER BY id DESC LIMIT 1"
    row = index.one(sql, source.key)
    if row is None:
        return source.start
    return None if row["stop_reason"] == WHOLE else int(row["resume_at"])


def laid_before(index: Index, source: Source) -> tuple[set[int], set[str]]:
    """Give the offsets and faults that killed runs over a file laid down."""
    of = "FROM runs r WHERE r.mode = ? AND r.ended IS NULL"
    offsets = index.execute(
        "SELECT c.offset FROM exchanges x JOIN captures c ON c.url_id = x.url_id AND c.time = x.time "  # noqa: S608
        f"AND c.capture_id = x.id WHERE x.run_id IN (SELECT r.id {of})",
        source.key,
    )
    faults = index.execute(f"SELECT reason FROM omissions WHERE run_id IN (SELECT r.id {of})", source.key)  # noqa: S608
    return {row[0] for row in offsets}, {row[0] for row in faults}


def holds(index: Index, capture: Capture) -> bool:
    """Tell whether the archive holds that very record already, by whatever way it came."""
    sql = (
        "SELECT 1 FROM urls u JOIN captures c ON c.url_id = u.id JOIN exchanges x ON x.id = c.capture_id "
        "WHERE u.url = ? AND c.time = ? AND x.record_id = ? LIMIT 1"
    )
    return index.one(sql, capture.url, micros(capture.time), capture.record.record_id) is not None


def held(index: Index, url: str, date: str) -> Held | None:
    """Find an imported response by URL and WARC-Date."""
    try:
        time = parse_warc_date(date)
    except ValueError:
        return None
    where = "WHERE u.url = ? AND c.time = ? AND c.kind = 1 AND f.name LIKE 'imports/%' ORDER BY x.id LIMIT 1"
    row = index.one(CAPTURES + where, url, micros(time))
    if row is None:
        return None
    capture = capture_of(row)
    return Original(record=capture.record, uri=capture.url, date=warc_date(capture.time)), capture
