"""What one run was asked to do: the site, its rules, and the choices of the command line."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Self

from scrapy.settings import BaseSettings

import archive
from archive.config import Settings, find_site, load_settings
from archive.errors import UsageError
from archive.model import Route, mailbox_of
from archive.site import Site, parse_site
from crawler.wire.address import RouteRules, parse_route_rules

ARGUMENTS = {"site", "limit", "since", "full", "index_later", "accept_exceptions"}
HURRIED = 0.2
"""Seconds of delay below which a second process pays: at a polite pace one reads a page while it waits for the next."""
RETRY_PRIORITY = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """All that decides what a run does; fixed before it begins.

    ``site_toml`` is the very text that ``site`` was read from: it is copied into the run's records. ``since`` is the
    UTC midnight of the day to walk back to. ``limit`` counts posts opened.
    """

    site: Site
    site_toml: bytes
    settings: Settings
    routes: RouteRules
    limit: int | None = None
    since: datetime | None = None
    full: bool = False
    delay: float = 0.0
    index_later: bool = False
    accept_exceptions: bool = False

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, object], scrapy_settings: BaseSettings) -> Self:
        """Read the spider's arguments (text, as ``scrapy crawl -a`` gives them) and the ``VIGIL_…`` settings.

        Raises:
            UsageError: an argument is missing, unknown or wrong.
        """
        unknown = sorted(set(arguments) - ARGUMENTS)
        if unknown:
            raise UsageError(
                f"the spider knows no argument {unknown[0]!r}", hint=f"It takes {', '.join(sorted(ARGUMENTS))}."
            )
        name = arguments.get("site")
        if not name:
            raise UsageError("which site?", hint="Name one: -a site=rferl-watchdog; `vigil sites list` shows them.")
        config = scrapy_settings.get("VIGIL_CONFIG")
        collection = scrapy_settings.get("VIGIL_COLLECTION")
        settings = load_settings(config=Path(config) if config else None, flags={"collection": collection})
        path = find_site(str(name), settings)
        toml = path.read_bytes()
        site = parse_site(toml, path.name)
        routes = parse_route_rules(scrapy_settings.getlist("VIGIL_RESOLVE"), scrapy_settings.get("VIGIL_CACERT"))
        return cls(
            site=site,
            site_toml=toml,
            settings=settings,
            routes=routes,
            delay=_choose_delay(scrapy_settings.get("VIGIL_DELAY"), site.politeness.delay, is_test=routes.is_test),
            limit=_read_limit(arguments.get("limit")),
            since=_read_day(arguments.get("since")),
            full=_is_yes(arguments.get("full")),
            index_later=_is_yes(arguments.get("index_later")),
            accept_exceptions=_is_yes(arguments.get("accept_exceptions")),
        )

    @property
    def is_partial(self) -> bool:
        """Whether the run was asked to stop before the walk's own end."""
        return self.limit is not None or self.since is not None

    @property
    def route(self) -> Route:
        """Whether this run speaks with the real site; any rerouting or foreign authority makes it a test."""
        return Route.TEST if self.routes.is_test else Route.SITE

    @property
    def user_agent(self) -> str:
        """What we call ourselves: honest, with the operator's contact, and browser-like.

        The site's edge refuses the agents of libraries (site-facts 1.7).
        """
        contact = self.settings.contact
        own = (
            "Mozilla/5.0 (compatible; vigil/{version}; +{contact})"
            if contact
            else "Mozilla/5.0 (compatible; vigil/{version})"
        )
        pattern = self.site.politeness.user_agent or own
        return pattern.format(version=archive.__version__, contact=contact or "no contact given")

    @property
    def is_hurried(self) -> bool:
        """Whether pages come so fast that reading them is worth a process of its own."""
        return self.delay < HURRIED and not self.index_later

    @property
    def mode(self) -> str:
        """What was asked for, in words, for the run's first record."""
        asked = [
            "full" if self.full else "",
            f"limit {self.limit}" if self.limit is not None else "",
            f"since {self.since.date()}" if self.since is not None else "",
            "index later" if self.index_later else "",
        ]
        return ", ".join(filter(None, asked)) or "nightly"


def apply_to_settings(options: RunOptions, settings: BaseSettings) -> None:
    """Set what Scrapy must know of the site's politeness, while settings may still be changed."""
    polite = options.site.politeness
    values = {
        "USER_AGENT": options.user_agent,
        "CONCURRENT_REQUESTS": polite.connections,
        "CONCURRENT_REQUESTS_PER_DOMAIN": polite.connections,
        "DOWNLOAD_DELAY": options.delay,
        "DOWNLOAD_DELAY_JITTER": 0.0,
        "AUTOTHROTTLE_ENABLED": options.delay > 0,
        "AUTOTHROTTLE_START_DELAY": options.delay,
        "DOWNLOAD_TIMEOUT": polite.timeout,
        "DOWNLOAD_MAXSIZE": polite.max_bytes,
        "RETRY_TIMES": polite.retries,
        "RETRY_PRIORITY_ADJUST": RETRY_PRIORITY,
    }
    if mailbox := mailbox_of(options.settings.contact):
        values["DEFAULT_REQUEST_HEADERS"] = settings.getdict("DEFAULT_REQUEST_HEADERS") | {"From": mailbox}
    for name, value in values.items():
        settings.set(name, value, priority="spider")


def _choose_delay(asked: object, least: float, *, is_test: bool) -> float:
    if asked is None:
        return least
    delay = float(str(asked))
    if delay < least and not is_test:
        raise UsageError(
            f"a delay of {delay:g} seconds is shorter than the site file's {least:g}",
            hint="Change [politeness] in the site file; only a test route may be hurried from the command line.",
        )
    return delay


def _is_yes(value: object) -> bool:
    return str(value).lower() in {"1", "true", "yes"}


def _read_limit(value: object) -> int | None:
    if value is None:
        return None
    text = str(value)
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise UsageError(f"limit {text!r} is not a number of posts", hint="Give a whole number above 0: limit=20.")
    return int(text)


def _read_day(value: object) -> datetime | None:
    if value is None:
        return None
    try:
        day = date.fromisoformat(str(value))
    except ValueError:
        raise UsageError(f"since {value!r} is not a day", hint="Write it as 2026-01-31.") from None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
