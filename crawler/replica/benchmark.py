"""A blog for measuring: thousands of pages of 60 to 90 KB in the template of 2021, nothing forbidden, no surprises."""

from dataclasses import replace
from datetime import timedelta
from functools import cache
from random import Random

from crawler.replica import vocabulary as v
from crawler.replica.fiction import NOW, fictional_blog
from crawler.replica.model import Post, Template
from crawler.replica.simulator import BlogSimulator

ALLOW_ALL = b"User-agent: *\nDisallow:\n"


def benchmark_blog(pages: int = 2000, *, seed: int = 646) -> BlogSimulator:
    """``pages`` posts with text, twenty inline on a listing page; library agents are welcome."""
    told = [post for post in fictional_blog(seed=seed, posts=pages * 11 // 10, others=0).listing() if post.body][:pages]
    blog = BlogSimulator((_even(post, place) for place, post in enumerate(reversed(told))), now=NOW)
    blog.page_size = 20
    blog.robots = ALLOW_ALL
    blog.refuses_agents = False
    blog.ballast = ballast
    return blog


def _even(post: Post, place: int) -> Post:
    """The post in today's template, an hour after the one before."""
    when = NOW - timedelta(hours=20_000 - place)
    dated = replace(post, published=when, modified=when, touched=when)
    return replace(dated, template=Template.T2021, has_breaks=False, has_json_ld=True)


@cache
def _lines() -> tuple[str, ...]:
    """Menu entries and teasers without links, as long as a real page's: a recursive client finds no dead end in them."""
    dice = Random(1)
    lines: list[str] = []
    for number in range(400):
        title = dice.choice(v.SENTENCES).replace("{", "").replace("}", "")
        lines.append(
            f'<li class="subitem"><span class="handler" data-item-name="section-{number}" title="{number}">'
            f'Section {number}</span></li>\n<li class="col-xs-12 mb-grid"><div class="media-block">'
            f'<h4 class="media-block__title media-block__title--size-4">{title}</h4></div></li>\n'
        )
    return tuple(lines)


def ballast(page: str, key: int) -> str:
    """``page`` with a longer footer, so that it weighs between 60 and 90 KB; the same ``key`` gives the same weight."""
    missing = Random(key).randrange(60_000, 89_000) - len(page.encode())
    entries: list[str] = []
    for line in _lines():
        if missing <= 0:
            break
        entries.append(line)
        missing -= len(line.encode())
    menu = f'<div class="foot-nav"><ul class="items">\n{"".join(entries)}</ul></div>\n'
    return page.replace("</footer>", f"{menu}</footer>", 1)
