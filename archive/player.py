"""ReplayWeb.page, which shows archived pages as they were: fetched once, at one version and digest, never shipped.

Its licence is the AGPL, so it is no part of this software. Two files of its package are kept, ``ui.js`` and ``sw.js``,
which need nothing else and ask nobody.
"""

import os
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from archive.errors import ConfigError, IntegrityError, NotFoundError, StorageError, UsageError
from archive.model import Sha256, as_sha256, sha256_of

NAME = "replaywebpage"
VERSION = "2.5.3"
PACKAGE = as_sha256("b7d35c39c4da9b7121c5a393911d8675d4cc6f19513c380191e16b086bea812c")
"""SHA-256 of the package's tarball."""
FILES = {
    "ui.js": as_sha256("ad95b260fa467a6c4799e669ad76ac8e7d5abefa71d1a2970ae6b63dc454a3c3"),
    "sw.js": as_sha256("29a833e871e2f9b7f135f5b86bba0476b69ad975c129c2473ff5055f73f5a2d0"),
}
"""What is kept of it, and the SHA-256 of each."""
_MOST = 64 << 20
_SECONDS = 300
_HINT = "vigil player fetch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    """The player on this machine."""

    folder: Path

    def read(self, name: str) -> bytes:
        """Give one of its files, digest compared.

        Raises:
            IntegrityError: it is not the file that was installed.
            StorageError: it cannot be read.
        """
        try:
            data = (self.folder / name).read_bytes()
        except OSError as error:
            raise StorageError(f"{self.folder / name} cannot be read: {error.strerror}", hint=_HINT) from error
        if sha256_of(data) != FILES[name]:
            raise IntegrityError(f"{self.folder / name} is not {name} of {NAME} {VERSION}", hint=_HINT)
        return data


def player_folder() -> Path:
    """Say where the player lies: ``$VIGIL_PLAYER``, else in this user's folder of data (XDG)."""
    told = os.environ.get("VIGIL_PLAYER")
    if told:
        return Path(told)
    data = os.environ.get("XDG_DATA_HOME") or str(Path("~/.local/share").expanduser())
    return Path(data) / "vigil" / f"{NAME}-{VERSION}"


def find_player() -> Player | None:
    """Find the player on this machine; None where it was not fetched."""
    folder = player_folder()
    return Player(folder=folder) if all((folder / name).is_file() for name in FILES) else None


def fetch_player() -> Player:
    """Fetch the package with npm, from wherever npm is set to take packages, and install it.

    Raises:
        ConfigError: there is no npm, or it could not fetch the package.
        IntegrityError: another package came than the pinned one.
        StorageError: the disk refused.
    """
    npm = shutil.which("npm")
    by_hand = f"Or fetch the package {NAME} {VERSION} by any means, then: vigil player install FILE.tgz"
    if npm is None:
        raise ConfigError("npm is not on this machine", hint=f"apt install npm. {by_hand}")
    with tempfile.TemporaryDirectory(prefix="vigil-player-") as folder:
        words = [npm, "pack", f"{NAME}@{VERSION}", "--ignore-scripts", "--pack-destination", folder]
        try:
            done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False)  # noqa: S603  words of ours
        except subprocess.TimeoutExpired:
            raise ConfigError(f"npm did not end within {_SECONDS} seconds", hint=by_hand) from None
        found = sorted(Path(folder).glob("*.tgz"))
        if done.returncode or not found:
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[0]
            raise ConfigError(f"npm could not fetch {NAME} {VERSION}: {last}", hint=by_hand)
        return install_player(found[0])


def install_player(package: Path) -> Player:
    """Install the player from its package, a ``.tgz`` as npm keeps it.

    Raises:
        UsageError: there is no such file.
        IntegrityError: it is not the pinned package.
        StorageError: the disk refused.
    """
    try:
        data = package.read_bytes() if package.stat().st_size <= _MOST else b""
    except OSError as error:
        raise UsageError(f"{package} cannot be read: {error.strerror}") from error
    _check(data, PACKAGE, f"{package} is not the package {NAME} {VERSION}")
    folder = player_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tarfile.open(package, "r:gz") as tar:
            for name, digest in FILES.items():
                member = tar.extractfile(f"package/{name}")
                content = member.read(_MOST) if member is not None else b""
                _check(content, digest, f"{name} of {package} is another file")
                part = folder / f"{name}.part"
                part.write_bytes(content)
                part.replace(folder / name)
    except OSError as error:
        raise StorageError(f"the player cannot be kept in {folder}: {error.strerror}") from error
    return Player(folder=folder)


def require_player() -> Player:
    """Give the player.

    Raises:
        NotFoundError: it was not fetched.
    """
    found = find_player()
    if found is None:
        raise NotFoundError(f"ReplayWeb.page is not on this machine ({player_folder()})", hint=_HINT)
    return found


def _check(data: bytes, digest: Sha256, what: str) -> None:
    if sha256_of(data) != digest:
        raise IntegrityError(f"{what}: its SHA-256 is {sha256_of(data)}", hint=f"The pinned one is {digest}.")
