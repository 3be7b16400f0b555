"""The extraction gate: how well posts of the replica are read, against floors that nobody moves by accident.

``python -m tests.text.gate --update`` pins what is reached now; it refuses to lower a floor unless told ``--lower``.
"""

import argparse
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import astuple
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from archive.model import Article
from archive.text import read_post
from crawler.replica import BlogSimulator, Post, Truth
from tests.text.conftest import HTML, blog, rendered, watchdog

PINNED = Path(__file__).parents[1] / "gates" / "extraction.json"
Scores = dict[str, float]


def corpus_digest(of: BlogSimulator) -> str:
    """SHA-256 over every page and its truth."""
    digest = hashlib.sha256()
    for post in of.listing():
        digest.update(rendered(post, of))
        digest.update(repr(astuple(post.truth)).encode())
    return digest.hexdigest()


def readings(of: BlogSimulator) -> Iterator[tuple[Truth, Article | None]]:
    """What is read of every post beside what it says."""
    for post in of.listing():
        yield post.truth, _read(post, of)


def _read(post: Post, of: BlogSimulator) -> Article | None:
    captured = post.touched + timedelta(days=1)
    page = read_post(rendered(post, of), content_type=HTML, url=post.url, site=watchdog(), captured=captured)
    return page.article if page.outcome == "ok" else None


def scores(of: BlogSimulator) -> Scores:
    """Means over the posts, 0 to 1; ``boilerplate_lines`` is a count. An unread post scores 0."""
    told = list(readings(of))
    found = {
        name: sum(read is not None and test(truth, read) for truth, read in told) / len(told)
        for name, test in EXACT.items()
    }
    found["token_f1"] = sum(_token_f1(truth, read) for truth, read in told) / len(told)
    found["paragraph_recall"] = _recall(told)
    found["boilerplate_lines"] = sum(_boilerplate(truth, read) for truth, read in told)
    return found


def _dates(truth: Truth) -> tuple[object, ...]:
    """Pages show whole seconds."""
    modified = truth.modified.replace(microsecond=0) if truth.modified else None
    return truth.published.replace(microsecond=0), truth.published_offset, modified


def _same_credit(truth: Truth, read: Article) -> bool:
    return (truth.credit and astuple(truth.credit)) == (read.credit and astuple(read.credit))


EXACT: dict[str, Callable[[Truth, Article], bool]] = {
    "dates": lambda truth, read: _dates(truth) == (read.published, read.published_offset, read.modified),
    "titles": lambda truth, read: truth.title == read.title,
    "authors": lambda truth, read: truth.authors == read.authors,
    "datelines": lambda truth, read: truth.dateline == read.dateline,
    "sections": lambda truth, read: (truth.category, truth.tags) == (read.category, read.tags),
    "languages": lambda truth, read: truth.language == read.language,
    "pictures": lambda truth, read: list(map(astuple, truth.images)) == list(map(astuple, read.images)),
    "credits": _same_credit,
    "corrections": lambda truth, read: truth.corrections == read.corrections,
    "textless": lambda truth, read: truth.is_textless == read.is_textless,
    "kinds": lambda truth, read: [block.kind for block in truth.blocks] == [block.kind.value for block in read.blocks],
}
"""What must be read exactly as it is; the score is the share of posts."""


def _token_f1(truth: Truth, read: Article | None) -> float:
    wanted = Counter(" ".join(block.text for block in truth.blocks).split())
    found = Counter(" ".join(block.text for block in read.blocks).split()) if read else Counter[str]()
    if read and not wanted and not found:
        return 1.0
    common = (wanted & found).total()
    return 2 * common / (wanted.total() + found.total()) if common else 0.0


def _recall(told: list[tuple[Truth, Article | None]]) -> float:
    """Share of the blocks that are read whole and in their order."""
    wanted = sum(len(truth.blocks) for truth, _ in told)
    return sum(_in_order(truth, read) for truth, read in told if read) / wanted


def _in_order(truth: Truth, read: Article) -> int:
    texts = [block.text for block in read.blocks]
    places = [texts.index(block.text) for block in truth.blocks if block.text in texts]
    return len(places) if all(before < after for before, after in pairwise(places)) else 0


def _boilerplate(truth: Truth, read: Article | None) -> int:
    """Blocks that are, or hold, a text that is not the post's."""
    own = {block.text for block in truth.blocks}
    blocks = [block.text for block in read.blocks if block.text not in own] if read else []
    return sum(any(line in text for line in truth.boilerplate) or not own for text in blocks)


def is_worse(name: str, found: float, pinned: float) -> bool:
    """Tell whether a score is below its floor; for a count, above its ceiling."""
    return found > pinned if name == "boilerplate_lines" else found < pinned


def main() -> int:
    """Print the scores; with ``--update`` pin them."""
    parser = argparse.ArgumentParser(description="The extraction gate.")
    parser.add_argument("--update", action="store_true", help="pin what is reached now")
    parser.add_argument("--lower", action="store_true", help="also where that lowers a floor")
    asked = parser.parse_args()
    found = {name: round(score, 4) for name, score in sorted(scores(blog()).items())}
    sys.stdout.write(f"{json.dumps(found, indent=2)}\n")
    pinned: Scores = json.loads(PINNED.read_text())["floors"] if PINNED.exists() else {}
    worse = [name for name, floor in pinned.items() if is_worse(name, found.get(name, 0.0), floor)]
    if asked.update and (asked.lower or not worse):
        text = json.dumps({"corpus_sha256": corpus_digest(blog()), "floors": found}, indent=2)
        PINNED.write_text(f"{text}\n")
    elif worse:
        sys.stdout.write(f"below its floor: {', '.join(worse)}\n")
    return bool(worse)


if __name__ == "__main__":
    sys.exit(main())
