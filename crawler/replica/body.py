"""A post's body as HTML, in the markup of the responsive site and of the site before 2016 (Facts 2.2, 2.3)."""

import json
import re
from html import escape

from crawler.replica.model import (
    BODY_SIZE_2013,
    COVER_SIZE_2013,
    PAGE_SIZE,
    Alt,
    ExternalPost,
    Figure,
    Heading,
    Items,
    Kind,
    Paragraph,
    Part,
    Picture,
    Player,
    Post,
    Promo,
    Quote,
    SeeAlso,
)

_LINK = re.compile(r"\[\[([^|\]]*)\|([^\]]*)\]\]")
_NO_ALT = ' alt=""'
_BREAK = "<br />\n&nbsp;<br />\n"


_WIDTHS = (408, 650, 1023)
"""Sizes of a picture among which a browser chooses; the page shows it 650 pixels wide."""


def words(text: str) -> str:
    """``text`` escaped as the CMS does it: double quotes as entities, apostrophes bare."""
    return escape(text, quote=False).replace('"', "&quot;")


def inline(text: str, link_class: str = ' class="wsw__a"') -> str:
    """``text`` escaped, its link marks made into anchors."""
    pieces: list[str] = []
    end = 0
    for match in _LINK.finditer(text):
        pieces.append(words(text[end : match.start()]))
        pieces.append(f'<a{link_class} href="{escape(match[2])}">{words(match[1])}</a>')
        end = match.end()
    pieces.append(words(text[end:]))
    return "".join(pieces)


def image(picture: Picture, modifiers: str = PAGE_SIZE) -> str:
    """The ``img`` of a picture, with its noscript copy where it is lazy."""
    source = escape(picture.url(modifiers))
    alts = {Alt.CAPTION: f' alt="{escape(picture.caption or "")}"', Alt.EMPTY: ' alt=""', Alt.MISSING: ""}
    alt = alts[picture.alt]
    if not picture.is_lazy:
        offered = ", ".join(f"{picture.url(f'_w{width}_r1_s')} {width}w" for width in _WIDTHS)
        return f'<img src="{source}" srcset="{escape(offered)}" sizes="650px"{alt} />'
    return (
        f'<noscript class="nojs-img">\n<img src="{source}"{alt} />\n</noscript>\n'
        f'<img data-src="{source}" src=""{alt} class=""/>'
    )


def figure(picture: Picture, *, is_embedded: bool = False) -> str:
    """A picture that can be enlarged, its caption below; within a body the CMS writes one span in XHTML's way."""
    end = " />" if is_embedded else "></span>"
    caption = f'<figcaption>\n<span class="caption">{words(picture.caption or "")}</span>\n</figcaption>\n'
    return (
        '<figure class="media-image js-media-expand">\n<div class="img-wrap">\n<div class="thumb thumb16_9">\n'
        f'{image(picture)}\n</div>\n<span class="ico ico-fullscreen ico--media-expand ico--rounded"{end}\n</div>\n'
        f"{caption if picture.caption else ''}</figure>"
    )


