"""The blog's listing: full posts inline, "Load more", and the fragment that a script asks for (Facts 1.4, 2.3)."""

from html import escape

from crawler.replica.body import body_html, figure, player, words
from crawler.replica.model import Kind, Picture, Player, Post, Zone
from crawler.replica.shell import Column, Head, foot_html, head_html, right_column, teaser
from crawler.replica.times import shown, stamp

MORE_CONTAINER = "#blogItems"


def card(post: Post) -> str:
    """One post of the listing: linked title and date in a div of their own, cover, whole body."""
    if isinstance(post.cover, Picture):
        cover = f'<div class="cover-media">\n{figure(post.cover)}\n</div>\n'
    elif isinstance(post.cover, Player):
        cover = f'<div class="col-multimedia">\n{player(post.cover)}\n</div>\n'
    else:
        cover = ""
    intro = f'<div class="intro"><p>{words(post.intro)}</p></div>\n' if post.intro else ""
    direction = f' dir="{post.direction}" lang="{post.language}"' if post.language != "en" else ""
    body = f'<div class="body-container">\n<div class="wsw">\n{body_html(post)}\n</div>\n</div>\n'
    return (
        f'<div class="blog-item"{direction}>\n<div class="blog-item__head">\n'
        f'<div class="title blog-item__title"><a href="{escape(post.path)}"><h4 class="media-block__title">'
        f"{words(post.title)}</h4></a></div>\n"
        f'<div class="published"><span class="date"><time pubdate="pubdate" datetime="{stamp(post)}">'
        f"{shown(post)}</time></span></div>\n"
        f"</div>\n{cover}{intro}{body if post.kind is Kind.ARTICLE else ''}</div>"
    )


def more_button(url: str) -> str:
    """The "Load more" anchor with the attributes of jquery.unobtrusive-ajax; ``url`` stands in it twice."""
    target = escape(url)
    return (
        '<p class="buttons btn--load-more">\n'
        f'<a class="btn link-showMore btn__text" data-ajax="true" data-ajax-method="GET" data-ajax-mode="after" '
        f'data-ajax-update="{MORE_CONTAINER}" data-ajax-url="{target}" href="{target}">Load more</a>\n</p>'
    )


def listing_fragment(posts: tuple[Post, ...], more: str | None) -> str:
    """What a script gets: the items and the next button, without the shell."""
    items = "\n".join(card(post) for post in posts)
    return f"{items}\n{more_button(more) if more else ''}\n"


def listing_page(zone: Zone, posts: tuple[Post, ...], more: str | None, column: Column) -> str:
    """What a browser gets: a complete page, whatever the page number."""
    head = Head(title=zone.name, path=f"/{zone.alias}", description=column.about)
    items = "\n".join(card(post) for post in posts)
    return f"""{head_html(head)}<div class="container">
<div class="hdr-container"><div class="row"><div class="col-title col-xs-12">
<h1 class="title pg-title">{words(zone.name)}</h1>
</div></div></div>
<div class="body-container">
<div class="row">
<div class="col-xs-12 col-md-8 pull-left content-offset">
<div id="{MORE_CONTAINER[1:]}">
{items}
</div>
{more_button(more) if more else ""}
</div>
<div class="col-xs-12 col-md-4 pull-left design-top-offset">
{right_column(column)}
</div>
</div>
</div>
</div>
{foot_html(column, zone.number)}"""


def teaser_page(zone: Zone, posts: tuple[Post, ...], more: str | None, column: Column) -> str:
    """A news section: a big first item outside the list, teasers only, no text (Facts 1.4)."""
    first = teaser(posts[0], 1) if posts else ""
    rest = "\n".join(f'<li class="col-xs-12 mb-grid">\n{teaser(post, 3)}\n</li>' for post in posts[1:])
    button = more_button(more).replace(MORE_CONTAINER, "#ordinaryItems") if more else ""
    return f"""{head_html(Head(title=zone.name, path=f"/{zone.alias}"))}<div class="container">
<h1 class="title pg-title">{words(zone.name)}</h1>
<div class="media-block-wrap">
{first}
<ul id="ordinaryItems">
{rest}
</ul>
{button}
</div>
</div>
{foot_html(column, zone.number)}"""
