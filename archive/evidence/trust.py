"""What a verifier goes by: the archive's root and log key, the authorities' roots, checkpoints kept elsewhere."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from archive.collection import Collection
from archive.config import Settings
from archive.errors import ConfigError, IntegrityError, NotFoundError
from archive.evidence.keys import PublicKeys, read_certificates, read_public
from archive.evidence.ledger import seals_folder
from archive.evidence.log import LogKey, write_keys
from archive.evidence.storing import write_whole
from archive.evidence.tokens import TimeAuthority
from archive.model import Sha256, as_sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Keys to check by. ``is_inside`` when some of them lie in the archive itself.

    Such keys show that the archive is of one piece, not that it is the archive that was published. ``published`` are
    checkpoints that were kept elsewhere, by where. ``alarm_hours`` is how long a time stamp may be owed.
    """

    roots: tuple[x509.Certificate, ...] = ()
    log_keys: tuple[LogKey, ...] = ()
    authorities: tuple[TimeAuthority, ...] = ()
    published: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)
    is_inside: bool = False
    alarm_hours: int = 48

    def authority(self, name: str) -> TimeAuthority | None:
        """Give the authority of that name."""
        return next((one for one in self.authorities if one.name == name), None)


def trust_of(settings: Settings, collection: Collection, *, published: tuple[Path, ...] = ()) -> Trust:
    """Gather what the settings name; where there are no keys or authorities, the copies in the archive stand in.

    ``published`` are files with further checkpoints.

    Raises:
        ConfigError: a file that is named cannot be read.
    """
    copies = trust_inside(collection)
    public = _public(settings.keys)
    named = tuple(_authority(one.name, one.root, one.pin) for one in settings.authorities)
    names = {one.name for one in named}
    others = tuple(one for one in copies.authorities if one.name not in names)
    return Trust(
        roots=(public.root,) if public else copies.roots,
        log_keys=public.logs if public else copies.log_keys,
        authorities=(*named, *others),
        published=tuple((str(path), _read(path)) for path in (*published, *_published(settings))),
        is_inside=public is None or bool(others),
        alarm_hours=settings.alarm_hours,
    )


def trust_inside(collection: Collection) -> Trust:
    """Gather the copies that lie in the archive itself, where nothing else is known; what cannot be read is missing."""
    public = None
    with suppress(ConfigError, IntegrityError):
        public = _public(inside(collection))
    authorities = []
    for path in sorted(inside(collection).glob("tsa-*.pem")):
        with suppress(ConfigError, IntegrityError):
            authorities.append(_copied(path))
    return Trust(
        roots=(public.root,) if public else (),
        log_keys=public.logs if public else (),
        authorities=tuple(authorities),
        is_inside=True,
    )


def faults_of_copies(collection: Collection, trust: Trust) -> Iterator[tuple[str, str]]:
    """Name the copies in the archive that cannot be read, or are other keys than those of ``trust``, and say why."""
    folder = inside(collection)
    try:
        public = _public(folder)
        if public is not None and trust.roots and public.root not in trust.roots:
            yield "root.crt", "another root"
        if public is not None and trust.log_keys and not set(public.logs) <= set(trust.log_keys):
            yield "log.vkey", "another key of the log"
    except (ConfigError, IntegrityError) as error:
        yield "root.crt, log.vkey", str(error)
    for path in sorted(folder.glob("tsa-*.pem")):
        try:
            copy = _copied(path)
        except (ConfigError, IntegrityError) as error:
            yield path.name, str(error)
            continue
        known = trust.authority(copy.name)
        if known is not None and set(known.roots).isdisjoint(copy.roots):
            yield path.name, "another root"


def _copied(path: Path) -> TimeAuthority:
    return _authority(path.stem.removeprefix("tsa-"), path, None)


def leave_copies(collection: Collection, settings: Settings) -> None:
    """Put copies of the public keys into the archive, for readers who have nothing else.

    Raises:
        StorageError: the disk refused.
        NotFoundError: there are no keys.
        ConfigError: a file that is named cannot be read.
    """
    folder = inside(collection)
    folder.mkdir(parents=True, exist_ok=True)
    public = read_public(settings.keys)
    files = {
        "root.crt": public.root.public_bytes(Encoding.PEM),
        "log.vkey": write_keys(public.logs),
    }
    for one in settings.authorities:
        roots = _authority(one.name, one.root, None).roots
        files[f"tsa-{one.name}.pem"] = b"".join(root.public_bytes(Encoding.PEM) for root in roots)
    for name, data in files.items():
        path = folder / name
        if not path.exists() or path.read_bytes() != data:
            write_whole(path, data)


def inside(collection: Collection) -> Path:
    """Folder of the copies of public keys."""
    return seals_folder(collection) / "trust"


def _public(folder: Path) -> PublicKeys | None:
    try:
        return read_public(folder)
    except NotFoundError:
        return None


def _authority(name: str, root: Path, pin: str | None) -> TimeAuthority:
    digest: Sha256 | None = as_sha256(pin) if pin else None
    try:
        return TimeAuthority(name=name, roots=read_certificates(root), pin=digest)
    except OSError as error:
        hint = f"[[authorities]] {name}: root names the PEM file of its root certificate."
        raise ConfigError(f"{root}: {error.strerror}", hint=hint) from None


def _published(settings: Settings) -> tuple[Path, ...]:
    return tuple(path for folder in settings.publish for path in sorted(folder.glob("checkpoint*")) if path.is_file())


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", hint="Name a file that holds a checkpoint.") from None
