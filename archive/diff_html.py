"""A comparison of two texts as a page that needs nothing else: no script, no network, safe whatever the texts hold."""

from collections.abc import Iterable
from html import escape

from archive.diff import Change, Diff, Line

_STYLE = """
body{font:1rem/1.5 Georgia,serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
del{background:#fbdada;color:#7a0000}ins{background:#d6f2d6;color:#0b4d0b;text-decoration:none}
.moved{border-left:.3rem solid #8a6d00;padding-left:.7rem}.note{color:#555;font-size:.85rem}
dl{font:.8rem/1.4 monospace;overflow-wrap:anywhere}dt{font-weight:bold}
@media(prefers-color-scheme:dark){body{background:#16181a;color:#e8e8e8}del{background:#4d1717;color:#ffd7d7}
ins{background:#153d17;color:#d7ffd7}.note{color:#aaa}}
"""
_TAGS = {Change.ADDED: "ins", Change.REMOVED: "del"}


def page(diff: Diff, *, address: str, sides: Iterable[tuple[str, str, str]]) -> str:
    """Write the page; ``sides`` name each text: which one, what is known of it, its digest."""
    facts = "".join(
        f"<dt>{escape(which)}</dt><dd>{escape(told)}<br>{escape(digest)}</dd>" for which, told, digest in sides
    )
    lines = "\n".join(map(paragraph, diff.lines))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width"><title>What changed</title>'
        f"<style>{_STYLE}</style></head>\n<body><p class=note>{escape(address)}</p>\n<h1>{pieces(diff.title)}</h1>\n"
        f"<dl>{facts}</dl>\n<p class=note><del>removed</del> <ins>added</ins></p>\n{lines}\n</body></html>\n"
    )


def paragraph(line: Line) -> str:
    """Write a paragraph with what became of it."""
    if line.change is Change.MOVED:
        note = f"<span class=note>moved, was paragraph {line.before}</span><br>"
        return f'<p class="moved" dir="auto">{note}{pieces(line)}</p>'
    return f'<p dir="auto">{pieces(line)}</p>'


def pieces(line: Line) -> str:
    """Write the pieces of a paragraph or headline, each escaped."""
    told = ""
    for piece in line.pieces:
        text = escape(piece.text)
        tag = _TAGS.get(piece.change)
        told += f"<{tag}>{text}</{tag}>" if tag else text
    return told
