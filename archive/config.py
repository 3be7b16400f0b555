"""``vigil.toml``, the environment and the command line become ``Settings``; each value knows where it came from.

A flag wins over a variable ``VIGIL_…``, that over the file, that over the default.
"""

import difflib
import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Annotated, get_origin

from archive import tables
from archive.errors import ConfigError, NotFoundError
from archive.tables import NumberRule, TextRule

_Printable = Annotated[
    str, TextRule("a line of text, not empty", lambda text: text.isprintable() and bool(text.strip()))
]
_Contact = Annotated[
    str,
    TextRule(
        "one web or mail address in ASCII: https://archive.example/contact, or desk@archive.example",
        lambda text: bool(re.fullmatch(r"https?://[!-~]+|(?:mailto:)?[!-?A-~]+@[!-?A-~]+", text)),
    ),
]
_Server = Annotated[
    str, TextRule("a server's name, or name:port, in ASCII", lambda text: bool(re.fullmatch(r"[!-~]+", text)))
]
_HostLabel = Annotated[
    str,
    TextRule(
        "letters, digits, dots and underscores, 64 at most",
        lambda text: bool(re.fullmatch(r"[A-Za-z0-9_.]{1,64}", text)),
    ),
]
_Url = Annotated[
    str, TextRule("a web address (http:// or https://)", lambda text: bool(re.fullmatch(r"https?://[!-~]+", text)))
]
_AuthorityName = Annotated[
    str,
    TextRule(
        "small letters, digits and hyphens, 32 at most", lambda text: bool(re.fullmatch(r"[a-z0-9-]{1,32}", text))
    ),
]
_Digest = Annotated[
    str, TextRule("a SHA-256 of 64 small hexadecimal digits", lambda text: bool(re.fullmatch(r"[0-9a-f]{64}", text)))
]
_LogFormat = Annotated[str, TextRule("“console” or “json”", lambda text: text in {"console", "json"})]


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """``[[authorities]]``: a time-stamp authority (RFC 3161). Two are needed, of two owners."""

    name: _AuthorityName
    """Its name with you, part of the tokens' file names; never used again for another authority."""
    url: _Url
    """Where it is asked."""
    root: Path
    """PEM file with the root certificates that are trusted for it; a new root is added, an old one kept."""
    pin: _Digest | None = None
    """SHA-256 of its own certificate, where only that one is to be believed."""
    timeout: Annotated[float, NumberRule(0.1, 600, "seconds")] = 20.0
    """Seconds in which its whole answer must have come."""
    is_retired: bool = False
    """``true`` once it is not asked any more; its old tokens are still checked by its root."""


