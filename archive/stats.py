"""An archive in numbers: what is held of each blog, and the series that charts are drawn of, each one SQL question."""

from dataclasses import dataclass
from datetime import datetime

from archive.database import instant
from archive.query import Archive

Row = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A table with few columns that can be drawn.

    ``sql`` takes ``:site``, NULL for all. ``label`` names the column along the chart, ``value`` the one that is drawn,
    ``group`` the one that tells colours apart, if any. ``order`` is the
    order of labels that is not that of time, ``groups`` that of the colours.
    """

    name: str
    title: str
    meaning: str
    sql: str
    label: str
    value: str
    group: str | None = None
    is_time: bool = False
    order: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


_LAGS = (
    "under 1 hour",
    "1 to 6 hours",
    "6 to 24 hours",
    "1 to 7 days",
    "7 to 30 days",
    "30 to 365 days",
    "over a year",
)
_SHOWN = 20
_MONTH = "strftime('%Y-%m', {} / 1000000, 'unixepoch')"
_HELD = "p.is_ours = 1 AND p.current IS NOT NULL AND (:site IS NULL OR s.name = :site)"


def _named(what: str) -> str:
    """Count posts by something their pages say; the rest of many in one row."""
    return f"""\
WITH named AS (
  SELECT coalesce(nullif(trim({what}), ''), 'not stated') AS name, count(*) AS posts FROM posts p
  JOIN sites s ON s.id = p.site_id JOIN articles a ON a.id = p.article_id WHERE {_HELD} GROUP BY 1
), ranked AS (SELECT name, posts, row_number() OVER (ORDER BY posts DESC, name) AS place FROM named)
SELECT CASE WHEN place <= {_SHOWN} THEN name ELSE 'all others' END AS name, sum(posts) AS posts
FROM ranked GROUP BY 1 ORDER BY min(place)"""  # noqa: S608  our own words


SERIES = (
    Series(
        name="posts-per-month",
        title="Posts per month",
        meaning="Posts of which a text is held, by month of publication (UTC).",
        sql=f"SELECT {_MONTH.format('p.published')} AS month, s.name AS site, count(*) AS posts FROM posts p "  # noqa: S608
        f"JOIN sites s ON s.id = p.site_id WHERE {_HELD} AND p.published IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2",
        label="month",
        value="posts",
        group="site",
        is_time=True,
    ),
    Series(
        name="changes",
        title="Edits and deletions over time",
        meaning="What captures showed of known posts, by month (UTC). Silent: the stated time stood still.",
        sql=f"""\
SELECT {_MONTH.format("e.time")} AS month,
  CASE WHEN e.kind IN ('gone', 'returned') THEN e.kind WHEN e.is_silent = 1 THEN 'edited silently' ELSE 'edited' END
    AS change,
  count(*) AS events
FROM events e JOIN posts p ON p.id = e.post_id JOIN sites s ON s.id = p.site_id
WHERE (e.is_edit = 1 OR e.kind IN ('gone', 'returned')) AND (:site IS NULL OR s.name = :site)
GROUP BY 1, 2 ORDER BY 1, 2""",  # noqa: S608
        label="month",
        value="events",
        group="change",
        groups=("edited", "edited silently", "gone", "returned"),
        is_time=True,
    ),
    Series(
        name="services",
        title="Posts by service",
        meaning="The service that the credit line names, as last read.",
        sql=_named("a.credit ->> '$.service'"),
        label="name",
        value="posts",
    ),
    Series(
        name="countries",
        title="Posts by country",
        meaning="What stands in front of the text (dateline), as last read: the country, else the city.",
        sql=_named("substr(a.dateline, instr(a.dateline, ',') + 1)"),
        label="name",
        value="posts",
    ),
    Series(
        name="categories",
        title="Posts by category",
        meaning="The site's own category, as last read.",
        sql=_named("a.category"),
        label="name",
        value="posts",
    ),
    Series(
        name="languages",
        title="Posts by language",
        meaning="The language code that the page states, as last read.",
        sql=_named("a.language"),
        label="name",
        value="posts",
    ),
    Series(
        name="capture-lag",
        title="From publication to first capture",
        meaning="How long after its stated publication the text of a post was first captured.",
        sql=f"""\
WITH lags AS (SELECT (min(x.time) - p.published) / 3600000000.0 AS hours FROM posts p JOIN sites s ON s.id = p.site_id
  JOIN versions v ON v.post_id = p.id JOIN exchanges x ON x.id = v.capture_id
  WHERE {_HELD} AND p.published IS NOT NULL GROUP BY p.id)
