"""What surrounds every page of the responsive site: head, header, footer, right column (Facts 2.1)."""

import json
from dataclasses import dataclass
from html import escape

from crawler.replica.body import words
from crawler.replica.model import CANONICAL_HOST, Picture, Post, Template

_MENU = (
    ("News", (("LatestNews", "Latest News"), ("Features", "Features"), ("Watchdog", "Watchdog"))),
    ("Regions", (("z/651", "Velkistan"), ("z/652", "Ardovia"), ("z/653", "Kestria"), ("z/654", "Zhurmenia"))),
    ("Multimedia", (("Multimedia", "Video"), ("z/658", "Photo Galleries"), ("podcasts", "Podcasts"))),
    ("Blogs", (("Blogs", "All Blogs"), ("z/660", "The Long Road"), ("z/661", "Paper Boats"))),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """The blog's right column: it stands beside the listing and beside every post (Facts 2.3)."""

    about: str
    trouble: str
    latest: tuple[Post, ...]
    notice: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What the head of a page says."""

    title: str
    path: str
    description: str = ""
    keywords: str = ""
    language: str = "en"
    direction: str = "ltr"
    body_class: str = "pg-section"
    template: Template = Template.T2021
    amp: str | None = None
    image: Picture | None = None
    author: str | None = None
    json_ld: str | None = None
    utag: str = ""
    api_id: int = 0


def _meta(head: Head) -> str:
    canonical = f"https://{CANONICAL_HOST}{head.path}"
    meta = [
        f"<title>{words(head.title)}</title>",
        f'<meta name="description" content="{escape(head.description)}" />',
        f'<meta name="keywords" content="{escape(head.keywords)}" />',
        '<meta name="viewport" content="width=device-width, initial-scale=1.0" />',
        f'<link href="{escape(canonical)}" rel="canonical" />',
        '<meta name="apple-mobile-web-app-title" content="RFE/RL" />',
        f'<meta content="{escape(head.title)}" property="og:title" />',
        '<meta content="article" property="og:type" />',
        f'<meta content="{escape(canonical)}" property="og:url" />',
        '<meta content="https://www.facebook.com/rferl" property="article:publisher" />',
    ]
    if head.image:
        meta.append(f'<meta content="{escape(head.image.url("_w1200_h630"))}" property="og:image" />')
        meta.append('<meta content="" property="og:image:height" />')
    if head.author:
        meta.append(f'<meta content="{escape(head.author)}" name="Author" />')
    if head.amp:
        meta.append(f'<link rel="amphtml" href="https://{CANONICAL_HOST}{escape(head.amp)}" />')
    if head.json_ld:
        meta.append(f'<script type="application/ld+json">{head.json_ld}</script>')
    return "\n".join(meta)


def head_html(head: Head) -> str:
    """``head`` and the scripts above the page, up to and including the accessibility links."""
    return f"""
<!DOCTYPE html>
<html lang="{head.language}" dir="{head.direction}" class="no-js">
<head>
<link href="/Content/responsive/RFE/en-US/RFE-en-US.css?&amp;av=0.1.0.0&amp;cb=276" rel="stylesheet"/>
<script type="text/javascript">
document.documentElement.className = "js";
var imgEnhancerBreakpoints = [0, 144, 256, 408, 650, 1023, 1597];
</script>
<meta charset="utf-8" />
<link rel="icon" type="image/x-icon" href="/Content/responsive/img/favicon.ico" />
<link rel="apple-touch-icon" href="/Content/responsive/img/touch.png" />
{_meta(head)}
<link rel="alternate" type="application/rss+xml" title="RFE/RL - Top Stories [RSS]" href="/api/" />
<link rel="sitemap" type="application/rss+xml" href="/sitemap.xml" />
</head>
<body class=" nav-no-loaded can-ff cc_theme {head.body_class} js-category-to-nav nojs-images ">
<script type="text/javascript" data-cookiecategory="analytics">
var utag_data={{entity:"RFE",pangea_version:"8.31.0.0.276",platform:"responsive"{head.utag}}};
</script>
<section>
<div class="sr-only">
<h2>Accessibility links</h2>
<ul>
<li><a href="#content" data-disable-smooth-scroll="1">Skip to main content</a></li>
<li><a href="#navigation" data-disable-smooth-scroll="1">Skip to main Navigation</a></li>
<li><a href="#txtHeaderSearch" data-disable-smooth-scroll="1">Skip to Search</a></li>
</ul>
</div>
</section>
<div dir="{head.direction}">
<div id="page">
{_ASIDE}
{header_html(head.template)}
{_HIGHLIGHTS}
<div id="content">
"""


def header_html(template: Template) -> str:
    """The site's header; its classes tell the generation of the template."""
    name = "hdr-20" if template is Template.T2021 else "hdr"
    groups = "\n".join(
        f'<li class="main-nav__item accordeon__item">\n<label class="main-nav__item-name">\n{title}\n</label>\n'
        '<div class="main-nav__sub-list">\n'
        + "\n".join(
            f'<a class="main-nav__item-name main-nav__item-name--link" href="/{path}" title="{label}">{label}</a>'
            for path, label in links
        )
        + "\n</div>\n</li>"
        for title, links in _MENU
    )
    return (
        f'<div class="{name} {name}--big">\n<div class="{name}__inner">\n'
        '<nav class="main-nav menu-pnl__item" id="navigation">\n<ul class="main-nav__list accordeon">'
        f"\n{groups}\n</ul>\n</nav>\n"
        f'<div class="{name}__max pos-rel"><a class="logo" href="/" title="RFE/RL"></a>\n'
        '<form action="/s" method="get" role="search"><input id="txtHeaderSearch" name="k" type="text" '
        'value="" /></form>\n'
        "</div>\n</div>\n</div>"
    )


_ASIDE = """<aside>
<div class="c-lightbox overlay-modal">
<div class="c-lightbox__intro">
<h2 class="c-lightbox__intro-title"></h2>
<button class="btn btn--rounded c-lightbox__btn c-lightbox__intro-next" title="Next">
<span class="sr-only">Next</span></button>
</div>
<div class="c-lightbox__content-wrap">
<figure class="c-lightbox__content">
<span class="c-spinner c-spinner--lightbox">
<img src="/Content/responsive/img/player-spinner.png" alt="please wait" title="please wait" />
</span>
<div class="c-lightbox__img"><div class="thumb"><img src="" alt="" /></div></div>
<figcaption><div class="c-lightbox__info"><span class="caption c-lightbox__caption"></span></div></figcaption>
</figure>
</div>
<div class="hidden">
<div class="content-advisory__box content-advisory__box--lightbox">
<span class="content-advisory__box-text">This image contains sensitive content which some people may find
disturbing.</span>
<button class="btn btn--transparent content-advisory__box-btn" type="button">
<span class="btn__text">Click to reveal</span></button>
</div>
</div>
</div>
<div class="print-dialogue">
<div class="container">
<h3 class="print-dialogue__title section-head">Print Options:</h3>
<ul class="print-dialogue__opt-group">
<li class="form__group"><label for="checkboxImages" class="form__label">Images</label></li>
<li class="form__group"><label for="checkboxMultimedia" class="form__label">Multimedia</label></li>
<li class="form__group"><label for="checkboxEmbedded" class="form__label">Embedded Content</label></li>
</ul>
</div>
</div>
<div class="ctc-message pos-fix"><div class="ctc-message__inner">Link has been copied to clipboard</div></div>
</aside>"""

_HIGHLIGHTS = """<div class="c-hlights c-hlights--breaking c-hlights--no-item" data-hlight-display="mobile,desktop">
<div class="c-hlights__wrap container p-0">
<div class="c-hlights__nav">
<a role="button" href="#" title="Previous"><span class="sr-only">Previous</span></a>
<a role="button" href="#" title="Next"><span class="sr-only">Next</span></a>
</div>
<span class="c-hlights__label"><span class="">Breaking News</span></span>
<ul class="c-hlights__items switcher-target">
</ul>
</div>
</div>"""


def foot_html(column: Column, api_id: int) -> str:
    """The end of every page: footer, notice, the four size marks, the id for the scripts."""
    notice = ""
    if column.notice:
        more = 'To find out more, <a href="/p/9999.html">click here</a>.'
        notice = f'<div class="c-notice"><p>{words(column.notice)} {more}</p></div>\n'
    bar = json.dumps({"apiId": str(api_id), "apiType": "1", "isEmbedded": "0", "culture": "en-US"}, indent=0)
    return f"""</div>
<div class="back-to-top-nav disabled visible-xs"><a title="Back to top" class="back-to-top-link" href="#page">
<span class="text">Back to top</span></a></div>
<footer role="contentinfo">
<div id="foot" class="foot">
<div class="container">
<ul class="items">
<li class="socials block-socials"><span class="handler" id="socials-handler">Follow Us</span>
<ul class="subitems follow"><li><a href="/rssfeeds" title="RSS" class="btn btn--rounded js-social-btn btn-rss"></a>
</li></ul></li>
<li class="block-secondary collapsed item"><span class="handler">About this site</span>
<ul class="subitems"><li class="subitem"><a class="handler" href="/p/5338.html" title="Terms of Use">Terms of Use</a>
</li></ul></li>
</ul>
</div>
</div>
</footer>
</div>
</div>
<script src="/Scripts/responsive/loader.b?v=scB7WWwAqVaZ&amp;av=0.1.0.0&amp;cb=276"></script>
{notice}<div class="responsive-indicator">
<div class="visible-xs-block">XS</div>
<div class="visible-sm-block">SM</div>
<div class="visible-md-block">MD</div>
<div class="visible-lg-block">LG</div>
</div>
<script type="text/javascript">
var bar_data = {bar};
</script>
</body>
</html>"""


def teaser(post: Post, size: int, template: Template = Template.T2021) -> str:
    """One entry of a "Latest Posts" or "Related" block, in the classes of its year (Facts 2.2)."""
    thumb = ""
    if isinstance(post.cover, Picture):
        alt = f' alt="{escape(post.cover.caption or "")}"' if template is Template.T2021 else ""
        source = post.cover.url("_w100_r1")
        noscript = f'<noscript class="nojs-img">\n<img src="{source}"{alt} />\n</noscript>\n'
        thumb = (
            f'<a href="{post.path}" class="img-wrap img-wrap--t-spac img-wrap--size-{size} img-wrap--float" '
            f'title="{escape(post.title)}">\n'
            f'<div class="thumb thumb16_9">\n{noscript if template is Template.T2021 else ""}'
            f'<img data-src="{post.cover.url("_w33_r1")}" src=""{alt} class=""/>\n</div>\n</a>\n'
        )
    date = f"{post.published:%B} {post.published.day}, {post.published.year}"
    if template is Template.T2018:
        return (
            f'<div class="media-block horizontal has-img size-{size}">\n{thumb}<div class="content">\n'
            f'<span class="date">{date}</span>\n<a href="{post.path}">\n'
            f'<h4 class="media-block__title"><span class="title" title="{escape(post.title)}">'
            f"{words(post.title)}</span></h4>\n</a>\n</div>\n</div>"
        )
    return (
        f'<div class="media-block ">\n{thumb}<div class="media-block__content media-block__content--h">\n'
        f'<span class="date date--mb date--size-{size}">{date}</span>\n<a href="{post.path}">\n'
        f'<h4 class="media-block__title media-block__title--size-{size}" title="{escape(post.title)}">'
        f"\n{words(post.title)}\n</h4>\n</a>\n</div>\n</div>"
    )


def right_column(column: Column, template: Template = Template.T2021) -> str:
    """About, Subscribe, Latest Posts, Journalists In Trouble: in this order (Facts 2.3)."""
    latest = "\n".join(
        f'<li class="col-xs-12 col-sm-6 col-md-12 col-lg-12 mb-grid">\n{teaser(post, 4, template)}\n</li>'
        for post in column.latest
    )
    return f"""<div class="media-block-wrap" id="wrowblock-1_21" data-area-id="R1_1">
<h2 class="section-head">About This Blog</h2>
<div class="wsw"><p>{words(column.about)}</p></div>
</div>
<div class="media-block-wrap" id="wrowblock-2_21" data-area-id="R2_1">
<h2 class="section-head">Subscribe</h2>
<form action="/subscribe" method="post"><input type="email" name="mail" placeholder="" /></form>
</div>
<h2 class="section-head">Latest Posts</h2>
<div class="media-block-wrap" id="wrowblock-3_21" data-area-id="R3_1">
<div class="row">
<ul>
{latest}
</ul>
</div>
</div>
<div class="media-block-wrap" id="wrowblock-4_21" data-area-id="R4_1">
<h2 class="section-head">Journalists In Trouble</h2>
<div class="wsw"><p>{words(column.trouble)} <a href="/z/5000">More</a></p></div>
</div>"""
