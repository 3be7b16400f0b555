"""Recorded pages beside a site file: what was read from them once must be read from them still.

A site is a TOML file plus such fixtures. Each is a folder: ``head.http`` (the answer's head), ``page`` (its payload,
the content-encoding undone), ``asked.json`` (purpose, URL, time) and ``expected.json`` (what was read). They hold pages
of the blog, so they lie beside the operator's own site files and are not given away with the software.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from archive import payload
from archive.collection import Collection
from archive.errors import ConfigError
from archive.model import Article, CaptureKind, Page, Purpose, Reading
from archive.reading import read
from archive.site import Site
from archive.warc import LaidExchange, groups, warc_files

FOLDER = ".fixtures"
"""Ends the name of the folder beside ``<site>.toml``."""
_LIMIT = 64 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A field that is no longer read as it was recorded; both values as JSON text."""

    fixture: str
    field: str
    expected: str
    found: str


def folder_for(site_file: Path) -> Path:
    """Give the folder of a site file's fixtures."""
    return site_file.with_name(site_file.stem + FOLDER)


def record(collection: Collection, site: Site, folder: Path, *, most: int) -> Iterator[Path]:
    """Write a fixture for up to ``most`` unlike pages of a site: each layout, listings, text-less posts.

    Pages are unlike when they are read in another way (purpose, layout, with or without text). A fixture that is there
    already is left as it is.
    """
    kinds: set[tuple[str, ...]] = set()
    for path in warc_files(collection):
        for unit in groups(path):
            if len(kinds) >= most:
                return
            if not isinstance(unit, LaidExchange) or not _is_page_of(site, unit):
                continue
            page = payload.decode(unit.head, unit.entity(), _LIMIT)
            reading = _read(site, unit.capture.purpose, unit.head, page, unit.capture.url, unit.capture.time)
            kind = _kind(unit.capture.purpose, reading)
            if reading is None or kind in kinds:
                continue
            kinds.add(kind)
            place = folder / "-".join(kind)
            if not place.exists():
                _write(place, unit, page, reading)
                yield place


def check(site: Site, folder: Path) -> Iterator[Difference]:
    """Read every fixture again by the rules as they are now, and name what comes out otherwise.

    Raises:
        ConfigError: a fixture is not whole.
    """
    for place in sorted(path.parent for path in folder.glob("*/asked.json")):
        try:
            asked = json.loads((place / "asked.json").read_text(encoding="utf-8"))
            expected = json.loads((place / "expected.json").read_text(encoding="utf-8"))
            head, page = (place / "head.http").read_bytes(), (place / "page").read_bytes()
            purpose, time = Purpose(asked["purpose"]), datetime.fromisoformat(asked["time"])
            reading = _read(site, purpose, head, page, asked["url"], time)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(
                f"the fixture {place} is not whole: {error}", hint="Remove it, and record it again: vigil sites record."
            ) from error
        found = _told(reading)
        for field in sorted({*expected, *found}):
            if expected.get(field) != found.get(field):
                yield Difference(
                    fixture=place.name,
                    field=field,
                    expected=json.dumps(expected.get(field), ensure_ascii=False),
                    found=json.dumps(found.get(field), ensure_ascii=False),
                )


def _is_page_of(site: Site, unit: LaidExchange) -> bool:
    capture = unit.capture
    return (
        capture.kind is CaptureKind.RESPONSE
        and capture.status == 200
        and capture.truncation is None
        and capture.purpose in {Purpose.POST, Purpose.LISTING, Purpose.DAY_PAGE}
        and any(f"//{host}" in capture.url for host in site.hosts)
    )


def _read(site: Site, purpose: Purpose, head: bytes, page: bytes, url: str, time: datetime) -> Reading | None:
    return read(purpose=purpose, status=200, head=head, payload=page, url=url, time=time, site=site)


def _kind(purpose: Purpose, reading: Reading | None) -> tuple[str, ...]:
    if not isinstance(reading, Page):
        return (purpose.value,)
    article = reading.article
    if article is None:
        return (purpose.value, reading.outcome.value)
    layout = article.extractor.rpartition("layout ")[2].replace("/", "-")
    return (purpose.value, layout, *(("textless",) if article.is_textless else ()))


def _write(place: Path, unit: LaidExchange, page: bytes, reading: Reading) -> None:
    place.mkdir(parents=True)
    (place / "head.http").write_bytes(unit.head)
    (place / "page").write_bytes(page)
    asked = {"purpose": unit.capture.purpose, "url": unit.capture.url, "time": unit.capture.time.isoformat()}
    for name, value in (("asked", asked), ("expected", _told(reading))):
        text = json.dumps(value, ensure_ascii=False, indent=1) + "\n"
        (place / f"{name}.json").write_text(text, encoding="utf-8")


def _told(reading: Reading | None) -> dict[str, object]:
    """What a reading says, as JSON knows it, field by field; the extractor's own name is no part of it."""
    if reading is None:
        return {"outcome": None}
    article: Article | None = reading.article if isinstance(reading, Page) else None
    told = {"outcome": reading.outcome, **asdict(article or reading)}
    told.pop("extractor", None)
    plain: dict[str, object] = json.loads(json.dumps(told, default=str))
    return plain
