"""The questions of the SQL cookbook, to be asked here by a click; docs/how-to/sql-cookbook.md is where they stand."""

import functools
import re
from dataclasses import dataclass
from pathlib import Path

from datasette.utils.asgi import Request, Response

from archive.web.frame import Desk, Routes, render

_QUESTION = re.compile(
    r"^## (\d+)\. ([^\n]+\?)\n\n((?:(?!## |```)[^\n]*\n)*)```sql\n(.*?)^```", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question in words and in SQL; ``name`` is its place in an address."""

    number: int
    name: str
    words: str
    note: str
    sql: str


@functools.cache
def questions() -> tuple[Question, ...]:
    """Read the cookbook.

    In a wheel it is package data; in a checkout, ``docs/how-to``.
    """
    package = Path(__file__).parents[1]
    installed = package / "_shipped" / "sql-cookbook.md"
    page = installed if installed.is_file() else package.parent / "docs" / "how-to" / "sql-cookbook.md"
    return tuple(
        Question(
            number=int(number),
            name=re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-"),
            words=words,
            note=re.sub(r"\[([^]]+)\]\([^)]*\)|`", r"\1", " ".join(note.split())),
            sql=_askable(sql),
        )
        for number, words, note, sql in _QUESTION.findall(page.read_text(encoding="utf-8"))
    )


def _askable(sql: str) -> str:
    """Make nothing of a search for no words, which FTS5 would refuse: so a page opens before its values are given."""
    return sql.strip().rstrip(";").replace("MATCH :words", "MATCH coalesce(nullif(:words, ''), '\"\"')")


async def listed(request: Request, datasette: Desk) -> Response:
    """List the questions."""
    values: dict[str, object] = {"questions": questions(), "place": "questions"}
    return await render(datasette, request, "questions.html", values)


ROUTES: Routes = ((r"/questions$", listed),)
