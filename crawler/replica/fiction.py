"""``fictional_blog``: fourteen years of posts from a seed, in every shape that the real blog is known to have."""

import re
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from urllib.parse import quote

from crawler.replica import vocabulary as v
from crawler.replica.model import Author, Kind, Paragraph, Part, Post, Role, Template, Zone, plain
from crawler.replica.scripts import TONGUES, Tongue
from crawler.replica.simulator import BlogSimulator
from crawler.replica.storyteller import Storyteller

FIRST_YEAR, YEARS = 2010, 14
NOW = datetime(2024, 1, 1, 12, 0, tzinfo=UTC)
OTHER_ZONES = (
    Zone(number=641, alias="Features", name="Features"),
    Zone(number=642, alias="LatestNews", name="News"),
    Zone(number=643, alias="Multimedia", name="Multimedia"),
)
_TONGUE_EVERY = 7
_SLUGLESS_EVERY = 5


def fictional_blog(*, seed: int = 646, posts: int = 300, others: int = 200) -> BlogSimulator:
    """A blog of ``posts`` Watchdog posts over 14 invented years, among ``others`` articles of the same site.

    The same arguments give the same blog, byte for byte. The clock stands at ``NOW``, the day after the newest post.
    """
    dice = Random(seed)
    teller = Storyteller(dice)
    days = _days(dice, posts + others)
    foreign = set(dice.sample(range(posts + others - min(posts, 4)), others))
    told: list[Post] = []
    last_id, count = 0, 0
    for place, when in enumerate(days):
        last_id = max(last_id + dice.randint(3, 40), _id_of(when))
        if place in foreign:
            told.append(_other(teller, last_id, when))
        else:
            told.append(_watchdog(teller, last_id, when, count))
            teller.path_before = _spelling(told[-1], count)
            count += 1
    return BlogSimulator(told, now=NOW)


def _days(dice: Random, count: int) -> list[datetime]:
    """Moments of publication, oldest first, with clusters of several posts a day and weeks of silence."""
    start = datetime(FIRST_YEAR, 1, 4, tzinfo=UTC)
    span = YEARS * 365 - 5
    days = [dice.randrange(span) for _ in range(count * 2 // 3)]
    days += dice.choices([*days, 0], k=count)
    days = [*days[: count - 3], span, span + 3, span + 4][-count:]
    return sorted(start + timedelta(days=day, minutes=dice.randrange(6 * 60, 22 * 60)) for day in days)


def _id_of(when: datetime) -> int:
    """The CMS's ids grow with time; in 2012 they jumped by many millions (Facts 1.2)."""
    days = (when - datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)).days
    return 1_920_000 + days * 700 if when.year < 2012 else 23_000_000 + days * 2000


def _slug(title: str, when: datetime, count: int) -> str | None:
    """The slug forms of the site: none, underscored capitals, plain, with a last or double dash, percent-encoded."""
    if count % _SLUGLESS_EVERY == 3:
        return None
    ascii_title = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    words = re.findall(r"[A-Za-z0-9]+", ascii_title)[:8]
    if not words:
        return None
    if when.year < 2011:
        return "_".join(word.capitalize() for word in words)
    slug = "-".join(words).lower()
    if count % 29 == 11:
        first = re.sub(r"[^\w]+", "-", title.rsplit(maxsplit=1)[-1].lower()).strip("-") + "-émigré"
        return re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), quote(f"{first}-{slug}"))
    if count % 13 == 5:
        return slug + "-"
    return slug.replace("-", "--", 1) if count % 37 == 8 else slug


def _spelling(post: Post, count: int) -> str:
    """How a later post's link spells this one: as it is, by its number alone, or in an older form (Facts 1.2)."""
    slug = f"{post.slug}/" if post.slug else ""
    forms = (
        post.path,
        f"/a/{post.id}.html",
        f"/content/{slug}{post.id}.html",
        f"http://www.rferl.org/content/article/{post.id}.html",
        f"https://www.rferl.org/amp/{slug}{post.id}.html",
        f"http://rferl.org{post.path}",
    )
    return forms[count % len(forms)]


def _template(when: datetime, count: int) -> Template:
    if when.year < 2015:
        return Template.T2013 if count % 3 else Template.T2018
    return Template.T2018 if when.year < 2021 else Template.T2021


def _kind(count: int) -> Kind:
    textless = {17: Kind.VIDEO, 38: Kind.AUDIO, 59: Kind.GALLERY, 73: Kind.LIVE_BLOG}
    return textless.get(count % 80, Kind.ARTICLE)