def player(clip: Player) -> str:
    """An audio or video player with every string that leaks into careless extractions (Facts 2.2)."""
    tag = "video" if clip.kind is Kind.VIDEO else "audio"
    kind = "mp4" if tag == "video" else "mp3"
    source = f"https://av.rferl.org/clips/{clip.clip}.{kind}"
    sources = escape(json.dumps([{"AmpSrc": source, "Src": source, "DataInfo": "128 kbps", "Type": f"{tag}/{kind}"}]))
    title = words(clip.title)
    return (
        f'<div class="media-pholder media-pholder--{tag} media-pholder--embed">\n'
        '<div class="c-sticky-container" data-poster="">\n<div class="c-sticky-element" data-persistent>\n'
        f'<div class="c-mmp c-mmp--enabled c-mmp--loading c-mmp--{tag} c-mmp--embed" '
        f'data-title="{escape(clip.title)}">\n'
        '<div class="c-mmp__poster"><div class="c-spinner">\n'
        '<img src="/Content/responsive/img/player-spinner.png" alt="please wait" title="please wait" />\n</div></div>\n'
        '<span class="c-mmp__big_play_btn js-btn-play-big"><span class="no-media-source">'
        "No media source currently available</span></span>\n"
        f'<div class="c-mmp__player">\n<{tag} src="{source}" data-sources="{sources}" data-type="{tag}/{kind}" '
        f'title="{escape(clip.title)}"></{tag}>\n</div>\n'
        '<div class="c-mmp__overlay c-mmp__overlay--title">\n<div class="c-mmp__overlay-title js-overlay-title">\n'
        f'<h5 class="c-mmp__overlay-media-title">\n<a class="js-media-title-link" href="/a/{clip.clip}.html" '
        f'target="_blank" title="{escape(clip.title)}">{title}</a>\n</h5>\n</div>\n</div>\n'
        '<div class="c-mmp__cpanel">\n<div class="c-mmp__cpanel-progress">0:00 0:00:40 0:00</div>\n</div>'
        "\n</div>\n</div>\n</div>\n"
        '<div class="media-download"><div class="simple-menu"><span class="handler">Direct link</span>\n'
        f'<a href="{source}">128 kbps | {kind.upper()}</a></div>\n'
        '<span class="btn__text">Embed</span></div>\n</div>'
    )


def _embedded(inner: str, modifier: str = "") -> str:
    return f'<div class="wsw__embed{modifier}">\n{inner}\n</div>'


def embed(part: Figure | Player | SeeAlso | Promo | ExternalPost) -> str:
    """A box within the body."""
    match part:
        case Figure():
            return _embedded(figure(part.picture, is_embedded=True), " wsw__embed--small" if part.is_small else "")
        case Player():
            return _embedded(player(part))
        case SeeAlso():
            return _embedded(
                '<div class="media-block also-read">\n'
                f'<a href="{escape(part.path)}" class="img-wrap img-wrap--size-4 img-wrap--float" '
                f'title="{escape(part.title)}">\n'
                '<div class="media-block__content media-block__content--h">\n'
                '<span class="also-read__text--label">\nSEE ALSO:\n</span>\n'
                '<h4 class="media-block__title media-block__title--size-4 also-read__text">'
                f"\n{words(part.title)}\n</h4>\n</div>\n</a>\n</div>",
                " wsw__embed--small",
            )
        case Promo():
            return _embedded(
                f'<div class="infgraphicsAttach">\n<h3 class="wsw__h3">{words(part.heading)}</h3>\n<p>'
                f"{inline(part.text)}</p>\n</div>"
            )
        case ExternalPost():
            return _embedded(
                '<div class="externalPost">\n<script type="text/javascript">\n'
                f'renderExternalContent({json.dumps(part.url)})\n</script>\n<span class="ico ico-spinner" />\n</div>'
            )


def _with_paragraphs(parts: tuple[Part, ...]) -> str:
    pieces: list[str] = []
    for part in parts:
        match part:
            case Paragraph():
                pieces.append(f"<p>{inline(part.text)}</p>")
            case Heading():
                pieces.append(f'<h2 class="wsw__h2">{inline(part.text)}</h2>')
            case Items():
                items = "\n".join(f"<li>{inline(text)}</li>" for text in part.texts)
                pieces.append(f"<ul>\n{items}\n</ul>")
            case Quote():
                pieces.append(f'<blockquote class="wsw__blockquote">\n{inline(part.text)}\n</blockquote>')
            case _:
                pieces.append(embed(part))
    return "\n".join(pieces)


