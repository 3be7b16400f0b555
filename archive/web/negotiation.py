"""The words of Memento (RFC 7089): times as digits and as headers say them, links, addresses of mementos. Pure."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from urllib.parse import quote, urlencode

from archive.errors import QueryError
from archive.query.mementos import Memento, Neighbours

LINKS = "application/link-format"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HTTP_DATE = re.compile(r"([A-Z][a-z]{2}), ([0-9]{2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT")
# All that may stand in a URI (RFC 3986) and does not end one in a Link header or a header line.
_SAFE = "!#$%&'()*+,-./:;=?@[]_~"


def http_date(time: datetime) -> str:
    """Spell a time as headers do (RFC 1123, GMT, whole seconds)."""
    return format_datetime(time.astimezone(UTC), usegmt=True)


def parse_accept(text: str | None) -> datetime | None:
    """Read an Accept-Datetime header (RFC 7089 section 2.1.1); None where there is none.

    Raises:
        QueryError: it is no RFC 1123 date in GMT.
    """
    if text is None:
        return None
    found = _HTTP_DATE.fullmatch(text.strip())
    try:
        if not found:
            raise ValueError
        day, month = int(found[2]), _MONTHS.index(found[3]) + 1
        time = datetime(int(found[4]), month, day, int(found[5]), int(found[6]), int(found[7]), tzinfo=UTC)
        if _DAYS[time.weekday()] != found[1]:
            raise ValueError
    except ValueError:
        raise QueryError(
            f"Accept-Datetime {text[:100]!r} is no date of RFC 1123",
            hint=f"It is written like {http_date(datetime(2026, 8, 1, 3, tzinfo=UTC))}.",
        ) from None
    return time


def digits(time: datetime) -> str:
    """Spell a time as the 14 digits of archives, whole seconds, UTC."""
    return time.strftime("%Y%m%d%H%M%S")


def span(text: str) -> tuple[datetime, datetime]:
    """Read 4 to 20 digits of a time: the first moment that they name, and the first one after.

    Raises:
        QueryError: they name no time.
    """
    year, rest = text[:4], text[4:14]
    try:
        if not re.fullmatch(r"[0-9]{4}|[0-9]{6}|[0-9]{8}|[0-9]{10}|[0-9]{12}|[0-9]{14,20}", text, re.ASCII):
            raise ValueError
        month, day, hour, minute, second = (int(rest[place : place + 2] or 0) for place in range(0, 10, 2))
        start = datetime(int(year), month if rest else 1, day if len(rest) > 2 else 1, hour, minute, second, tzinfo=UTC)
        if len(text) >= 14:
            start += timedelta(microseconds=int(text[14:].ljust(6, "0")))
            return start, start + timedelta(microseconds=10 ** (20 - len(text)))
        if len(text) == 4:
            return start, start.replace(year=start.year + 1)
        if len(text) == 6:
            return start, (start + timedelta(days=31)).replace(day=1)
        return start, start + {8: timedelta(days=1), 10: timedelta(hours=1), 12: timedelta(minutes=1)}[len(text)]
    except (ValueError, OverflowError):
        raise QueryError(f"{text[:40]!r} is no time", hint="Times are 4 to 14 digits: YYYYMMDDhhmmss.") from None


class Addresses:
    """Where the archive answers for an original, ``root`` being scheme and authority of the server."""

    def __init__(self, root: str, original: str) -> None:
        self.original = quote(original, safe=_SAFE)
        self.timegate = f"{root}/timegate/{self.original}"
        self.timemap = f"{root}/timemap/link/{self.original}"
        self._root = root

    def memento(self, one: Memento, *, crowded: bool = False, mode: str = "") -> str:
        """Give a capture's address; ``crowded`` where another one was made within its second."""
        return self.at(one.time, one.url, crowded=crowded, mode=mode)

    def at(self, time: datetime, url: str, *, crowded: bool = False, mode: str = "") -> str:
        """Give the address at which the capture of a URL nearest to a time is found."""
        return f"{self._root}/web/{moment(time, crowded=crowded)}{mode}/{quote(url, safe=_SAFE)}"

    def played(self, one: Memento) -> str:
        """Give the address at which the player, whose server ``root`` is, shows a capture."""
        return f"{self._root}/?{urlencode({'url': one.url, 'ts': digits(one.time)})}"

    def page(self, number: int, form: str = "link") -> str:
        """Give the address of a page of the TimeMap."""
        return f"{self._root}/timemap/{form}/{number}/{self.original}"


def moment(time: datetime, *, crowded: bool) -> str:
    """Spell a capture's time for its address: 14 digits, 20 where they would name two captures."""
    return time.strftime("%Y%m%d%H%M%S%f") if crowded else digits(time)


def link(target: str, *relations: str, **attributes: str) -> str:
    """Spell one value of a Link header (RFC 8288)."""
    told = "".join(f'; {name}="{value}"' for name, value in attributes.items())
    return f'<{target}>; rel="{" ".join(relations)}"{told}'


def crowds(row: Iterable[Memento]) -> set[int]:
    """Find those of a row of captures, in order of time, that share their second with another one."""
    ordered = list(row)
    pairs = ((one, two) for one, two in pairwise(ordered) if digits(one.time) == digits(two.time))
    return {found.id for pair in pairs for found in pair}


def links(addresses: Addresses, found: Neighbours, *, mode: str = "", is_timegate: bool = False) -> str:
    """Write the Link header of a memento, or of the TimeGate that leads to it (RFC 7089 section 2.2)."""
    relations: dict[int, list[str]] = {}
    named = (("first", found.first), ("prev", found.previous), ("next", found.following), ("last", found.last))
    row = {one.id: one for _, one in named if one is not None} | {found.memento.id: found.memento}
    for name, one in named:
        if one is not None:
            relations.setdefault(one.id, []).append(name)
    relations.setdefault(found.memento.id, [])
    crowded = crowds(sorted(row.values(), key=lambda one: (one.time, one.id)))
    values = [link(addresses.original, "original")]
    values += [] if is_timegate else [link(addresses.timegate, "timegate")]
    values.append(link(addresses.timemap, "timemap", type=LINKS))
    for number in sorted(row, key=lambda number: (row[number].time, number)):
        one = row[number]
        address = addresses.memento(one, crowded=number in crowded, mode=mode)
        values.append(link(address, *relations[number], "memento", datetime=http_date(one.time)))
    return ", ".join(values)
