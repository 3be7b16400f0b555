"""What a host's robots.txt allows, and the exceptions that the operator made openly."""

import re
from dataclasses import dataclass
from enum import StrEnum

from protego import Protego

from archive.site import RobotsException

SIZE_LIMIT = 500 * 1024
"""Bytes of robots.txt that are read (RFC 9309 section 2.5)."""


class RobotsState(StrEnum):
    """What asking for robots.txt brought."""

    RULES = "rules"
    ABSENT = "absent"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


def state_for(status: int | None, body: bytes = b"") -> RobotsState:
    """Say what the final answer to a request for robots.txt means.

    Absent means all is allowed (RFC 9309 section 2.3.1.3); refused and unreachable mean stop, never "allow": a
    firewall's 403, or its web page in place of the file, says nothing about the rules behind it (site-facts 1.7).
    """
    if status is None or status >= 500 or status == 429:
        return RobotsState.UNREACHABLE
    if status in {404, 410}:
        return RobotsState.ABSENT
    return RobotsState.RULES if status == 200 and not _is_web_page(body) else RobotsState.REFUSED


def _is_web_page(body: bytes) -> bool:
    return body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype", b"<html", b"<head", b"<?xml"))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a URL may be asked for; ``exception`` is the one that allowed it, if one was needed."""

    is_allowed: bool
    exception: RobotsException | None = None


class Robots:
    """One host's rules for our user agent."""

    def __init__(self, text: str, user_agent: str, exceptions: tuple[RobotsException, ...]) -> None:
        self._user_agent = user_agent
        self._rules = Protego.parse(text)
        self._excepted = [(item, Protego.parse(_without_rule(text, item.rule))) for item in exceptions]

    @property
    def crawl_delay(self) -> float | None:
        """Seconds that the host asks to leave between requests."""
        delay = self._rules.crawl_delay(self._user_agent)
        return None if delay is None else float(delay)

    def judge(self, url: str) -> Verdict:
        """Say whether ``url`` may be asked for.

        An exception sets aside exactly one ``Disallow`` rule, for URLs that one of its patterns matches whole; any
        other rule that forbids the URL still does.
        """
        if self._rules.can_fetch(url, self._user_agent):
            return Verdict(is_allowed=True)
        for exception, rules in self._excepted:
            if any(re.fullmatch(pattern, url) for pattern in exception.urls) and rules.can_fetch(url, self._user_agent):
                return Verdict(is_allowed=True, exception=exception)
        return Verdict(is_allowed=False)


def _without_rule(text: str, rule: str) -> str:
    pattern = re.compile(r"^\s*disallow\s*:\s*" + re.escape(rule) + r"\s*(#.*)?$", re.IGNORECASE)
    return "\n".join(line for line in text.splitlines() if not pattern.match(line))
