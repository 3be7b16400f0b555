"""Messages to addresses that apprise knows: mail, chat, a webhook. They hold secrets, and stand in a file of their own.

They are never shown, logged or recorded; a line of the file is named by its number.
"""

import hashlib
import logging
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

from archive.errors import ConfigError

log = logging.getLogger(__name__)

_PATIENCE = 60.0
"""Seconds that one address may take; apprise's own limits do not end a server that sends a byte now and then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One address: what it is called where others read it, and a digest that stands for it in our own state."""

    name: str
    digest: str
    _target: Any = field(repr=False)

    def send(self, title: str, body: str, *, attached: Path | None = None) -> bool:
        """Send a message; tells whether it arrived. Gives up after a minute."""
        arrived: list[bool] = []

        def notify() -> None:
            words = {"title": title, "body": body, "body_format": "text"}
            more = {"attach": str(attached)} if attached else {}
            arrived.append(bool(self._target.notify(**words, **more)))

        thread = Thread(target=notify, daemon=True)
        thread.start()
        thread.join(_PATIENCE)
        return arrived == [True]


def addresses(file: Path | None) -> tuple[Address, ...]:
    """Read a file of addresses, one apprise URL a line; none where there is no file.

    Raises:
        ConfigError: it cannot be read, or a line is no address that apprise knows; the line is named, not shown.
    """
    if file is None:
        return ()
    try:
        import apprise  # noqa: PLC0415 - only who sends messages pays for it
    except ImportError:
        raise ConfigError(
            "messages need the package apprise", hint="Install it: pip install 'vigil-archive[ops]'."
        ) from None
    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # it logs addresses, and they hold secrets
    found = []
    for number, url in _lines(file):
        target = apprise.Apprise(asset=apprise.AppriseAsset(app_id="vigil", app_desc="vigil"))
        if not target.add(url):
            raise ConfigError(
                f"{file}, line {number}: is no address that apprise knows", hint="json://host/path is one."
            )
        found.append(Address(name=_name(url, number), digest=_digest(url), _target=target))
    return tuple(found)


def names_of(file: Path) -> dict[str, str]:
    """Give the digest and the name of each address, without asking whether apprise knows it; none of a missing file."""
    try:
        return {_digest(url): _name(url, number) for number, url in _lines(file)}
    except ConfigError:
        return {}


def _digest(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()


def _name(url: str, number: int) -> str:
    return f"{url.partition(':')[0].lower()} address in line {number}"


def _lines(file: Path) -> list[tuple[int, str]]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"{file}: cannot be read", hint="Write one apprise URL a line, and chmod 600.") from None
    found = [(number, line.strip()) for number, line in enumerate(lines, 1)]
    return [(number, line) for number, line in found if line and not line.startswith("#")]
