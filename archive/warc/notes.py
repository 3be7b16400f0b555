"""The ``application/warc-fields`` of warcinfo and metadata records, and what a URI and a date look like in a record."""

import base64
import gzip
import ipaddress
import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Self, TypeVar
from urllib.parse import quote, unquote

from archive.errors import DamagedRecordError
from archive.payload import gunzip

_PLAIN = re.compile(r"[!-~](?:[ -~]*[!-~])?")
_URI = re.compile(r"https?://[A-Za-z0-9.:-]+/(?:[!$&-;=?-Z_a-z~]|%[0-9A-Fa-f]{2})*")
_EXTENDED = "UTF-8''"
_MOST_UNPACKED = 1 << 30


Kind = TypeVar("Kind", bound=StrEnum)


class Notes:
    """An ordered list of named values.

    Plain ASCII is written as it is; any other text as ``name*: UTF-8''percent-encoded`` (RFC 8187), so that every
    string comes back exactly.
    """

    def __init__(self, where: str = "a new record") -> None:
        """Begin with no values; ``where`` names the record in errors."""
        self._pairs: list[tuple[str, str]] = []
        self._where = where

    def add(self, name: str, value: str | int | None) -> None:
        """Append a value; ``None`` is not written."""
        if value is not None:
            self._pairs.append((name, str(value)))

    def add_flag(self, name: str, *, is_set: bool) -> None:
        """Append ``yes`` where the claim holds."""
        if is_set:
            self._pairs.append((name, "yes"))

    def add_bytes(self, name: str, data: bytes) -> None:
        """Append bytes as base64; no bytes are not written."""
        if data:
            self._pairs.append((name, base64.b64encode(data).decode("ascii")))

    def add_packed(self, name: str, data: bytes) -> None:
        """Append bytes as base64 of gzip; no bytes are not written."""
        if data:
            self.add_bytes(name, gzip.compress(data, mtime=0))

    def to_block(self) -> bytes:
        """Write the fields as a record's block."""
        return b"".join(_line(name, value) for name, value in self._pairs)

    @classmethod
    def from_block(cls, block: bytes, where: str) -> Self:
        """Read a record's block; lines that are no field are passed over."""
        notes = cls(where)
        for line in block.decode("utf-8", "replace").split("\r\n"):
            name, colon, rest = line.partition(":")
            value = rest.strip()
            if colon and name.endswith("*") and value.startswith(_EXTENDED):
                notes.add(name[:-1], unquote(value.removeprefix(_EXTENDED), errors="surrogatepass"))
            elif colon:
                notes.add(name, value)
        return notes

    def all(self, name: str) -> tuple[str, ...]:
        """Give every value of that name, in order."""
        return tuple(value for found, value in self._pairs if found == name)

    def get(self, name: str) -> str | None:
        """Give the first value of that name."""
        return next((value for found, value in self._pairs if found == name), None)

    def flag(self, name: str) -> bool:
        """Say whether the claim was made."""
        return self.get(name) == "yes"

    def text(self, name: str) -> str:
        """Give the first value of that name.

        Raises:
            DamagedRecordError: there is none; likewise all methods below, also where the value is none of that kind.
        """
        value = self.get(name)
        if value is None:
            raise self._damaged(name, value)
        return value

    def number(self, name: str) -> int:
        """Give the first value of that name as a whole number."""
        return self._number(name, self.get(name))

    def numbers(self, name: str) -> tuple[int, ...]:
        """Give every value of that name as a whole number."""
        return tuple(self._number(name, value) for value in self.all(name))

    def member(self, name: str, kinds: type[Kind]) -> Kind:
        """Give the first value of that name as a member of an enum."""
        try:
            return kinds(self.text(name))
        except ValueError:
            raise self._damaged(name, self.get(name)) from None

    def raw(self, name: str) -> bytes:
        """Give the bytes that ``add_bytes`` took; none where the field is missing."""
        try:
            return base64.b64decode(self.get(name) or "", validate=True)
        except ValueError:
            raise self._damaged(name, self.get(name)) from None

    def packed(self, name: str) -> bytes:
        """Give the bytes that ``add_packed`` took; none where the field is missing."""
        try:
            return gunzip(self.raw(name), _MOST_UNPACKED)
        except DamagedRecordError:
            raise self._damaged(name, self.get(name)) from None

    def _number(self, name: str, value: str | None) -> int:
        if value is None or not re.fullmatch(r"-?[0-9]{1,18}", value):
            raise self._damaged(name, value)
        return int(value)

    def _damaged(self, name: str, value: str | None) -> DamagedRecordError:
        what = "is missing" if value is None else f"cannot be {value!r}"
        return DamagedRecordError(
            f"{self._where}: the field {name} {what}",
            hint="The record was altered or is none of ours. Run `vigil verify`; restore the file from a copy.",
        )


def target_uri(url: str) -> str:
    """Percent-encode what RFC 3986 does not allow in a URI; a URI that is right already comes back as it is."""
    if _URI.fullmatch(url):
        return url
    scheme, mark, rest = url.partition("://")
    end = min((at for at in map(rest.find, "/?#") if at >= 0), default=len(rest)) if mark else 0
    authority, path = (rest[:end], rest[end:]) if mark else ("", url)
    allowed = ":/?#@!$&'()*+,;=~%"
    authority = quote(authority, safe=allowed + "[]", errors="surrogatepass")
    path = quote(path, safe=allowed, errors="surrogatepass")
    lead = quote(scheme, safe=allowed, errors="surrogatepass") + mark if mark else ""
    return re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", lead + authority + path)


def warc_date(time: datetime) -> str:
    """Write an aware time as a WARC-Date: UTC, always six digits of a second."""
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def parse_warc_date(text: str) -> datetime:
    """Read a WARC-Date of any precision as an aware UTC time.

    Raises:
        ValueError: it is none.
    """
    time = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def ip_address(text: str) -> str | None:
    """Write an IP address in its canonical form, without a zone; ``None`` where ``text`` is none."""
    try:
        return str(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return None


def _line(name: str, value: str) -> bytes:
    if _PLAIN.fullmatch(value):
        return f"{name}: {value}\r\n".encode("ascii")
    return f"{name}*: {_EXTENDED}{quote(value, safe='', errors='surrogatepass')}\r\n".encode("ascii")