SELECT CASE WHEN hours < 1 THEN '{_LAGS[0]}' WHEN hours < 6 THEN '{_LAGS[1]}' WHEN hours < 24 THEN '{_LAGS[2]}'
  WHEN hours < 168 THEN '{_LAGS[3]}' WHEN hours < 720 THEN '{_LAGS[4]}' WHEN hours < 8766 THEN '{_LAGS[5]}'
  ELSE '{_LAGS[6]}' END AS lag, count(*) AS posts FROM lags GROUP BY 1 ORDER BY min(hours)""",  # noqa: S608
        label="lag",
        value="posts",
        order=_LAGS,
    ),
    Series(
        name="captures-per-month",
        title="Captures per month",
        meaning="Requests that were made and kept, by month and by what came of them.",
        sql=f"""\
SELECT {_MONTH.format("c.time")} AS month,
  CASE WHEN c.status IS NULL THEN 'no answer' WHEN c.status >= 400 THEN 'refused or not found'
    WHEN c.kind = 1 THEN 'new bytes' ELSE 'the same bytes' END AS answer,
  count(*) AS captures
FROM captures c JOIN urls u ON u.id = c.url_id JOIN sites s ON s.id = u.site_id
WHERE :site IS NULL OR s.name = :site GROUP BY 1, 2 ORDER BY 1, 2""",  # noqa: S608
        label="month",
        value="captures",
        group="answer",
        groups=("new bytes", "the same bytes", "refused or not found", "no answer"),
        is_time=True,
    ),
)
"""Every series, in the order in which it is shown."""

BY_NAME = {series.name: series for series in SERIES}

_NUMBERS = """\
SELECT s.name AS site, s.title,
  count(*) AS posts, sum(p.state IS 'gone') AS gone, sum(p.is_unlisted) AS unlisted,
  sum((SELECT count(*) FROM versions v WHERE v.post_id = p.id)) AS versions,
  sum(EXISTS (SELECT 1 FROM events e WHERE e.post_id = p.id AND e.is_edit = 1)) AS edited_posts,
  min(p.published) AS first_published, max(p.published) AS last_published
FROM sites s JOIN posts p ON p.site_id = s.id AND p.is_ours = 1 AND p.current IS NOT NULL
WHERE :site IS NULL OR s.name = :site GROUP BY s.id ORDER BY s.name"""
_EVENTS = """\
SELECT sum(e.is_edit) AS edits, sum(e.is_edit AND e.is_silent) AS silent_edits,
  sum(e.is_edit AND e.is_title_changed) AS headline_edits, sum(e.kind = 'returned') AS returns
FROM events e JOIN posts p ON p.id = e.post_id JOIN sites s ON s.id = p.site_id
WHERE s.name = ? AND (e.is_edit = 1 OR e.kind = 'returned')"""
_CAPTURES = """\
SELECT count(*) AS captures, min(x.time) AS first_captured, max(x.time) AS last_captured,
  count(DISTINCT x.time / 86400000000) AS days_captured, count(DISTINCT r.id) AS runs
FROM runs r JOIN sites s ON s.id = r.site_id JOIN exchanges x ON x.run_id = r.id WHERE s.name = ?"""
_AUTHORS = """\
SELECT count(DISTINCT one.value) AS authors FROM posts p JOIN sites s ON s.id = p.site_id
JOIN articles a ON a.id = p.article_id, json_each(a.authors) one WHERE s.name = ? AND p.is_ours = 1"""
_TIMES = ("first_published", "last_published", "first_captured", "last_captured")


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """A blog in numbers; ``edits`` counts events, ``edited_posts`` posts, ``days_captured`` days with captures."""

    site: str
    title: str | None
    posts: int
    gone: int
    unlisted: int
    versions: int
    edited_posts: int
    edits: int
    silent_edits: int
    headline_edits: int
    returns: int
    authors: int
    captures: int
    runs: int
    days_captured: int
    first_published: datetime | None
    last_published: datetime | None
    first_captured: datetime | None
    last_captured: datetime | None


def numbers(archive: Archive, site: str | None = None) -> tuple[Numbers, ...]:
    """Count what is held of each blog, or of one.

    Raises:
        NotFoundError: the archive holds no such blog.
    """
    archive.require_site(site)
    return tuple(_numbers(archive, row) for row in archive.rows(_NUMBERS, {"site": site}))


def rows(archive: Archive, series: Series, site: str | None = None) -> list[Row]:
    """Give the rows of a series, in their order.

    Raises:
        NotFoundError: the archive holds no such blog.
    """
    archive.require_site(site)
    return archive.rows(series.sql, {"site": site})


def _numbers(archive: Archive, row: Row) -> Numbers:
    for question in (_EVENTS, _CAPTURES, _AUTHORS):
        (more,) = archive.rows(question, (row["site"],))
        row |= more
    read = {name: _time(row[name]) if name in _TIMES else row[name] for name in row}
    counted = {name: value or 0 for name, value in read.items() if name not in {*_TIMES, "site", "title"}}
    return Numbers(**{**read, **counted})  # type: ignore[arg-type]  # columns are named like the fields


def _time(value: object) -> datetime | None:
    return instant(value) if isinstance(value, int) else None
