"""A post's own page in the responsive templates of 2018 and 2021, and its AMP twin (Facts 2.2)."""

import json
from html import escape

from crawler.replica.body import body_html, figure, player, words
from crawler.replica.model import CANONICAL_HOST, Kind, Picture, Player, Post, Template, author_note, plain
from crawler.replica.shell import Column, Head, foot_html, head_html, right_column, teaser
from crawler.replica.times import shown, spaced, stamp

_PAGE_TYPE = {
    Kind.ARTICLE: "article",
    Kind.VIDEO: "video",
    Kind.AUDIO: "audio",
    Kind.GALLERY: "photogallery",
    Kind.LIVE_BLOG: "liveblog",
}


def json_ld(post: Post) -> str:
    """``NewsArticle`` with the CMS's own date form; one author is an object, several are a list."""
    authors = [
        {
            "@type": "Organization" if "RFE/RL" in author.name else "Person",
            "url": f"https://{CANONICAL_HOST}/author/{author.code}",
            "name": author.name,
        }
        for author in post.authors
    ]
    data: dict[str, object] = {
        "articleSection": post.zone.name,
        "headline": plain(post.title),
        "inLanguage": post.language,
        "keywords": ", ".join((post.zone.name, *post.tags)),
        "datePublished": spaced(post.published),
        "dateModified": spaced(post.modified),
        "publisher": {"@type": "NewsMediaOrganization", "url": f"https://{CANONICAL_HOST}", "name": "RFE/RL"},
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "mainEntityOfPage": post.url,
        "url": post.url,
        "description": post.description,
    }
    if authors:
        data["author"] = authors[0] if len(authors) == 1 else authors
    if isinstance(post.cover, Picture):
        data["image"] = {"@type": "ImageObject", "width": 1080, "height": 608, "url": post.cover.url("_w1080_h608")}
    return json.dumps(data).replace("'", "\\u0027").replace("<", "\\u003c")


def _utag(post: Post) -> str:
    def double_escaped(text: str) -> str:
        return json.dumps(text).replace("'", "\\u0026#39;").replace("</", "<\\/")

    byline = ", ".join(author.name for author in post.authors)
    return (
        f',page_type:"{_PAGE_TYPE[post.kind]}",headline:{double_escaped(post.title)},pub_year:"{post.published:%Y}",'
        f'pub_month:"{post.published:%m}",pub_day:"{post.published:%d}",pub_hour:"{post.published:%H}",'
        f'pub_minute:"{post.published:%M}",dateline:{double_escaped(post.dateline or "")},'
        f"byline:{double_escaped(byline)},"
        f'categories:"{post.zone.name.lower()}",tags:{double_escaped(", ".join(post.tags))},article_uid:"{post.id}"'
    )


def _head(post: Post) -> Head:
    byline = ", ".join(author.name for author in post.authors)
    return Head(
        title=post.title,
        path=post.path,
        description=post.description,
        keywords=", ".join((post.zone.name, *post.tags)),
        language=post.language,
        direction=post.direction,
        body_class="pg-media pg-prog" if post.kind in {Kind.AUDIO, Kind.VIDEO} else "pg-article print-lay-article",
        template=post.template,
        amp=f"/amp/{post.slug}/{post.id}.html" if post.slug else None,
        image=post.cover if isinstance(post.cover, Picture) else None,
        author=byline or None,
        json_ld=json_ld(post) if post.has_json_ld else None,
        utag=_utag(post),
        api_id=post.id,
    )


def _authors(post: Post) -> str:
    if not post.authors:
        return ""
    items = "\n".join(
        f'<li class="links__item">\n{"By " if number == 0 else ""}<a class="links__item-link" '
        f'href="/author/{author.code}" title="{escape(author.name)}">{words(author.name)}</a>\n</li>'
        for number, author in enumerate(post.authors)
    )
    return f'<div class="links">\n<ul class="links__list links__list--column">\n{items}\n</ul>\n</div>'


def _cover(post: Post) -> str:
    if isinstance(post.cover, Picture):
        inner = f'<div class="cover-media">\n{figure(post.cover)}\n</div>'
    elif isinstance(post.cover, Player):
        inner = player(post.cover)
    else:
        return ""
    return f'<div class="col-multimedia col-xs-12 col-md-10 pull-right">\n{inner}\n</div>'


def _share(post: Post) -> str:
    return f"""<div class="col-xs-12 col-md-2 pull-left article-share pos-rel"> <div class="share--box">
<aside class="share flex-column js-share--horizontal">
<span class="label label--share">Share</span>
<ul class="share__list">
<li class="share__item">
<a href="https://social.example/share?u={escape(post.url)}" title="Share" class="btn btn--rounded"></a></li>
<li class="share__item">
<a href="mailto:?body={escape(post.url)}" title="Email to a Friend" class="btn btn--rounded btn-email"></a></li>
</ul>
</aside>
<div class="sticky-share-container" style="display:none">
<div class="pg-title pg-title--sticky-share">
{words(post.title)}
</div>
</div>
<div class="links"><p class="link-print buttons p-0"><button class="btn btn--link btn-print">
<span class="btn__text">Print</span></button></p></div>
</div>
</div>"""


