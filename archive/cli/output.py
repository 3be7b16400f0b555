"""Data goes to stdout, talk to stderr; nothing that was archived can steer a terminal."""

import re
import sys
from collections.abc import Iterable

from archive.plain import plain as plain  # noqa: PLC0414  commands take it from here
from archive.plain import spell as spell  # noqa: PLC0414  commands take it from here

_STEERING = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Control characters but tab and line feed, line separators, embeddings that reorder what stands around them (left and
right marks stay: right-to-left texts need them), lone surrogates, and invisible tags."""


def clean(text: str) -> str:
    """Make text harmless for a terminal: what could steer it is shown as its code point, ``<U+001B>``."""
    return _STEERING.sub(lambda found: f"<U+{ord(found[0]):04X}>", text)


def clean_line(text: str) -> str:
    """Make text harmless and one line."""
    return clean(" ".join(text.split()))


def show(text: str = "") -> None:
    """Write a line of data; harmless where a terminal reads it, else exactly as it is."""
    sys.stdout.write(f"{clean(text) if sys.stdout.isatty() else text}\n")


def show_marked(before: str, text: str, spans: Iterable[tuple[int, int]]) -> None:
    """Write a line of data in which a terminal shows the ``spans`` of ``text`` in bold."""
    if not sys.stdout.isatty():
        sys.stdout.write(f"{before}{text}\n")
        return
    parts, at = [clean(before)], 0
    for start, end in spans:
        parts += [clean(text[at:start]), "\x1b[1m", clean(text[start:end]), "\x1b[0m"]
        at = end
    sys.stdout.write("".join(parts) + clean(text[at:]) + "\n")


def show_json(value: object) -> None:
    """Write one JSON value on one line, with the model's field names."""
    import json

    text = json.dumps(plain(value), ensure_ascii=False, separators=(", ", ": "))
    sys.stdout.write(_STEERING.sub(_escaped, text) + "\n")


def talk(message: str) -> None:
    """Say something to the person, not to the next program."""
    sys.stderr.write(f"{clean(message)}\n")


def counted(number: int, thing: str) -> str:
    """Say how many of a thing there are: ``1 seal``, ``2,000 seals``."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def fields_of(value: object) -> dict[str, object]:
    """Give a model value's fields by name, to be shown with more."""
    told = plain(value)
    return told if isinstance(told, dict) else {}


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x1_0000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x1_0000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