def _with_breaks(parts: tuple[Part, ...], *, drop_cap: bool, link_class: str, is_2013: bool) -> str:
    pieces: list[str] = []
    for number, part in enumerate(parts):
        match part:
            case Paragraph():
                html = inline(part.text, link_class)
                if drop_cap and number == 0 and part.text[0].isalpha():
                    html = f'<span class="firstLetter">{part.text[0]}</span>{inline(part.text[1:], link_class)}'
                pieces.append(html + _BREAK)
            case Heading():
                pieces.append(f"<strong>{inline(part.text, link_class)}</strong>{_BREAK}")
            case Items():
                items = "\n".join(f"<li>{inline(text, link_class)}</li>" for text in part.texts)
                pieces.append(f"<ul>\n{items}\n</ul>\n")
            case Quote():
                pieces.append(f"<blockquote>{inline(part.text, link_class)}</blockquote>\n")
            case _:
                pieces.append((embed_2013(part) if is_2013 else embed(part)) + "\n")
    return "".join(pieces).removesuffix(_BREAK)


def body_html(post: Post) -> str:
    """The inside of ``div.wsw``: the body as the responsive site shows it, on the post's page and on the listing."""
    start = ""
    if post.dateline and not post.is_dateline_inline:
        start = f'<span class="dateline">{words(post.dateline)} —&nbsp;</span>\n'
    if post.has_breaks:
        return start + _with_breaks(post.body, drop_cap=post.has_drop_cap, link_class=' class="wsw__a"', is_2013=False)
    return start + _with_paragraphs(post.body)


def _caption_2013(picture: Picture) -> str:
    return f'<span class="imageCaption">{words(picture.caption)} </span>' if picture.caption else ""


def _enlarged_2013(picture: Picture, modifiers: str, alt: str) -> str:
    return (
        f'<div class="watermark"><a href="{escape(picture.url("_mw1024_n_s"))}" rel="ibox" title="">'
        f'<img class="photo"{alt} border="0" src="{escape(picture.url(modifiers))}" /></a></div>'
    )


def cover_2013(picture: Picture) -> str:
    """The picture above the text, on a page before 2016."""
    alt = f' alt="{escape(picture.caption)}"' if picture.caption and picture.alt is Alt.CAPTION else ' alt=""'
    image_html = _enlarged_2013(picture, COVER_SIZE_2013, alt)
    return f'<div class="contentImage floatNone" style="width:640px">{image_html}{_caption_2013(picture)}</div>'


def picture_2013(picture: Picture) -> str:
    """A picture within the text, on a page before 2016: small, with a hidden second copy that opens on a click."""
    caption = _caption_2013(picture)
    return (
        f'<div class="embedded_content_object"><div id="expandSmall{picture.guid}" class="expandSmall floatLeft">\n'
        f'<div class="contentImage floatLeft" style="width:268px"><img class="photo" alt="" border="0" '
        f'src="{escape(picture.url(BODY_SIZE_2013))}" />{caption}</div></div>\n'
        f'<div id="expandBig{picture.guid}" class="item_hide"><div class="contentImage  floatNone">'
        '<div class="expandMediaClose"><span>x</span></div>'
        f"{_enlarged_2013(picture, COVER_SIZE_2013, _NO_ALT)}{caption}</div></div></div>"
    )


def embed_2013(part: Figure | Player | SeeAlso | Promo | ExternalPost) -> str:
    """A box within the body, on a page before 2016."""
    match part:
        case Figure():
            return picture_2013(part.picture)
        case SeeAlso():
            return (
                '<div class="embedded_content_object"><div class="boxwidget"><h3 class="boxwidget_part">SEE ALSO:</h3>'
                f'<div class="first_item boxwidget_part"><h4><a href="{escape(part.path)}">'
                f"{words(part.title)}</a></h4></div></div></div>"
            )
        case _:
            return f'<div class="embedded_content_object">{embed(part)}</div>'


def body_2013(post: Post) -> str:
    """The inside of ``div.zoomMe``: bare text, pairs of line breaks, a drop cap."""
    return _with_breaks(post.body, drop_cap=post.has_drop_cap, link_class="", is_2013=True)
