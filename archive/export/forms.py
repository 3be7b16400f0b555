"""The forms that a table leaves in: CSV, JSON lines, a folder of texts, an SQLite file; each streamed.

A spreadsheet takes a cell that begins with ``=``, ``+``, ``-``, ``@`` for a formula, and runs it. So in CSV an
apostrophe is put before such a text (blanks before it, or apostrophes, do not hide it). Whoever takes one
apostrophe off what matches has the text again.
"""

import csv
import hashlib
import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

Row = Mapping[str, object]
_FORMULA = re.compile(r"'*\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|'*[\t\r\n]")
_LINE_ENDS = {letter: f"\\u{letter:04x}" for letter in (0x85, 0x2028, 0x2029)}
_MARKUP = re.compile(r"[\\`*_{}\[\]<>#&|~!]|^[-+=]")
_NUMBER = re.compile(r"^(\d+)([.)])")
_MARKS = {"h": "## ", "i": "- ", "q": "> "}


def defused(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would take for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def write_csv(path: Path, rows: Iterable[Row], columns: Sequence[str]) -> None:
    """Write CSV (RFC 4180, UTF-8): lists joined with semicolons, truths as 1 and 0, the unknown empty."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(columns)
        writer.writerows([_cell(row[name]) for name in columns] for row in rows)


def write_jsonl(path: Path, rows: Iterable[Row], columns: Sequence[str]) -> None:
    """Write one JSON object a line, in UTF-8; no other character in it ends a line."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            text = json.dumps({name: row[name] for name in columns}, ensure_ascii=False)
            file.write(f"{text.translate(_LINE_ENDS)}\n")


def write_sqlite(path: Path, rows: Iterable[Row], columns: Sequence[str], meanings: Mapping[str, str]) -> None:
    """Write a database with the table ``posts`` and, in ``dictionary``, what its columns mean; lists as JSON."""
    db = sqlite3.connect(path, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode = OFF")
        db.execute("BEGIN")
        names = ", ".join(f'"{name}"' for name in columns)
        db.execute(f"CREATE TABLE posts ({names})")
        marks = ", ".join("?" * len(columns))
        db.executemany(
            f"INSERT INTO posts VALUES ({marks})",  # noqa: S608  marks are question marks
            ([_stored(row[name]) for name in columns] for row in rows),
        )
        db.execute("CREATE TABLE dictionary (name TEXT PRIMARY KEY, meaning TEXT)")
        db.executemany("INSERT INTO dictionary VALUES (?, ?)", [(name, meanings[name]) for name in columns])
        db.execute("COMMIT")
    finally:
        db.close()


def write_corpus(folder: Path, rows: Iterable[Row], columns: Sequence[str], *, is_markdown: bool) -> None:
    """Write a file a version into ``folder/texts``, and ``metadata.csv``, whose column ``path`` names each of them."""
    spell, ending = (_markdown, "md") if is_markdown else (_plain, "txt")
    told = [name for name in columns if name not in {"text", "kinds"}]
    write_csv(folder / "metadata.csv", _spilled(folder, rows, spell, ending), ["path", *told])


def _spilled(folder: Path, rows: Iterable[Row], spell: Callable[[Row], str], ending: str) -> Iterator[Row]:
    for row in rows:
        path = Path("texts") / _safe(str(row["site"])) / (str(row["published"] or "")[:4] or "undated")
        (folder / path).mkdir(parents=True, exist_ok=True)
        path /= f"{_safe(str(row['identity']))}-v{row['version']}-{str(row['text_hash'])[:8]}.{ending}"
        with (folder / path).open("x", encoding="utf-8", newline="\n") as file:
            file.write(spell(row))
        yield {**row, "path": path.as_posix()}


def _safe(name: str) -> str:
    """Make a file name of an identity; what is lost by it, a digest replaces."""
    kept = re.sub(r"[^a-z0-9-]+", "-", name)[:60].strip("-")
    return kept if kept == name else f"{kept}-{hashlib.sha256(name.encode()).hexdigest()[:12]}".lstrip("-")


def _paragraphs(row: Row) -> Iterator[tuple[str, str]]:
    if row["kinds"]:
        yield from zip(str(row["kinds"]), str(row["text"]).split("\n\n"), strict=True)


def _plain(row: Row) -> str:
    title = " ".join(str(row["title"]).split())
    return "\n\n".join([title, *(text for _, text in _paragraphs(row))]) + "\n"


def _markdown(row: Row) -> str:
    """Headline, where it is from, and paragraphs; whatever the text holds, Markdown takes none of it for markup."""
    by = ", ".join(map(str, row["authors"])) if isinstance(row["authors"], list) else ""
    source = f"{by + ', ' if by else ''}{row['site_title'] or row['site']}, {row['published'] or 'undated'}"
    proof = f"captured {row['first_captured']}, text SHA-256 {row['text_hash']}"
    head = [f"# {_escaped(str(row['title']))}", f"{_escaped(source)}  \n{_escaped(str(row['url']))}  \n{proof}"]
    return "\n\n".join([*head, *(_MARKS.get(kind, "") + _escaped(text) for kind, text in _paragraphs(row))]) + "\n"


def _escaped(text: str) -> str:
    return _NUMBER.sub(r"\1\\\2", _MARKUP.sub(r"\\\g<0>", " ".join(text.split())))


def _stored(value: object) -> object:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value


def _cell(value: object) -> object:
    if isinstance(value, list):
        value = "; ".join(map(str, value))
    if isinstance(value, bool):
        return int(value)
    return defused(value) if isinstance(value, str) else value
