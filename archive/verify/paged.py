"""Checks of page records: against the index, and against the captures that they name."""

import sqlite3
from collections.abc import Iterator, Sequence

from archive.database import PAGES_VERSION
from archive.needs import PageRecord
from archive.verify.findings import REBUILD, FileScope, Finding, check
from archive.verify.listed import indexed_to
from archive.warc import Laid, LaidPage


@check
def index_pages(scope: FileScope, units: Sequence[Laid]) -> Iterator[Finding]:
    """The index lists exactly what the WARC files say that pages need: each member, and each thing left out."""
    if scope.db is None:
        return
    name = scope.name
    end = indexed_to(scope.db, name)
    laid = {
        unit.record.offset: _told(unit.page)
        for unit in units
        if isinstance(unit, LaidPage) and unit.record.offset < end
    }
    listed = dict(_listed_pages(scope.db, name))
    for offset in sorted(laid.keys() | listed.keys()):
        if laid.get(offset) != listed.get(offset):
            yield Finding(
                check="index-pages",
                file=name,
                offset=offset,
                found="no page record" if offset not in listed else "a page with other members or omissions",
                expected="no page record" if offset not in laid else "what the page record says",
                hint=REBUILD,
            )


@check
def page_members(scope: FileScope, units: Sequence[Laid]) -> Iterator[Finding]:
    """Every capture that a page record names, the page's own too, is in the archive."""
    if scope.db is None:
        return
    end = indexed_to(scope.db, scope.name)
    sql = "SELECT 1 FROM exchanges x JOIN runs r ON r.id = x.run_id WHERE r.uid = ? AND x.sequence = ?"
    for unit in units:
        if not isinstance(unit, LaidPage) or unit.record.offset >= end:
            continue
        page = unit.page
        named = [(page.of_run, page.of_sequence, page.url), *((one.run, one.sequence, one.url) for one in page.members)]
        for run, sequence, url in named:
            if scope.db.execute(sql, (run, sequence)).fetchone() is None:
                yield Finding(
                    check="page-members",
                    file=unit.record.file,
                    offset=unit.record.offset,
                    record=unit.record.record_id,
                    found=f"exchange {sequence} of run {run}, {url}, is not in the archive",
                    expected="every capture that the page needs",
                    hint="Bring its WARC file back from a copy: the page cannot be shown whole without it.",
                )


def _told(page: PageRecord) -> object:
    return (
        (page.of_run, page.of_sequence),
        [(one.role.value, one.run, one.sequence) for one in page.members],
        [(one.role.value, one.kind.value, one.url, one.reason) for one in page.left_out],
    )


def _listed_pages(db: sqlite3.Connection, file: str) -> Iterator[tuple[int, object]]:
    """Give each page of a file by the offset of its record, as the index has it; none of an index before pages."""
    if int(db.execute("PRAGMA user_version").fetchone()[0]) < PAGES_VERSION:
        return
    sql = (
        "SELECT p.id, p.offset, r.uid, x.sequence FROM pages p JOIN files f ON f.id = p.file_id "
        "LEFT JOIN exchanges x ON x.id = p.capture_id LEFT JOIN runs r ON r.id = x.run_id WHERE f.name = ?"
    )
    members = (
        "SELECT m.role, r.uid, x.sequence, m.missing FROM page_members m LEFT JOIN exchanges x ON x.id = m.capture_id "
        "LEFT JOIN runs r ON r.id = x.run_id WHERE m.page_id = ? ORDER BY m.position"
    )
    left_out = "SELECT role, kind, url, reason FROM page_omissions WHERE page_id = ? ORDER BY position"
    for row in db.execute(sql, (file,)):
        needed = []
        for one in db.execute(members, (row["id"],)):
            run, sequence = (one["uid"], one["sequence"]) if one["missing"] is None else one["missing"].split(" ")[:2]
            needed.append((one["role"], run, int(sequence)))
        lacks = [tuple(one) for one in db.execute(left_out, (row["id"],))]
        yield int(row["offset"]), ((row["uid"], row["sequence"]), needed, lacks)


FILE_CHECKS = (index_pages, page_members)
