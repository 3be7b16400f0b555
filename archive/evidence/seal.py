"""A seal: the list of what a run left, signed, and what it says. Pure: bytes in, values out.

``SHA256SUMS`` is text as ``sha256sum`` writes it: ``DIGEST  NAME``, sorted by name, LF. It names every record as
``records/<type>-<uuid>.warc.gz`` (the digest is over the record's gzip member, as it lies in the WARC file), every
closed WARC file as ``archive/<name>``, and every file of provenance as ``provenance/<name>``.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archive.errors import IntegrityError, NotFoundError, StorageError
from archive.evidence import merkle
from archive.model import Sha256, as_sha256

SUMS = "SHA256SUMS"
SIGNATURE = "SHA256SUMS.p7s"
STAMPED = (SUMS, SIGNATURE)
"""What the time authorities stamp: the list, and its signature, so that this outlives the signing certificate."""
RUN = "provenance/run.json"
PREVIOUS = "provenance/previous-checkpoint"

_LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9][A-Za-z0-9._/-]{0,250})")
_TOKEN = re.compile(r"(?P<stamped>SHA256SUMS(?:\.p7s)?)\.(?P<authority>[a-z0-9-]{1,32})\.tst")
_UUID = re.compile(r"<urn:uuid:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})>")
_HINT = "Restore the seal from a copy; a sealed list is never edited."


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """A seal as it lies in ``seals/<name>``.

    ``tokens`` and ``provenance`` are files by name (``SHA256SUMS.tsa1.tst``, ``provenance/run.json``), sorted.
    """

    name: str
    sums: bytes
    signature: bytes
    tokens: tuple[tuple[str, bytes], ...] = ()
    provenance: tuple[tuple[str, bytes], ...] = ()

    @property
    def leaf(self) -> bytes:
        """The hash by which the log knows it."""
        return merkle.leaf_hash(self.sums)

    @property
    def previous_checkpoint(self) -> bytes | None:
        """The log's checkpoint before this seal; ``None`` in the first."""
        return dict(self.provenance).get(PREVIOUS)

    def stamped(self, name: str) -> bytes:
        """Give the bytes that a token of that name is over.

        Raises:
            IntegrityError: it is no name of a token.
        """
        return self.sums if token_name(name)[0] == SUMS else self.signature


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What ``provenance/run.json`` says, as far as checks ask for it.

    ``custody`` is the chain of custody's head at sealing. ``clock_offset`` are the seconds by which the machine's clock
    ran ahead of NTP where that was asked, ``clock_step`` those by which it was set during the run.
    """

    run: str
    part: int
    parts: int
    began: datetime
    ended: datetime | None
    sealed: datetime
    route: str
    files: tuple[str, ...]
    records: int
    is_late: bool
    custody: Sha256 | None
    clock_offset: float | None
    clock_step: float | None


def record_name(kind: str, record_id: str) -> str:
    """Name a record in the list.

    Raises:
        IntegrityError: its id is not one of ours.
    """
    found = _UUID.fullmatch(record_id)
    if found is None or not re.fullmatch(r"[a-z]+", kind):
        raise IntegrityError(f"{kind} {record_id} cannot be named in a seal", hint="The record is not one of ours.")
    return f"records/{kind}-{found[1]}.warc.gz"


def write_sums(lines: Mapping[str, Sha256]) -> bytes:
    """Write a list; keys are names."""
    return "".join(f"{lines[name]}  {name}\n" for name in sorted(lines)).encode("ascii")


def read_sums(data: bytes) -> dict[str, Sha256]:
    """Read a list: digests by name, in order.

    Raises:
        IntegrityError: it is not exactly as ``write_sums`` writes; the first wrong line is named.
    """
    lines: dict[str, Sha256] = {}
    try:
        text = data.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise IntegrityError("the list is not plain ASCII", hint=_HINT) from None
    if text.pop():
        raise IntegrityError("the list's last line is cut off", hint=_HINT)
    last = ""
    for number, line in enumerate(text, 1):
        found = _LINE.fullmatch(line)
        if found is None or found[2] <= last or ".." in found[2]:
            raise IntegrityError(f"line {number} of the list is not as a seal writes it", hint=_HINT)
        last = found[2]
        lines[last] = as_sha256(found[1])
    return lines


def token_name(name: str) -> tuple[str, str]:
    """Split a token's file name into what it is over and which authority gave it.

    Raises:
        IntegrityError: it is no name of a token.
    """
    found = _TOKEN.fullmatch(name)
    if found is None:
        raise IntegrityError(f"{name} is no name of a token", hint=_HINT)
    return found["stamped"], found["authority"]


def token_file(stamped: str, authority: str) -> str:
    """Name the token of an authority over one of ``STAMPED``."""
    return f"{stamped}.{authority}.tst"


def is_part_of_seal(name: str) -> bool:
    """Tell whether a file of that relative name belongs in a seal's folder."""
    return name in {SUMS, SIGNATURE, RUN, PREVIOUS} or _TOKEN.fullmatch(name) is not None


def read_seal(folder: Path) -> Seal:
    """Read a seal's folder, ``seals/<name>`` or its copy in a package; nothing is checked yet.

    Raises:
        NotFoundError: there is no seal.
        StorageError: the disk refused.
    """
    try:
        return Seal(
            name=folder.name,
            sums=(folder / SUMS).read_bytes(),
            signature=(folder / SIGNATURE).read_bytes(),
            tokens=tuple((path.name, path.read_bytes()) for path in sorted(folder.glob("SHA256SUMS.*.tst"))),
            provenance=_files(folder, sorted((folder / "provenance").glob("*"))),
        )
    except FileNotFoundError as error:
        missing = Path(error.filename).name
        raise NotFoundError(f"the seal {folder.name} has no {missing}", hint=_HINT) from None
    except OSError as error:
        raise StorageError(f"the seal {folder.name} cannot be read: {error.strerror}") from error


def read_facts(seal: Seal) -> RunFacts:
    """Read a seal's ``provenance/run.json``.

    Raises:
        IntegrityError: it is missing or cannot be read.
    """
    try:
        value = json.loads(dict(seal.provenance)[RUN])
        clock = value["clock"]
        return RunFacts(
            run=str(value["run"]),
            part=int(value["part"]),
            parts=int(value["parts"]),
            began=_time(value["began"]),
            ended=None if value["ended"] is None else _time(value["ended"]),
            sealed=_time(value["sealed"]),
            route=str(value["route"]),
            files=tuple(map(str, value["files"])),
            records=int(value["records"]),
            is_late=bool(value["late"]),
            custody=None if value["custody"] is None else as_sha256(value["custody"]),
            clock_offset=_number(clock["ntp_offset_seconds"]),
            clock_step=_number(clock["step_seconds"]),
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        raise IntegrityError(f"the seal {seal.name} has no {RUN} that can be read", hint=_HINT) from None


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.utcoffset() is None:
        raise ValueError(text)
    return time


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _files(folder: Path, paths: Iterable[Path]) -> tuple[tuple[str, bytes], ...]:
    return tuple((str(path.relative_to(folder)), path.read_bytes()) for path in paths if path.is_file())
