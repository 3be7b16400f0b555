"""The inline text of one post on a listing page, for posts whose own page is refused or gone."""

from archive.listing import Shown, posts_of
from archive.model import Article, Identity, Statement, TextOrigin
from archive.page import Element, Tree, is_within
from archive.site import Site
from archive.text import extract, lines
from archive.text.pictures import images_in
from archive.text.post import blocks_of, links_of, read_text, shown_dateline


def read_card(payload: bytes, *, content_type: str | None, url: str, site: Site, identity: Identity) -> Article | None:
    """Read the text that a listing page shows of a post; ``None`` where it shows none. Never raises.

    The site's newest layout says what within a body is not the post's. ``origin`` is ``LISTING``.
    """
    reading = posts_of(payload, content_type=content_type, url=url, site=site)
    post = next((post for post in reading.posts if post.identity == identity), None)
    if reading.tree is None or post is None or post.body is None or not site.layouts:
        return None
    return _article(reading.tree, post, reading.posts, site)


def _article(tree: Tree, post: Shown, posts: list[Shown], site: Site) -> Article:
    layout = site.layouts[0]
    outside = tree.every(layout.outside)
    datelines = tree.every(layout.dateline)
    silent = outside | tree.every(layout.embeds) | datelines
    covers, intros = tree.every(layout.cover), tree.every(layout.intro)
    lead = _lead(tree, post, posts, {element for element in covers | intros if not is_within(element, outside)})
    bodies = [post.body] if post.body is not None else []
    shown = shown_dateline(element for element in datelines if is_within(element, set(bodies)))
    text = read_text([element for element in lead if element in intros] + bodies, silent, layout, site)
    texts = [block.text for block in text.blocks]
    images = images_in(
        [element for element in lead if element in covers] + bodies,
        outside=outside,
        layout=layout,
        url=post.url,
        site=site,
    )
    title = (Statement(field="title", source="card", value=post.title),) if post.title else ()
    return Article(
        identity=post.identity,
        url=post.url,
        canonical_url=None,
        title=post.title or "",
        authors=(),
        published=post.published,
        published_offset=None,
        modified=None,
        dateline=shown or text.dateline,
        category=None,
        tags=(),
        language=_language(post.link) or site.language,
        blocks=blocks_of(text),
        images=images,
        links=links_of(text, post.url),
        credit=lines.credit_of(texts, site.text),
        corrections=lines.corrections_in(texts, site.text),
        is_textless=not texts,
        extractor=extract.extractor(layout.name),
        origin=TextOrigin.LISTING,
        statements=(*title, *text.statements()),
        alarms=tuple(text.alarms()),
    )


def _lead(tree: Tree, post: Shown, posts: list[Shown], wanted: set[Element]) -> list[Element]:
    """The cover and introduction of one post: what stands between the post before it and its body."""
    links, bodies = {other.link for other in posts}, {other.body for other in posts if other.body is not None}
    order = tree.in_order(links | bodies | {element for element in wanted if not is_within(element, bodies)})
    is_link_first = next(element in links for element in order)
    lead: list[Element] = []
    for element in order:
        if element is post.body:
            return lead
        if element in bodies or (element in links and is_link_first):
            lead = []
        elif element in wanted:
            lead.append(element)
    return lead


def _language(element: Element) -> str | None:
    """The main tag of the language that the page names around an element."""
    named = next((lang for around in (element, *element.iterancestors()) if (lang := around.get("lang"))), "")
    return named.partition("-")[0].strip().lower() or None