_CopyPlace = Annotated[
    str,
    TextRule(
        "a folder's whole path, user@host:folder, or s3://bucket/prefix",
        lambda text: text.isprintable() and bool(re.fullmatch(r"/.+|s3://.+|(?:[\w.-]+@)?[\w.-]+:.+", text)),
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsFile:
    """``vigil.toml``: where the archive lies and who keeps it. Every key may be left out.

    A relative path in the file is taken from the file's own folder; in a flag or variable, from the working folder.
    """

    collection: Path = Path("collection")
    """Folder of the archive; made by the first crawl."""
    operator: _Printable | None = None
    """Person or organisation that keeps the archive; recorded in every run."""
    contact: _Contact | None = None
    """Web or mail address where the site's owner reaches you; sent in the user agent, if by mail as ``From`` too."""
    host: _HostLabel | None = None
    """Name of this machine in the names of WARC files; left out: its network name."""
    workers: Annotated[int, NumberRule(0, 1024, "processes")] = 0
    """Processes that read pages in ``vigil rebuild``; 0: one for each core."""
    sites: tuple[Path, ...] = (Path("sites"),)
    """Folders of your own site files; one there wins over a shipped one of the same name."""
    min_free_bytes: Annotated[int, NumberRule(0, unit="bytes")] = 1_000_000_000
    """Free disk space below which a crawl stops in good order (exit 16)."""
    copies: tuple[_CopyPlace, ...] = ()
    """Places of a second copy, sent to after every crawl: a mounted disk's folder, ``user@host:folder``,
    or ``s3://bucket/prefix``."""
    alerts_file: Path | None = None
    """File with the addresses that alerts go to, one apprise URL a line, readable by you alone; left out: none go."""
    log_format: _LogFormat = "console"
    """How the log is written: ``console`` for people, ``json`` for programs, one object a line."""
    keys: Path = Path("keys")
    """Folder of the keys that runs are sealed with; made by ``vigil keys init``."""
    passphrase_file: Path | None = None
    """File whose first line is the passphrase of the keys, where they have one."""
    authorities: tuple[Authority, ...] = ()
    """Time-stamp authorities, one table ``[[authorities]]`` each."""
    publish: tuple[Path, ...] = ()
    """Folders where each checkpoint of the log of seals is put; best where you cannot take it back."""
    publish_file: Path | None = None
    """File with the addresses that each checkpoint is sent to, one apprise URL a line, readable by you alone;
    left out: it is sent to none."""
    beacon: _Url | None = None
    """Web address that answers with a value nobody can know in advance; recorded in each seal, which was therefore made
    after it; left out: none."""
    address_service: _Url | None = None
    """Web address that answers with the public address it is asked from; recorded in each seal; left out: only the
    machine's own address is."""
    seal_records: Annotated[int, NumberRule(50, 1_000_000, "records")] = 10_000
    """Records in one list of a seal, and in one WARC file at most; a longer run is sealed in parts of whole files."""
    alarm_hours: Annotated[int, NumberRule(0, 8760, "hours")] = 48
    """Hours after which a seal without two time stamps is a finding of ``vigil verify``."""
    ntp: _Server | None = None
    """NTP server, ``host`` or ``host:port``, asked for the time before and after a run; left out: none."""
    role: _Printable = "crawler"
    """What this machine is in sealed provenance, in place of its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(SettingsFile):
    """The effective settings; paths are absolute.

    ``file`` is the ``vigil.toml`` that was read, if any. ``sources`` says for each key where its value came from.
    """

    file: Path | None
    sources: tuple[tuple[str, str], ...]

    @property
    def host_label(self) -> str:
        """Name of this machine for the names of WARC files."""
        return self.host or re.sub(r"[^A-Za-z0-9.]+", "_", socket.gethostname())[:64].strip("_.") or "localhost"

    @property
    def processes(self) -> int:
        """How many processes may read pages."""
        return self.workers or os.cpu_count() or 1


def load_settings(
    *,
    config: Path | None = None,
    flags: Mapping[str, str | Path | None] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Settings:
    """Find and read the settings; ``config`` is the file of ``--config``, ``flags`` other options by key.

    The file is ``config``, else ``$VIGIL_CONFIG``, else ``./config/vigil.toml``, else
    ``$XDG_CONFIG_HOME/vigil/vigil.toml``; the last two need not exist.

    Raises:
        ConfigError: a file that was named is missing, or a value is wrong; file or variable, and key are named.
    """
    here = Path.cwd()
    file = _find_file(config, environ)
    base = file.parent if file else here
    layers: list[tuple[str, dict[str, object], Path]] = []
    layers += [(f"flag --{key}", {key: str(value)}, here) for key, value in (flags or {}).items() if value is not None]
    layers += [(f"variable {name}", {key: _typed(key, text)}, here) for key, name, text in _variables(environ)]
    if file:
        layers.append((str(file), _table(file), base))
    values: dict[str, object] = {}
    sources: dict[str, str] = {}
    for source, table, folder in layers:
        read = tables.read(SettingsFile, table, source)
        for key in table:
            if key not in values:
                values[key], sources[key] = _anchored(getattr(read, key), folder), source
    for field in fields(SettingsFile):
        values.setdefault(field.name, _anchored(field.default, base))
    ordered = tuple((field.name, sources.get(field.name, "default")) for field in fields(SettingsFile))
    return Settings(file=file, sources=ordered, **values)  # type: ignore[arg-type]  # each was read by its field's type


def shipped_sites() -> Path:
    """Folder of the site files that came with this software."""
    return _shipped("sites")


def shipped_settings() -> Path:
    """The ``vigil.toml`` that came with this software: every key with what it means, commented out."""
    return _shipped("vigil.toml")


def _shipped(name: str) -> Path:
    """Where a part of ``config`` is: package data in a wheel, the folder itself in a checkout."""
    package = Path(__file__).parent
    installed = package / "_shipped" / name
    return installed if installed.exists() else package.parent / "config" / name


def site_files(settings: Settings) -> dict[str, Path]:
    """Every site file by the site's id, sorted; the operator's win over shipped ones."""
    found: dict[str, Path] = {}
    for folder in (*settings.sites, shipped_sites()):
        for path in sorted(folder.glob("*.toml")):
            found.setdefault(path.stem, path)
    return dict(sorted(found.items()))


def find_site(name: str, settings: Settings) -> Path:
    """Find a site's file by the site's id, or by the file's own path.

    Raises:
        NotFoundError: there is none; the nearest ids are named.
    """
    if name.endswith(".toml"):
        path = Path(name).expanduser()
        if path.is_file():
            return path
    files = site_files(settings)
    if name in files:
        return files[name]
    near = difflib.get_close_matches(name, files, 3) or list(files)[:5]
    known = f"Known: {', '.join(near)}." if near else "No site file was found."
    raise NotFoundError(f"no site “{name}”", hint=f"{known} “vigil sites new” writes another.")


def _find_file(config: Path | None, environ: Mapping[str, str]) -> Path | None:
    if config is None and environ.get("VIGIL_CONFIG"):
        config = Path(environ["VIGIL_CONFIG"])
    if config is not None:
        return Path.cwd() / config.expanduser()
    home = environ.get("XDG_CONFIG_HOME") or str(Path("~/.config").expanduser())
    places = (Path.cwd() / "config" / "vigil.toml", Path(home) / "vigil" / "vigil.toml")
    return next((path for path in places if path.is_file()), None)


def _table(file: Path) -> dict[str, object]:
    try:
        return tables.parse(file.read_bytes(), str(file))
    except OSError as error:
        hint = "“vigil init” writes one; --config and VIGIL_CONFIG name another."
        raise ConfigError(f"{file}: {error.strerror}", hint=hint) from None


def _variables(environ: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Key, name and text of every variable of ours; one that is nearly ours is refused, it would be ignored."""
    names = {f"VIGIL_{field.name.upper()}": field.name for field in fields(SettingsFile)}
    for name in environ:
        if name.startswith("VIGIL_") and name not in {*names, "VIGIL_CONFIG"}:
            near = difflib.get_close_matches(name, names, 1, 0.85)
            if near:
                raise ConfigError(f"variable {name}: is none of ours", hint=f"The nearest valid name is {near[0]}.")
    return [(key, name, environ[name]) for name, key in names.items() if environ.get(name)]


def _typed(key: str, text: str) -> object:
    """A variable's text as TOML would hold it: whole numbers, and folders separated as in ``PATH``."""
    kind, _ = tables.plain(SettingsFile.__annotations__[key])
    if get_origin(kind) is tuple:
        return text.split(os.pathsep)
    if kind is int:
        return int(text) if re.fullmatch(r"-?[0-9]{1,18}", text) else text
    return text


def _anchored(value: object, folder: Path) -> object:
    """A path made absolute from ``folder``; anything else as it is."""
    if isinstance(value, tuple):
        return tuple(_anchored(part, folder) for part in value)
    if isinstance(value, Authority):
        return replace(value, root=Path(os.path.normpath(folder / value.root.expanduser())))
    return Path(os.path.normpath(folder / value.expanduser())) if isinstance(value, Path) else value
