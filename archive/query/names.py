"""What a person calls a post or a page becomes rows: an identity, a URL in any spelling, ``#`` and a number."""

import re
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.errors import NotFoundError, QueryError

if TYPE_CHECKING:
    from archive.site import Site

_HINT = "`vigil list` and `vigil search` show what is held, each with its identity."
_WITHOUT_SCHEME = re.compile(r"[\w-]+(\.[\w-]+)+(:\d+)?/.*")


@dataclass(frozen=True, slots=True, kw_only=True)
class _KnownSite:
    id: int
    rules: "Site"


def post_id(db: sqlite3.Connection, name: str, site: str | None = None) -> int:
    """Find the post that ``name`` means: its identity, a URL of it in any spelling, or its number within the archive.

    Raises:
        NotFoundError: the archive knows no such post.
        QueryError: posts of several blogs go by that name.
    """
    name = str(name)  # pandas reads identities that are digits as numbers
    url = _as_url(name)
    found = _posts_at(db, url, site) if url else _posts_named(db, name.strip(), site)
    if not found:
        where = f" in blog {site!r}" if site else ""
        raise NotFoundError(f"the archive knows no post {'at ' if url else ''}{name!r}{where}", hint=_HINT)
    if len(found) > 1:
        sites = ", ".join(sorted(found.values()))
        raise QueryError(f"{name!r} is a post of several blogs: {sites}", hint="Say which with --site.")
    return next(iter(found))


def url_ids(db: sqlite3.Connection, name: str, site: str | None = None) -> tuple[int, ...]:
    """Find the spellings whose captures ``name`` means.

    A URL asked for as it is spelled means that spelling; any other URL of a post, or the post's name, means all
    spellings of the post; another URL means its siblings with the same canonical form.

    Raises:
        NotFoundError: the archive knows no such URL or post.
        QueryError: posts of several blogs go by that name.
    """
    name = str(name)
    url = _as_url(name)
    if url:
        asked = "SELECT id FROM urls u WHERE url = ? AND EXISTS (SELECT 1 FROM captures c WHERE c.url_id = u.id)"
        exact = tuple(row[0] for row in db.execute(asked, (url,)))
        siblings = exact or _siblings(db, url, site)
        if siblings:
            return siblings
    try:
        wanted = post_id(db, name, site)
    except NotFoundError as error:
        if not url:
            raise
        raise NotFoundError(f"the archive knows no URL {name!r}", hint=error.hint) from None
    rows = db.execute(
        "SELECT u.id FROM posts p JOIN urls u ON u.site_id = p.site_id AND u.identity = p.identity WHERE p.id = ?",
        (wanted,),
    )
    return tuple(row[0] for row in rows)


def _as_url(name: str) -> str | None:
    name = name.strip()
    if name.lower().startswith(("http://", "https://")):
        return name
    return f"https://{name}" if _WITHOUT_SCHEME.fullmatch(name) else None


def _sites(db: sqlite3.Connection, site: str | None) -> list[_KnownSite]:
    """The blogs of the archive with the rules of their newest runs."""
    from archive.site import parse_site  # noqa: PLC0415  takes a while, and most names are found without

    rows = db.execute(
        "SELECT s.id, t.toml FROM sites s JOIN rules t ON t.id = (SELECT r.rules_id FROM runs r WHERE r.site_id = s.id "
        "AND r.rules_id IS NOT NULL ORDER BY r.id DESC LIMIT 1) WHERE ?1 IS NULL OR s.name = ?1",
        (site,),
    )
    return [_KnownSite(id=row[0], rules=parse_site(row[1], "the site file in the archive")) for row in rows]


def _posts_at(db: sqlite3.Connection, url: str, site: str | None) -> dict[int, str]:
    sql = (
        "SELECT p.id, s.name FROM urls u JOIN sites s ON s.id = u.site_id JOIN posts p ON p.site_id = u.site_id "
        "AND p.identity = u.identity WHERE u.url = ?1 AND (?2 IS NULL OR s.name = ?2)"
    )
    found = {row[0]: row[1] for row in db.execute(sql, (url, site))}
    if found:
        return found
    from archive.site import identify  # noqa: PLC0415  see _sites

    for known in _sites(db, site):
        identity = identify(known.rules, url)
        if identity is not None:
            found |= _posts_named(db, identity, known.rules.id)
    return found


def _posts_named(db: sqlite3.Connection, name: str, site: str | None) -> dict[int, str]:
    by = "SELECT p.id, s.name FROM posts p JOIN sites s ON s.id = p.site_id WHERE (?2 IS NULL OR s.name = ?2) AND "
    found = {row[0]: row[1] for row in db.execute(by + "p.identity = ?1", (name, site))}
    number = name.removeprefix("#")
    if not found and re.fullmatch(r"[0-9]{1,15}", number):
        found = {row[0]: row[1] for row in db.execute(by + "p.id = ?1", (int(number), site))}
    return found


def _siblings(db: sqlite3.Connection, url: str, site: str | None) -> tuple[int, ...]:
    """Spellings of a page that is no post, by their canonical form."""
    from archive.site import canonical, identify  # noqa: PLC0415  see _sites

    found: list[int] = []
    for known in _sites(db, site):
        if identify(known.rules, url) is None:
            key = canonical(known.rules, url)
            sql = "SELECT id FROM urls WHERE url = ?2 AND site_id = ?1 UNION "
            sql += "SELECT id FROM urls WHERE site_id = ?1 AND key = ?2"
            found += [row[0] for row in db.execute(sql, (known.id, key))]
    return tuple(found)
