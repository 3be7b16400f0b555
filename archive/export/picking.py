"""Which gzip members of which WARC files go into a WACZ."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from archive.collection import Collection
from archive.errors import IntegrityError
from archive.evidence.gather import certificates_of, refs_of, refuse_missing
from archive.model import Capture, Purpose, RecordRef
from archive.query import Archive, Filters
from archive.query.posts import where
from archive.query.rows import CAPTURES, capture_of
from archive.query.syntax import to_fts5
from archive.warc import walk, warc_files
from archive.warc.names import OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A stretch of a WARC file: one gzip member, or all of them."""

    path: Path
    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """What goes into a WACZ, in the order in which it lies there.

    ``which_posts`` is a condition on the alias ``d`` of readings, with its ``values``; ``closed`` are the WARC files
    whose captures may be pages. ``runs`` are the runs of a selection, None for the whole archive. ``newest`` is the
    time of the newest capture, in microseconds.
    """

    members: tuple[Member, ...]
    is_whole: bool
    closed: frozenset[str]
    newest: int
    sites: tuple[str, ...]
    runs: frozenset[str] | None = None
    which_posts: str = ""
    values: tuple[str | int, ...] = ()

    @property
    def bytes(self) -> int:
        """Bytes of WARC."""
        return sum(member.length for member in self.members)

    def files(self, selection: str) -> Iterator[tuple[str, list[Member]]]:
        """Give the WARC files to write, each with what goes into it; a selection is one file of that name."""
        if self.is_whole:
            yield from ((member.path.name, [member]) for member in self.members)
        else:
            yield selection, list(self.members)

    def places(self) -> dict[str, dict[int, int]]:
        """Say, file by file, at which offset of the selection each member lies, by the offset in its own file."""
        found: dict[str, dict[int, int]] = {}
        offset = 0
        for member in self.members:
            found.setdefault(member.path.name, {})[member.offset] = offset
            offset += member.length
        return found


def pick(archive: Archive, collection: Collection, filters: Filters, query: str | None) -> Picked:
    """Choose what goes into a WACZ: all closed files, or the records of the posts that fit.

    Raises:
        QueryError: the search expression cannot be read.
        IntegrityError: the original of a revisit is not in the archive.
    """
    paths = [path for path in warc_files(collection) if not path.name.endswith(OPEN)]
    closed = frozenset(path.name for path in paths)
    row = archive.db.execute("SELECT max(time) FROM exchanges").fetchone()
    newest = row[0] or 0
    sites = tuple(name for (name,) in archive.db.execute("SELECT name FROM sites ORDER BY id"))
    if filters == Filters() and query is None:
        _refuse_dangling(archive)
        members = tuple(Member(path=path, offset=0, length=path.stat().st_size) for path in paths)
        return Picked(members=members, is_whole=True, closed=closed, newest=newest, sites=sites)
    conditions, values = where(filters)
    if query is not None:
        conditions += " AND v.text_id IN (SELECT rowid FROM texts_fts WHERE texts_fts MATCH ?)"
        values.append(to_fts5(query))
    posts = f"(SELECT p.id {_FITTING}{conditions})"
    refs, runs = _records(archive, collection, posts, tuple(values))
    return Picked(
        members=_in_order(paths, refs),
        is_whole=False,
        closed=closed,
        newest=newest,
        sites=sites if filters.site is None else (filters.site,),
        runs=runs,
        which_posts=f" AND d.post_id IN {posts}",
        values=tuple(values),
    )


_FITTING = (
    "FROM versions v CROSS JOIN posts p ON p.id = v.post_id AND p.current = v.number JOIN sites s ON s.id = p.site_id "
    "JOIN articles a ON a.id = p.article_id WHERE p.is_ours = 1"
)
_OF_POSTS = (
    "SELECT c.capture_id FROM posts w JOIN urls n ON n.site_id = w.site_id AND n.identity = w.identity "
    "JOIN captures c ON c.url_id = n.id WHERE w.id IN {posts} "
    "UNION SELECT capture_id FROM readings WHERE post_id IN {posts}"
)


def _refuse_dangling(archive: Archive) -> None:
    """See that every revisit leads to its payload.

    Raises:
        IntegrityError: one does not.
    """
    sql = (
        "SELECT u.url, x.time FROM exchanges x JOIN captures c ON c.url_id = x.url_id AND c.time = x.time "
        "AND c.capture_id = x.id JOIN urls u ON u.id = x.url_id JOIN files f ON f.id = c.file_id "
        "WHERE c.kind = 2 AND x.original_id IS NULL AND f.name NOT LIKE 'imports/%' LIMIT 1"
    )
    row = archive.db.execute(sql).fetchone()
    if row is not None:
        raise _dangling(row["url"])


def _dangling(url: str) -> IntegrityError:
    return IntegrityError(
        f"a revisit of {url} leads to a payload that is not in the archive",
        hint="A WARC file is missing: run `vigil verify`, restore it from a copy, then `vigil rebuild`.",
    )


def _records(
    archive: Archive, collection: Collection, posts: str, values: tuple[str | int, ...]
) -> tuple[set[RecordRef], frozenset[str]]:
    """Give every record that a reader of these posts needs, and the runs that wrote them."""
    ids = _OF_POSTS.format(posts=posts)
    originals = f"SELECT original_id FROM exchanges WHERE id IN ({ids}) AND original_id IS NOT NULL"  # noqa: S608
    refs: set[RecordRef] = set()
    runs: set[str] = set()
    pages: list[Capture] = []
    for row in archive.db.execute(f"{CAPTURES} WHERE x.id IN ({ids} UNION {originals})", values * 4):
        capture = capture_of(row)
        if capture.is_imported:
            continue
        if row["kind"] == 2 and row["original_id"] is None:
            raise _dangling(capture.url)
        runs.add(capture.run)
        refs |= {ref for ref in (capture.request, capture.record, capture.metadata) if ref is not None}
        refs |= set(certificates_of(collection, capture))
        pages += [capture] if capture.purpose is Purpose.POST else []
    for page in filter(None, map(archive.pages.gathered, pages)):
        refuse_missing(page)
        refs.add(page.record)
        runs.add(page.run)
        for one in (page.of, *(member for _, member in page.members)):
            runs.add(one.run)
            refs.update(refs_of(archive, collection, one))
    return refs, frozenset(runs)


def _in_order(paths: list[Path], refs: set[RecordRef]) -> tuple[Member, ...]:
    """Put records in the order of their files and places, each file's warcinfo before its own."""
    by_name = {path.name: path for path in paths}
    place = {path.name: number for number, path in enumerate(paths)}
    found: list[Member] = []
    known = (ref for ref in refs if ref.file in by_name)
    for file, its in groupby(sorted(known, key=lambda ref: (place[ref.file], ref.offset)), key=lambda ref: ref.file):
        first = next(walk(by_name[file])).ref
        stretches = dict.fromkeys([(0, first.length), *((ref.offset, ref.length) for ref in its)])
        found += [Member(path=by_name[file], offset=offset, length=length) for offset, length in stretches]
    return tuple(found)
