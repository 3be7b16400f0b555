"""The operator's consent to the robots.txt exceptions of a site file: asked for once, written down for good."""

from datetime import datetime
from pathlib import Path

from archive.collection import Collection
from archive.errors import UsageError
from archive.journal import append, entries
from archive.model import sha256_of
from archive.site import RobotsException, Site

CONSENTS = "robots-exceptions.jsonl"
"""Append-only, in the collection's ``state`` folder."""


def digest_of(exception: RobotsException) -> str:
    """Name an exception by what it says: rule, URLs and reason; a changed one has to be confirmed anew."""
    return sha256_of("\n".join((exception.rule, *exception.urls, exception.reason)).encode())


def confirm(collection: Collection, site: Site, operator: str | None, now: datetime) -> None:
    """Write down that the operator confirmed every exception of ``site``; those confirmed before are left out."""
    known = _times(_path(collection))
    new = [one for one in site.robots_exceptions if digest_of(one) not in known]
    if new:
        collection.create()
        told = [{"time": now.isoformat(), "site": site.id, "operator": operator} | _facts(one) for one in new]
        append(_path(collection), *told)


def confirmed(collection: Collection, site: Site) -> dict[str, str]:
    """Give when each exception of ``site`` that was confirmed was, by its rule."""
    known = _times(_path(collection))
    return {one.rule: known[digest_of(one)] for one in site.robots_exceptions if digest_of(one) in known}


def require(collection: Collection, site: Site) -> dict[str, str]:
    """Give when each exception of ``site`` was confirmed, by its rule.

    Raises:
        UsageError: one was not confirmed.
    """
    known = confirmed(collection, site)
    for one in site.robots_exceptions:
        if one.rule not in known:
            raise UsageError(
                f"{site.id} sets the robots.txt rule {one.rule} aside, and nobody confirmed that yet: {one.reason}",
                hint=f"Confirm it once: vigil crawl {site.id} --accept-exceptions. Or take it out of the site file: "
                "then only what robots.txt allows is asked for.",
            )
    return known


def _path(collection: Collection) -> Path:
    return collection.state / CONSENTS


def _facts(one: RobotsException) -> dict[str, object]:
    return {"rule": one.rule, "urls": list(one.urls), "reason": one.reason, "digest": digest_of(one)}


def _times(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    return {str(entry["digest"]): str(entry["time"]) for entry in entries(path)}
