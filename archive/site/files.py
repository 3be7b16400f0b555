"""A site file is read, and refused with file, key and what would be right."""

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import fields
from datetime import date
from pathlib import Path

from archive import tables
from archive.cron import CronError, parse_cron
from archive.errors import ConfigError
from archive.site.rules import Layout, ListingRules, RecheckRules, ScheduleRules, Site, SiteFile, SiteHead
from archive.site.values import URL

Problem = tuple[str, str]
"""A dotted key, and what is wrong with its value."""


def load_site(path: Path) -> Site:
    """Read a site file.

    Raises:
        ConfigError: the file cannot be read, or says something wrong; file, key and the nearest valid key are named.
    """
    try:
        toml = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", hint="“vigil sites list” shows the site files found.") from None
    return parse_site(toml, str(path))


def parse_site(toml: bytes, name: str) -> Site:
    """Read a site file's bytes; ``name`` stands for it in messages.

    A name that ends in ``.toml`` must be the site's id: a copied file would else write into the first one's archive.

    Raises:
        ConfigError: as ``load_site``.
    """
    file = tables.read(SiteFile, tables.parse(toml, name), name)
    if name.endswith(".toml") and Path(name).stem != file.site.id:
        tables.refuse(name, "site.id", f"is “{file.site.id}”, it must be the file's name, “{Path(name).stem}”")
    for key, problem in _problems(file):
        tables.refuse(name, key, problem, "docs/reference/config.md describes every key with its unit.")
    return Site(
        **{field.name: getattr(file.site, field.name) for field in fields(SiteHead)},
        identity=file.identity,
        listing=file.listing,
        feeds=file.feeds,
        layouts=file.layouts,
        text=file.text,
        images=file.images,
        requisites=file.requisites,
        robots_exceptions=file.robots.exceptions,
        politeness=file.politeness,
        recheck=file.recheck,
        schedule=file.schedule,
        alerts=file.alerts,
    )


def _problems(file: SiteFile) -> Iterator[Problem]:
    """What single values cannot show: hosts, placeholders, order."""
    if not file.site.hosts:
        yield "site.hosts", "is empty, the blog's own host must stand first"
    yield from _host_problems(file)
    yield from _identity_problems(file)
    yield from _listing_problems(file.listing)
    yield from _layout_problems(file.layouts)
    for i, exception in enumerate(file.robots.exceptions):
        if not exception.urls:
            yield f"robots.exceptions[{i}].urls", "is empty, it must hold a regular expression"
    if file.images.original and not _replaces(*file.images.original):
        yield "images.original[1]", "names a group that the expression before it does not have"
    yield from _recheck_problems(file.recheck)
    yield from _schedule_problems(file.schedule)
    yield from _placeholder_problems("politeness.user_agent", file.politeness.user_agent, may={"version", "contact"})


def _recheck_problems(rules: RecheckRules) -> Iterator[Problem]:
    if not rules.tiers:
        yield "recheck.tiers", "is empty, it must hold a tier without younger_than at its end"
    ages = [tier.younger_than for tier in rules.tiers]
    for i, age in enumerate(ages[:-1]):
        after = ages[i + 1]
        if age is None or (after is not None and after <= age):
            yield f"recheck.tiers[{i}].younger_than", "must be lower than that of the tier after it"
    if ages and ages[-1] is not None:
        yield f"recheck.tiers[{len(ages) - 1}].younger_than", "stands in the last tier, which takes the rest"


def _schedule_problems(rules: ScheduleRules) -> Iterator[Problem]:
    if rules.cron is None:
        return
    if rules.every is not None:
        yield "schedule.every", "stands beside schedule.cron, it must be one of them"
    try:
        parse_cron(rules.cron)
    except CronError as error:
        yield "schedule.cron", f"is “{rules.cron}”: {error}; the nearest right form is “{error.nearest}”"


def _host_problems(file: SiteFile) -> Iterator[Problem]:
    named = [("listing.start", file.listing.start), ("listing.day_page", file.listing.day_page)]
    named += [("listing.more.url", file.listing.more.url)]
    named += [(f"feeds.sitemaps[{i}]", url) for i, url in enumerate(file.feeds.sitemaps)]
    named += [(f"feeds.latest[{i}]", url) for i, url in enumerate(file.feeds.latest)]
    named += [(f"feeds.feeds[{i}]", url) for i, url in enumerate(file.feeds.feeds)]
    hosts = ", ".join(file.site.hosts)
    for key, url in named:
        parts = URL.fullmatch(url or "")
        if parts and parts["host"].lower() not in file.site.hosts:
            yield key, f"is on the host “{parts['host']}”, which is not one of site.hosts ({hosts})"


def _identity_problems(file: SiteFile) -> Iterator[Problem]:
    rules = file.identity
    if not rules.patterns:
        yield "identity.patterns", "is empty, without a pattern no URL is a post"
        return
    groups = [set(re.compile(pattern).groupindex) for pattern in rules.patterns]
    may = {"id"} if any("id" in names for names in groups) else set.intersection(*groups)
    yield from _placeholder_problems("identity.permalink", rules.permalink, may=may)


def _listing_problems(rules: ListingRules) -> Iterator[Problem]:
    yield from _placeholder_problems("listing.more.url", rules.more.url, may={"page"}, must={"page"})
    day = {"year", "month", "day"}
    yield from _placeholder_problems("listing.day_page", rules.day_page, may=day, must=day)
    for name, value in rules.more.headers:
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
            yield f"listing.more.headers.{name}", "is no name of an HTTP header"
        elif not re.fullmatch(r"[\x20-\x7e]*", value):
            yield f"listing.more.headers.{name}", "may hold printable ASCII only"


def _layout_problems(layouts: tuple[Layout, ...]) -> Iterator[Problem]:
    seen: set[str] = set()
    newest = date.max
    for i, layout in enumerate(layouts):
        if layout.name in seen:
            yield f"layouts[{i}].name", f"is “{layout.name}”, which another layout has already"
        until = layout.until or date.max
        if until > newest:
            yield f"layouts[{i}].until", "is later than that of the layout before; they stand newest first"
        seen.add(layout.name)
        newest = until


def _placeholder_problems(
    key: str, text: str | None, *, may: AbstractSet[str], must: AbstractSet[str] = frozenset()
) -> Iterator[Problem]:
    if text is None:
        return
    found = set(re.findall(r"\{([^{}]*)\}", text))
    if unknown := sorted(found - may):
        valid = ", ".join(f"{{{name}}}" for name in sorted(may)) or "none"
        yield key, f"holds {{{unknown[0]}}}, it may hold: {valid}"
    if missing := sorted(must - found):
        yield key, f"must hold {{{missing[0]}}}"


def _replaces(pattern: str, replacement: str) -> bool:
    """Tell whether ``replacement`` fits ``pattern``; the empty alternative makes the replacement happen."""
    try:
        re.sub(f"{pattern}|", replacement, "")
    except (re.error, IndexError):
        return False
    return True