def _body(post: Post) -> str:
    if post.kind is Kind.ARTICLE:
        start, end = '<div class="wsw">', "</div>"
        if post.template is Template.T2018 and post.id % 2:
            start, end = '<div class="wsw wsw--clicks">\n<div class="wordclick">', "</div>\n</div>"
        return f"{start}\n{body_html(post)}\n{end}\n<ul>\n</ul>\n{_author_boxes(post)}"
    if post.kind is Kind.LIVE_BLOG:
        items = "\n".join(
            f'<div class="lb-item" id="lbl1lbi{number}"><a class="lb-item__time" '
            f'href="{post.path.removesuffix(".html")}/lbl1lbi{number}.html">'
            f"{number}</a><h3>{words(text)}</h3></div>"
            for number, text in enumerate(post.live_items, start=1)
        )
        return f'<div class="liveblog" id="liveblog">\n{items}\n</div>'
    return '<div class="gallery" data-count="0"></div>' if post.kind is Kind.GALLERY else ""


def _author_boxes(post: Post) -> str:
    return "\n".join(
        f'<div class="c-author c-author--hlight">\n<h4 class="c-author__title"><a href="/author/{author.code}">'
        f'{words(author.name)}</a></h4>\n<div class="c-author__bio"><p>{words(author_note(author))}</p></div>\n</div>'
        for author in post.authors
    )


def _related(post: Post, column: Column) -> str:
    """A block that repeats the article itself, as the CMS does."""
    entries = (post, *column.latest[:2])
    twice = "\n".join(f'<li class="mb-grid">\n{teaser(entry, 3, post.template)}\n</li>' for entry in entries)
    return f'<div class="media-block-wrap">\n<h2 class="section-head">Related</h2>\n<ul>\n{twice}\n</ul>\n</div>'


def _above(post: Post) -> str:
    """Category, title, date, authors, cover, share bar, intro: all that stands above the text."""
    intro = f'<div class="intro m-t-md"><p>{words(post.intro)}</p></div>' if post.intro else ""
    return f"""<div class="hdr-container">
<div class="row">
<div class="col-category col-xs-12 col-md-2 pull-left"> <div class="category js-category">
<a class="" href="/z/{post.zone.number}">{words(post.zone.name)}</a> </div>
</div><div class="col-title col-xs-12 col-md-10 pull-right"> <h1 class="title pg-title" >
{words(post.title)}
</h1>
</div><div class="col-publishing-details col-xs-12 col-sm-12 col-md-2 pull-left"> <div class="publishing-details ">
<div class="published">
<span class="date" >
<time pubdate="pubdate" datetime="{stamp(post)}">
{shown(post)}
</time>
</span>
</div>
{_authors(post)}
</div>
</div><div class="col-lg-12 separator"> <div class="separator">
<hr class="title-line" />
</div>
</div>{_cover(post)}{_share(post)}{intro}
</div>
</div>
"""


def article_page(post: Post, column: Column) -> str:
    """The complete page of a post."""
    return f"""{head_html(_head(post))}<div class="container">
{_above(post)}<div class="body-container">
<div class="row">
<div class="col-xs-12 col-sm-12 col-md-10 col-lg-10 pull-right">
<div class="row">
<div class="col-xs-12 col-sm-12 col-md-8 col-lg-8 pull-left bottom-offset content-offset">
<div id="article-content" class="content-floated-wrap fb-quotable">
{_body(post)}
</div>
<div id="comments"><a class="dropdown__item-link link-ajax" href="/comments/{post.id}.html">Comments</a></div>
</div>
<div class="col-xs-12 col-sm-12 col-md-4 col-lg-4 pull-left design-top-offset">
{_related(post, column)}
{right_column(column, post.template) if post.zone.number == 646 else ""}
</div>
</div>
</div>
</div>
</div>
</div>
{foot_html(column, post.id)}"""


def amp_page(post: Post) -> str:
    """The AMP twin: a small page with the same text."""
    return f"""<!doctype html>
<html amp lang="{post.language}" dir="{post.direction}">
<head>
<meta charset="utf-8">
<title>{words(post.title)}</title>
<link rel="canonical" href="{post.url}">
<script type="application/ld+json">{json_ld(post)}</script>
</head>
<body>
<div class="responsive-indicator"></div>
<article>
<h1 class="title pg-title">{words(post.title)}</h1>
<time datetime="{stamp(post)}">{shown(post)}</time>
<div class="body-container"><div id="article-content"><div class="wsw">
{body_html(post) if post.kind is Kind.ARTICLE else ""}
</div></div></div>
</article>
</body>
</html>"""


def gone_page(column: Column) -> str:
    """What the site says when there is no such page."""
    head = head_html(Head(title="Page not found", path="/404", template=Template.T2021))
    return (
        f'{head}<div class="container"><h1 class="title pg-title">404</h1><p>The page you are looking for is '
        "not here.</p></div>\n"
        f"{foot_html(column, 0)}"
    )