def _watchdog(teller: Storyteller, post_id: int, when: datetime, count: int) -> Post:
    tongue = TONGUES[count // _TONGUE_EVERY % len(TONGUES)] if count % _TONGUE_EVERY == 6 else None
    teller.new_story()
    title = teller.dice.choice(tongue.titles) if tongue else teller.line(v.TITLES)
    title += "\N{NO-BREAK SPACE}" if count % 19 == 7 else ""
    kind = _kind(count)
    template = _template(when, count)
    if kind is Kind.LIVE_BLOG:
        template = Template.T2018 if template is Template.T2013 else template
    post = Post(
        id=post_id,
        slug=None if tongue and tongue.direction == "rtl" else _slug(title, when, count),
        title=title,
        published=when,
        modified=when,
        touched=when,
        authors=_authors(teller, count),
        offset=teller.dice.choice((60, 120, 0, -240, 210, 300)) if template is not Template.T2013 else 0,
        tags=tuple(teller.dice.sample(v.TAGS, count % 4)),
        language=tongue.language if tongue else "en",
        direction=tongue.direction if tongue else "ltr",
        kind=kind,
        template=template,
        has_breaks=template is Template.T2013 or when.year < 2015,
        has_drop_cap=when.year < 2015 and count % 4 == 1,
        has_json_ld=template is not Template.T2013 and kind is not Kind.AUDIO,
        has_plus_entity=count % 6 == 2,
    )
    return _edited_once(teller, _told(teller, post, tongue, count), count)


def _authors(teller: Storyteller, count: int) -> tuple[Author, ...]:
    names = [] if count % 11 == 4 else [teller.dice.choice(v.SERVICES)[1]]
    if count % 3 == 0:
        names = teller.dice.sample(v.PEOPLE, 1 + (count % 9 == 0)) + names[: count % 2]
    return tuple(Author(name=name, code=teller.code(name)) for name in names)


def _told(teller: Storyteller, post: Post, tongue: Tongue | None, count: int) -> Post:
    """Fill in cover, body, credit and description."""
    if post.kind is not Kind.ARTICLE:
        items = tuple(teller.line(v.SENTENCES) for _ in range(4)) if post.kind is Kind.LIVE_BLOG else ()
        cover = teller.player(post) if post.kind in {Kind.VIDEO, Kind.AUDIO} else teller.cover(post, tongue)
        return replace(post, cover=cover, live_items=items, description=plain(post.title))
    dateline, is_inline = teller.dateline(tongue, count)
    is_inline = is_inline or post.template is Template.T2013
    body = teller.body(post, tongue, count)
    if dateline and is_inline and isinstance(body[0], Paragraph):
        body = (replace(body[0], text=f"{dateline} -- {body[0].text}"), *body[1:])
    credit, last_lines = teller.last_lines(tongue, count)
    lead = next(part.text for part in body if isinstance(part, Paragraph))
    lines: tuple[Part, ...] = (*body, *last_lines)
    return replace(
        post,
        dateline=dateline,
        is_dateline_inline=is_inline,
        cover=teller.cover(post, tongue) if count % 4 else (teller.player(post) if count % 16 == 8 else None),
        intro=teller.line(v.SHORT_SENTENCES) if count % 23 == 12 and not tongue else None,
        body=lines,
        credit=credit,
        description=plain(lead)[:160],
    )


def _edited_once(teller: Storyteller, post: Post, count: int) -> Post:
    """A third of the posts was changed after publication, some of them with a note that says so."""
    if count % 3:
        return post
    minutes, milliseconds = teller.dice.randint(5, 60 * 24 * 40), teller.dice.randrange(1000)
    later = post.published + timedelta(minutes=minutes, milliseconds=milliseconds)
    later = min(later, NOW - timedelta(hours=1))
    if count % 15 == 0 and post.body and post.language == "en":
        note = Paragraph(text=teller.correction(), role=Role.CORRECTION)
        post = replace(post, body=(*post.body, note))
    return replace(post, modified=later, touched=later)


def _other(teller: Storyteller, post_id: int, when: datetime) -> Post:
    """An article of another section: a short text, the newest template."""
    teller.new_story()
    title = teller.line(v.TITLES)
    sentences = [Paragraph(text=teller.line(v.SENTENCES)) for _ in range(teller.dice.randint(2, 5))]
    return Post(
        id=post_id,
        slug=_slug(title, when, post_id % 11 + 20),
        title=title,
        published=when,
        modified=when + timedelta(minutes=teller.dice.randrange(300)),
        touched=when,
        zone=teller.dice.choice(OTHER_ZONES),
        description=plain(sentences[0].text)[:160],
        body=tuple(sentences),
    )
