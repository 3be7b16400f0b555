"""A round's findings as one page for people: no script, no outside request, nothing archived that could act."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from archive.document import document, plain
from archive.verify.findings import CHECKS, Finding

_SHOWN = 200
"""Findings shown of each check; the JSON report has all."""


def page(
    title: str, when: datetime, counts: Mapping[str, int], findings: Sequence[Finding], remarks: Sequence[str]
) -> str:
    """Write the page: the verdict, what it does not rest on, and each finding by its check."""
    by_check: dict[str, list[Finding]] = {}
    for finding in findings:
        by_check.setdefault(finding.check, []).append(finding)
    some = f"{len(findings):,} finding{'s' if len(findings) != 1 else ''}"
    mood, words = ("bad", some) if findings else ("good", "Sound: nothing was found")
    told = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    sections = [
        f"<h1>{plain(title)}</h1><p class=soft>Verified {when:%Y-%m-%d %H:%M:%S} UTC</p>",
        f'<div class="verdict {mood}"><b>{words}</b><br><span>Read: {told}.</span></div>',
        "<ul>" + "".join(f"<li>{plain(one)}</li>" for one in remarks) + "</ul>" if remarks else "",
        *(_check(name, found) for name, found in by_check.items()),
    ]
    return document(title, sections)


def _check(name: str, found: Sequence[Finding]) -> str:
    meaning = CHECKS[name].meaning.partition("\n")[0] if name in CHECKS else ""
    more = f"<p class=soft>and {len(found) - _SHOWN:,} more</p>" if len(found) > _SHOWN else ""
    shown = "".join(map(_finding, found[:_SHOWN]))
    return f"<h2>{plain(name)} <small>{len(found):,}</small></h2><p class=soft>{plain(meaning)}</p>{shown}{more}"


def _finding(one: Finding) -> str:
    place = ", ".join(
        str(part)
        for part in (one.file, None if one.offset is None else f"offset {one.offset:,}", one.record)
        if part is not None
    )
    rows = (("Where", place), ("Found", one.found), ("Expected", one.expected), ("What to do", one.hint))
    told = "".join(f"<dt>{name}</dt><dd>{plain(value)}</dd>" for name, value in rows)
    return f'<div class="post"><dl>{told}</dl></div>'
