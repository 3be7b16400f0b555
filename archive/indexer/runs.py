"""Runs, the files they wrote, and what they left out, as rows."""

from dataclasses import dataclass

from archive.database import dump, micros
from archive.errors import DamagedIndexError
from archive.index import Index, Value
from archive.jobs import site_of
from archive.model import RecordRef, RunEnd, RunStart, sha256_of
from archive.site import Site
from archive.warc import LaidOmission, LaidPage, SiteRules


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRun:
    """A run's number and its site's, and the site file by which it went."""

    id: int
    site_id: int
    toml: bytes
    site: Site


class Runs:
    """The runs of the index, and how far each file is indexed."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._known: dict[str, KnownRun] = {}
        self._files: dict[str, int] = {}
        self._positions: dict[int, int] = {}

    def of(self, uid: str) -> KnownRun:
        """Give what is known of a run.

        Raises:
            DamagedIndexError: the records with which it began are not in the index.
        """
        if uid not in self._known:
            row = self._index.one(
                "SELECT r.id, r.site_id, t.toml FROM runs r JOIN rules t ON t.id = r.rules_id WHERE r.uid = ?", uid
            )
            if row is None:
                raise DamagedIndexError(
                    f"the index does not know how the run {uid} began",
                    hint="Make the index again with `vigil rebuild`; `vigil verify` names what the WARC files lack.",
                )
            self._known[uid] = KnownRun(id=row[0], site_id=row[1], toml=row[2], site=site_of(row[2]))
        return self._known[uid]

    def start(self, start: RunStart) -> None:
        """Add a run."""
        self._index.execute("INSERT OR IGNORE INTO sites (name) VALUES (?)", start.site)
        row: dict[str, Value] = {
            "uid": start.uid,
            "site_id": self._index.number("SELECT id FROM sites WHERE name = ?", start.site),
            "started": micros(start.started),
            "route": start.route,
            "mode": start.mode,
            "software": start.software,
            "user_agent": start.user_agent,
            "operator": start.operator,
            "contact": start.contact,
            "config_digest": start.config_digest,
            "robots_exceptions": dump(start.robots_exceptions),
            "recovered": dump(start.recovered),
        }
        self._index.insert("runs", row)

    def take_rules(self, unit: SiteRules) -> None:
        """Note the site file by which a run goes."""
        digest = sha256_of(unit.toml)
        rules_id = self._index.number("SELECT id FROM rules WHERE digest = ?", digest)
        if rules_id is None:
            rules_id = self._index.insert("rules", {"digest": digest, "toml": unit.toml})
        self._index.execute("UPDATE runs SET rules_id = ? WHERE uid = ?", rules_id, unit.run)
        run = self.of(unit.run)
        sql = "UPDATE sites SET title = ?, start_url = ? WHERE id = ?"
        self._index.execute(sql, run.site.title, run.site.listing.start, run.site_id)

    def end(self, end: RunEnd) -> None:
        """Note how a run ended."""
        self._index.execute(
            "UPDATE runs SET ended = ?, stop_reason = ?, exit_code = ?, is_walk_complete = ?, "
            "is_day_route_complete = ?, resume_at = ?, counts = ? WHERE uid = ?",
            micros(end.ended),
            end.stop_reason,
            end.exit_code,
            int(end.is_walk_complete),
            int(end.is_day_route_complete),
            end.resume_at,
            dump(dict(end.counts)),
            end.uid,
        )

    def omit(self, unit: LaidOmission) -> None:
        """Add something that a run left out."""
        omission, record = unit.omission, unit.record
        row: dict[str, Value] = {
            "run_id": self._number(omission.run),
            "url": omission.url,
            "kind": omission.kind,
            "reason": omission.reason,
            "time": micros(omission.time),
            "via": omission.via,
            "file_id": self.passed(record, omission.run),
            "offset": record.offset,
            "length": record.length,
            "record_id": record.record_id,
        }
        self._index.insert("omissions", row)

    def add_page(self, unit: LaidPage) -> None:
        """Add a page with its requisites; a capture that the archive does not hold is named in words."""
        page, record = unit.page, unit.record
        row: dict[str, Value] = {
            "capture_id": self._capture(page.of_run, page.of_sequence),
            "run_id": self._number(page.run),
            "time": micros(page.time),
            "file_id": self.passed(record, page.run),
            "offset": record.offset,
            "length": record.length,
            "record_id": record.record_id,
        }
        page_id = self._index.insert("pages", row)
        members: list[tuple[Value, ...]] = []
        for position, one in enumerate(page.members):
            found = self._capture(one.run, one.sequence)
            missing = None if found is not None else f"{one.run} {one.sequence} {one.record_id} {one.url}"
            members.append((page_id, position, one.role, found, missing))
        self._index.insert_rows("page_members", members)
        left_out = enumerate(page.left_out)
        self._index.insert_rows(
            "page_omissions",
            [(page_id, position, one.role, one.kind, one.url, one.reason) for position, one in left_out],
        )

    def _capture(self, run: str, sequence: int) -> int | None:
        sql = "SELECT x.id FROM exchanges x JOIN runs r ON r.id = x.run_id WHERE r.uid = ? AND x.sequence = ?"
        return self._index.number(sql, run, sequence)

    def unfinished(self) -> str | None:
        """Name the newest run, if it has no end yet."""
        row = self._index.one("SELECT uid, ended FROM runs ORDER BY id DESC LIMIT 1")
        return row["uid"] if row is not None and row["ended"] is None else None

    def passed(self, record: RecordRef, run: str) -> int:
        """Note that the index holds all of a file up to the end of ``record``; give the file's number."""
        file_id = self._files.get(record.file)
        if file_id is None:
            file_id = self._index.number("SELECT id FROM files WHERE name = ?", record.file)
        if file_id is None:
            row: dict[str, Value] = {"name": record.file, "run_id": self._number(run), "indexed_to": 0}
            file_id = self._index.insert("files", row)
        self._files[record.file] = file_id
        self._positions[file_id] = record.offset + record.length
        return file_id

    def write_positions(self) -> None:
        """Write down how far each file is indexed; to be called last in a batch."""
        for file_id, position in self._positions.items():
            self._index.execute("UPDATE files SET indexed_to = ? WHERE id = ?", position, file_id)
        self._positions.clear()

    def _number(self, uid: str) -> int | None:
        return self._index.number("SELECT id FROM runs WHERE uid = ?", uid)
