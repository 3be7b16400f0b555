"""Compare how fast posts are read: ours against trafilatura on whole pages, page by page in turns, in one run.

Prints CPU milliseconds a page, the ratio, and the token F1 against what the pages really say, medians of the rounds;
then what reading a listing page costs:

    python benchmarks/text.py [--pages 100] [--rounds 5] [--page FILE URL SITE_FILE]

``bare_extraction(with_metadata=True)`` is trafilatura's way to title, authors, date and text; ours gives these and more
(``archive.text.read_post``). ``--page`` measures one page of yours besides.
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import trafilatura

from archive.config import shipped_sites
from archive.listing import read_listing
from archive.site import Site, load_site
from archive.text import read_post
from crawler.replica.article_page import article_page
from crawler.replica.benchmark import ballast, benchmark_blog
from crawler.replica.listing_page import listing_page
from crawler.replica.model import WATCHDOG

NOW = datetime(2024, 5, 1, tzinfo=UTC)
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A page, where it was, whose rules fit it, and what it says (empty where nobody knows)."""

    payload: bytes
    url: str
    site: Site
    says: str


Way = Callable[[Sample], str]


def ours(sample: Sample) -> str:
    """Read a page as a crawl does; the text of its blocks."""
    page = read_post(sample.payload, content_type=HTML, url=sample.url, site=sample.site, captured=NOW)
    return "\n".join(block.text for block in page.article.blocks) if page.article else ""


def whole_page(sample: Sample) -> str:
    """Let trafilatura find text and metadata on the whole page."""
    found = trafilatura.bare_extraction(sample.payload, url=sample.url, with_metadata=True)
    return found.text or "" if isinstance(found, trafilatura.settings.Document) else ""


WAYS: tuple[tuple[str, Way], ...] = (("bare_extraction", whole_page), ("read_post", ours))


def pages(count: int) -> list[Sample]:
    """Article pages of 60 to 90 kB."""
    blog, site = benchmark_blog(count), load_site(shipped_sites() / "rferl-watchdog.toml")
    return [
        Sample(
            payload=ballast(article_page(post, blog.column()), post.id).encode(),
            url=post.url,
            site=site,
            says="\n".join(block.text for block in post.truth.blocks),
        )
        for post in blog.listing()
    ]


def token_f1(wanted: str, found: str) -> float:
    """The harmonic mean of precision and recall of words."""
    words, read = Counter(wanted.split()), Counter(found.split())
    common = (words & read).total()
    return 2 * common / (words.total() + read.total()) if common else 0.0


def one_round(samples: list[Sample]) -> tuple[dict[str, float], dict[str, float]]:
    """CPU seconds and summed F1 of each way, which take turns page by page."""
    spent, scores = {name: 0.0 for name, _ in WAYS}, {name: 0.0 for name, _ in WAYS}
    for sample in samples:
        for name, way in WAYS:
            begun = time.process_time()
            text = way(sample)
            spent[name] += time.process_time() - begun
            scores[name] += token_f1(sample.says, text)
    return spent, scores


def compare(title: str, samples: list[Sample], rounds: int) -> None:
    """Measure a set of pages and print its lines."""
    for _, way in WAYS:
        way(samples[0])
    results = [one_round(samples) for _ in range(rounds)]
    size = sum(len(sample.payload) for sample in samples) / len(samples) / 1000
    print(f"{title}: {len(samples)} pages of {size:.0f} kB, {rounds} rounds in turns")
    for name, _ in WAYS:
        cost = median(spent[name] for spent, _ in results) / len(samples) * 1000
        ratio = median(spent["bare_extraction"] / spent[name] for spent, _ in results)
        score = results[0][1][name] / len(samples)
        shown = f"{score:.4f}" if any(sample.says for sample in samples) else "-"
        print(f"  {name:16} {cost:8.2f} CPU ms/page {ratio:6.2f} x   F1 {shown}")


def listing(rounds: int) -> None:
    """Measure a listing page of about 80 kB, which a crawl reads on its way."""
    blog, site = benchmark_blog(30), load_site(shipped_sites() / "rferl-watchdog.toml")
    page = ballast(listing_page(WATCHDOG, blog.listing()[:2], "/Watchdog?p=1", blog.column()), 1).encode()
    costs: list[float] = []
    for _ in range(rounds * 20):
        begun = time.process_time()
        read_listing(page, content_type=HTML, url=site.listing.start, site=site)
        costs.append(time.process_time() - begun)
    print(f"listing of {len(page) / 1000:.0f} kB: {median(costs) * 1000:.2f} CPU ms (least {min(costs) * 1000:.2f})")


def main() -> None:
    """Run the comparison and print its lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--page", nargs=3, metavar=("FILE", "URL", "SITE_FILE"))
    options = parser.parse_args()
    compare("replica", pages(options.pages), options.rounds)
    if options.page:
        file, url, rules = options.page
        sample = Sample(payload=Path(file).read_bytes(), url=url, site=load_site(Path(rules)), says="")
        compare(file, [sample] * 20, options.rounds)
    listing(options.rounds)


if __name__ == "__main__":
    main()
