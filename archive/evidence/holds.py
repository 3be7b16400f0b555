"""Legal holds as the chain of custody and the archive's papers tell of them."""

import json
from dataclasses import dataclass, replace
from datetime import datetime

from archive.collection import Collection
from archive.errors import IntegrityError, NotFoundError
from archive.evidence.custody import Custody, CustodyEvent, EventKind
from archive.evidence.papers import Paper, read_paper
from archive.model import as_sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A hold: who ordered it for which case and what, when; ``released`` is None while it stands.

    ``released_by`` and ``reason`` are empty while it stands.
    """

    number: int
    added: datetime
    case: str
    by: str
    scope: str
    released: datetime | None = None
    released_by: str = ""
    reason: str = ""


def holds(collection: Collection) -> tuple[Hold, ...]:
    """Read every hold, in the order of their numbers.

    Raises:
        IntegrityError: the chain of custody is broken, or a paper was altered.
        NotFoundError: a paper is missing.
    """
    found: dict[str, Hold] = {}
    for event in Custody(collection).events():
        if event.kind is EventKind.HOLD_ADDED:
            words = _words(collection, event, Paper.HOLD, ("case", "by", "scope"))
            found[event.subject] = Hold(
                number=len(found) + 1, added=event.time, case=words["case"], by=words["by"], scope=words["scope"]
            )
        elif event.kind is EventKind.HOLD_RELEASED:
            words = _words(collection, event, Paper.RELEASE, ("by", "reason"))
            found[event.subject] = replace(
                found[event.subject], released=event.time, released_by=words["by"], reason=words["reason"]
            )
    return tuple(found.values())


def standing(collection: Collection, number: int) -> Hold:
    """Give a hold that was not released.

    Raises:
        NotFoundError: there is none of that number, or it was released.
    """
    one = next((one for one in holds(collection) if one.number == number and one.released is None), None)
    if one is None:
        raise NotFoundError(f"no hold {number} stands", hint="vigil hold list names them.")
    return one


def _words(collection: Collection, event: CustodyEvent, kind: Paper, names: tuple[str, ...]) -> dict[str, str]:
    try:
        words: dict[str, str] = json.loads(read_paper(collection, kind, as_sha256(event.detail("paper") or "")))
        return {name: str(words[name]) for name in names}
    except (ValueError, KeyError):
        raise IntegrityError(f"the paper of {event.subject} cannot be read", hint="Bring it back.") from None
