"""A version of a post as a citation: BibTeX and CSL-JSON, with the time of capture and the digest of the text.

A citation names what was read, and when, so that another can find the same bytes: the capture's time is the date of
access, the note holds the text's SHA-256, and the archive location the WARC record.
"""

import json
import re
from collections.abc import Mapping

_SPECIAL = {letter: f"\\{letter}" for letter in "{}$&#%_"} | {
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
}
_SPECIALS = str.maketrans(_SPECIAL)


def key(row: Mapping[str, object]) -> str:
    """Name a version for good: blog, post, and the beginning of the text's hash."""
    return re.sub(r"[^A-Za-z0-9]+", "-", f"{row['site']}-{row['identity']}-{str(row['text_hash'])[:12]}")


def bibtex(row: Mapping[str, object]) -> str:
    """Cite a row of ``Archive.table`` as a BibTeX entry, in UTF-8, its last line ended."""
    authors = row["authors"] if isinstance(row["authors"], list) else []
    published = str(row["published"] or "")
    fields = {
        "title": f"{{{_bib(row['title'])}}}",
        "author": " and ".join(f"{{{_bib(name)}}}" for name in authors),
        "organization": _bib(row["site_title"] or row["site"]),
        "year": published[:4],
        "month": published[5:7].lstrip("0"),
        "day": published[8:10].lstrip("0"),
        "url": re.sub(r"[{}\\\s]", lambda found: f"%{ord(found[0]):02X}", str(row["url"])),
        "urldate": str(row["first_captured"])[:10],
        "note": _bib(_note(row)),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{key(row)},", *lines, "}"]) + "\n"


def csl(row: Mapping[str, object]) -> dict[str, object]:
    """Cite a row of ``Archive.table`` as an item of CSL-JSON 1.0."""
    authors = row["authors"] if isinstance(row["authors"], list) else []
    item = {
        "id": key(row),
        "type": "post-weblog",
        "title": row["title"],
        "author": [{"literal": name} for name in authors],
        "container-title": row["site_title"] or row["site"],
        "issued": _date(row["published"]),
        "accessed": _date(row["first_captured"]),
        "URL": row["url"],
        "language": row["language"],
        "version": str(row["text_hash"]),
        "archive_location": f"{row['file']}:{row['offset']} {row['record_id']}",
        "note": _note(row),
    }
    return {name: value for name, value in item.items() if value}


def csl_line(row: Mapping[str, object]) -> str:
    """Cite a row as CSL-JSON on one line."""
    return json.dumps(csl(row), ensure_ascii=False)


def _note(row: Mapping[str, object]) -> str:
    payload = f"; page as sent, SHA-256 {row['payload_digest']}" if row["payload_digest"] else ""
    return (
        f"Captured {row['first_captured']}; version {row['version']}, text SHA-256 {row['text_hash']}{payload}; "
        f"WARC record {row['record_id']} in {row['file']}"
    )


def _date(time: object) -> dict[str, object] | None:
    if not time:
        return None
    return {"date-parts": [[int(part) for part in str(time)[:10].split("-")]]}


def _bib(text: object) -> str:
    return " ".join(str(text).split()).translate(_SPECIALS)
