"""Crontab's five fields, read strictly: what is nearly right is refused with the nearest right form. Pure.

Days of the week are crontab's: 0 and 7 are Sunday.
"""

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of the month", 1, 31), ("month", 1, 12), ("day of the week", 0, 7))
_NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_DAYS_OF_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class CronError(ValueError):
    """The text is no crontab time; the message says what is wrong, ``nearest`` is a right form."""

    def __init__(self, problem: str, nearest: str) -> None:
        super().__init__(problem)
        self.nearest = nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """The times of a crontab line; ``weekdays`` count from Sunday, 0 to 6."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]


def parse_cron(text: str) -> Cron:
    """Read ``minute hour day month weekday``, as crontab(5) writes them.

    Raises:
        CronError: it is none, or no day fits it.
    """
    try:
        return _read(text)
    except CronError as error:
        raise CronError(str(error), _repaired(error.nearest)) from None


def _repaired(text: str) -> str:
    """Mend what else is wrong, field by field, until the line is right."""
    for _ in range(10):
        try:
            _read(text)
        except CronError as error:
            text = error.nearest
        else:
            return text
    return "17 3 * * *"


def _read(text: str) -> Cron:
    words = _NICKNAMES.get(text.strip().lower(), text).split()
    if len(words) != 5:
        raise CronError(*_wrong_count(text, words))
    values = [_field(word, number, words) for number, word in enumerate(words)]
    weekdays = frozenset(day % 7 for day in values[4])
    if len(values[2]) < 31 and len(weekdays) < 7:
        problem = "names days of the month and days of the week; crontab would take either, others both"
        raise CronError(problem, " ".join([*words[:2], "*", *words[3:]]))
    if not any(day <= _DAYS_OF_MONTHS[month - 1] for day in values[2] for month in values[3]):
        raise CronError("never comes: the month has no such day", " ".join([*words[:2], "1", *words[3:]]))
    return Cron(minutes=values[0], hours=values[1], days=values[2], months=values[3], weekdays=weekdays)


def _wrong_count(text: str, words: list[str]) -> tuple[str, str]:
    """Say what is wrong with a line that has not five fields."""
    clock = re.fullmatch(r"\s*(\d{1,2}):(\d\d)(?::\d\d)?\s*", text)
    if clock and int(clock[1]) < 24 and int(clock[2]) < 60:
        return "is a time of day", f"{int(clock[2])} {int(clock[1])} * * *"
    if text.strip().startswith("@"):
        near = difflib.get_close_matches(text.strip().lower(), _NICKNAMES, 1) or ["@daily"]
        return "is no nickname of crontab's that a schedule can keep", near[0]
    if len(words) in {6, 7}:
        return "has six fields or more; there are no seconds and no years", " ".join(
            words[:5] if len(words[-1]) == 4 else words[1:6]
        )
    return f"has {len(words)} fields, it must have five", " ".join(
        [*words, *"****"][:5] if words else ["17", "3", "*", "*", "*"]
    )


def _field(word: str, number: int, words: list[str]) -> frozenset[int]:
    found: set[int] = set()
    for part in word.split(","):
        found |= _part(part, number, words)
    return frozenset(found)


def _part(part: str, number: int, words: list[str]) -> set[int]:
    name, low, high = _FIELDS[number]

    def refuse(problem: str, nearest: str) -> CronError:
        return CronError(f"its {name} “{part}” {problem}", " ".join([*words[:number], nearest, *words[number + 1 :]]))

    shape = re.fullmatch(r"(?:\*|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>\d{1,3}))?", part, re.ASCII)
    if shape is None:
        raise refuse("is no value, range (1-5), list (1,3) or step (*/2)", "*")
    step = int(shape["step"] or 1)
    if not 1 <= step <= high:
        raise refuse(f"has a step that is not from 1 to {high}", "*/2")
    if shape["first"] is None:
        return set(range(low, high + 1 if number < 4 else 7, step))
    first, last = (_value(value, number) for value in (shape["first"], shape["last"] or shape["first"]))
    for value, known in ((shape["first"], first), (shape["last"], last)):
        if known is None:
            raise refuse(f"is not from {low} to {high}", _nearest(value or "", number))
    if shape["step"] and not shape["last"]:
        raise refuse("has a step but no range", f"{shape['first']}-{high}/{step}")
    return set(range(first or 0, (last or 0) + 1, step)) or _backwards(refuse, shape["first"], shape["last"], number)


def _backwards(refuse: Callable[[str, str], CronError], first: str, last: str, number: int) -> NoReturn:
    _, low, high = _FIELDS[number]
    raise refuse("runs backwards", f"{first}-{high},{low}-{last}")


def _value(word: str, number: int) -> int | None:
    _, low, high = _FIELDS[number]
    if word.isdigit():
        return int(word) if len(word) < 4 and low <= int(word) <= high else None
    names = {3: MONTHS, 4: WEEKDAYS}.get(number, ())
    return names.index(word.lower()) + (number == 3) if word.lower() in names else None


def _nearest(word: str, number: int) -> str:
    _, low, high = _FIELDS[number]
    if word.isdigit():
        return str(min(max(int(word[:9]), low), high))
    names = {3: MONTHS, 4: WEEKDAYS}.get(number, ())
    return next(iter(difflib.get_close_matches(word.lower()[:3], names, 1, 0.5)), "*")
