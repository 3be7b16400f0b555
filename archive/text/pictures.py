"""A post's pictures: each once, with its original's URL and its caption once (site-facts 1.8)."""

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from urllib.parse import urlsplit

from archive.model import Image
from archive.page import Element, absolute, inside, is_within, text_of, tidy
from archive.site import Layout, Site, original_of

_NEAR = 3
_PICTURE = re.compile(r"[^?#]*\.(?:jpe?g|png|gif|webp|avif)(?:[?#].*)?", re.IGNORECASE)


def images_in(
    places: Iterable[Element], *, outside: AbstractSet[Element], layout: Layout, url: str, site: Site
) -> tuple[Image, ...]:
    """The pictures in a post's cover and body, in reading order; those of players and teasers are not the post's."""
    found: dict[str, Image] = {}
    for place in places:
        figures = set(inside(place, layout.figure))
        for element in place.iter("img"):
            if is_within(element, outside):
                continue
            source = _source(element, url, site)
            if source is None:
                continue
            caption = _caption(element, place, figures, layout)
            original = original_of(site, source)
            known = found.get(original)
            if known is None or (known.caption is None and caption is not None):
                found[original] = Image(url=known.url if known else source, original=original, caption=caption)
    return tuple(found.values())


def _source(img: Element, url: str, site: Site) -> str | None:
    """Where a picture lies: its source, lazy or not; else the picture that it links to."""
    parent = img.getparent()
    linked = parent.get("href") if parent is not None and parent.tag == "a" else None
    candidates = [img.get("src"), img.get("data-src"), linked if linked and _PICTURE.fullmatch(linked) else None]
    hosts = set(site.images.hosts)
    for candidate in candidates:
        found = absolute(url, candidate) if candidate and candidate.strip() else None
        if found and (not hosts or urlsplit(found).hostname in hosts):
            return found
    return None


def _caption(img: Element, place: Element, figures: set[Element], layout: Layout) -> str | None:
    """The caption beside a picture; without one the text that stands for the picture.

    Beside is within its figure; a picture in no known figure has it within a few elements around, inside ``place``.
    """
    around: list[Element] = []
    for parent in img.iterancestors():
        if parent in figures:
            around = [parent]
            break
        if parent is place or len(around) == _NEAR:
            break
        around.append(parent)
    captions = (caption for parent in around for caption in inside(parent, layout.caption))
    return next((text for caption in captions if (text := text_of(caption))), tidy(img.get("alt", "")) or None)
