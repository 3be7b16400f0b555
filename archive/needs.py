"""The nouns of what a page needs to look as it did: frozen values, no input or output, as in ``model``."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from archive.model import OmissionKind


class Role(StrEnum):
    """What a requisite is to its page; those that matter most to its looks first."""

    STYLE = "style"
    FONT = "font"
    IMAGE = "image"
    POSTER = "poster"
    SCRIPT = "script"
    ICON = "icon"
    ORIGINAL = "original"
    MEDIA = "media"
    FRAME = "frame"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageMember:
    """A capture that a page needs to look as it did: which exchange, and the id of its response or revisit record."""

    role: Role
    url: str
    run: str
    sequence: int
    record_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Something that a page names and that is not kept for it, and why."""

    url: str
    role: Role
    kind: OmissionKind
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRecord:
    """All that one capture of a page needs to look as it did, whole: what is kept and what is not.

    ``run`` wrote it; ``of_run``, ``of_sequence`` and ``of_record`` name the capture of the page. A metadata record in
    the run's WARC, laid down when the last of it is settled.
    """

    run: str
    url: str
    of_run: str
    of_sequence: int
    of_record: str
    time: datetime
    members: tuple[PageMember, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
