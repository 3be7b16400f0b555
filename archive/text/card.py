"""The inline text of one post on a listing page, for posts whose own page is refused or gone."""

from archive.listing import Shown, posts_of
from archive.model import Article, Finding, Identity, TextOrigin
from archive.page import Tree
from archive.site import Layout, Site
from archive.text import extract, lines
from archive.text.pictures import images_in
from archive.text.post import blocks_of, links_of, read_text


def read_card(payload: bytes, *, content_type: str | None, url: str, site: Site, identity: Identity) -> Article | None:
    """Read the text that a listing page shows of a post; ``None`` where it shows none. Never raises.

    The site's newest layout says what within a body is not the post's. ``origin`` is ``LISTING``.
    """
    reading = posts_of(payload, content_type=content_type, url=url, site=site)
    post = next((post for post in reading.posts if post.identity == identity), None)
    if reading.tree is None or post is None or post.body is None or not site.layouts:
        return None
    return _article(reading.tree, post, site, site.layouts[0])


def _article(tree: Tree, post: Shown, site: Site, layout: Layout) -> Article | None:
    if post.body is None:
        return None
    outside = tree.every(layout.outside)
    silent = outside | tree.every(layout.embeds) | tree.every(layout.dateline)
    text = read_text([post.body], silent, layout, site)
    texts = [block.text for block in text.blocks]
    language = (tree.root.get("lang") or site.language or "").partition("-")[0].lower()
    return Article(
        identity=post.identity,
        url=post.url,
        canonical_url=None,
        title=post.title or "",
        authors=(),
        published=post.published,
        published_offset=None,
        modified=None,
        dateline=lines.dateline_of(texts[0], site.text) if texts else None,
        category=None,
        tags=(),
        language=language or None,
        blocks=blocks_of(text),
        images=images_in([*post.figures, post.body], outside=outside, layout=layout, url=post.url, site=site),
        links=links_of(text, post.url),
        credit=lines.credit_of(texts, site.text),
        corrections=tuple(text for text in texts if lines.is_correction(text, site.text)),
        is_textless=not texts,
        extractor=extract.extractor(layout.name),
        origin=TextOrigin.LISTING,
        findings=(Finding(field="title", source="card", value=post.title),) if post.title else (),
        alarms=tuple(text.alarms()),
    )
