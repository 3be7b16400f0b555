"""What a post is made of, and the ground truth that its page tells.

Texts may hold links written ``[[words|url]]``; ``plain`` takes the marks away, ``body.inline`` makes anchors of them.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from enum import StrEnum

CANONICAL_HOST = "www.rferl.org"
IMAGE_HOST = "gdb.rferl.org"

_LINK = re.compile(r"\[\[([^|\]]*)\|([^\]]*)\]\]")


PAGE_SIZE = "_w250_r1_s"
"""The size that the responsive site writes into its pages; scripts ask for larger ones."""
COVER_SIZE_2013, BODY_SIZE_2013 = "_w640_r1_s", "_w268_r1"
PLAYER_STRINGS = ("No media source currently available", "0:00 0:00:40 0:00", "Direct link", "Embed")


def plain(text: str) -> str:
    """``text`` as a reader sees it: link marks gone, white space normalised."""
    return " ".join(_LINK.sub(r"\1", text).split())


def links_of(text: str) -> tuple[tuple[str, str], ...]:
    """The links within ``text`` as (url, words), in order."""
    return tuple((url, words) for words, url in _LINK.findall(text))


class Template(StrEnum):
    """The generation of the CMS's article template (Facts 2.2)."""

    T2013 = "2013"
    T2018 = "2018"
    T2021 = "2021"


class Kind(StrEnum):
    """What a post is; all but ``ARTICLE`` have no text body."""

    ARTICLE = "article"
    VIDEO = "video"
    AUDIO = "audio"
    GALLERY = "gallery"
    LIVE_BLOG = "live-blog"


class Alt(StrEnum):
    """What a picture's ``alt`` attribute holds."""

    CAPTION = "caption"
    EMPTY = "empty"
    MISSING = "missing"


class Role(StrEnum):
    """What a line of text is to its post."""

    BODY = "body"
    INTRO = "intro"
    CREDIT = "credit"
    CORRECTION = "correction"
    READ_MORE = "read-more"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A section of the site: its number, its alias in URLs, its name."""

    number: int
    alias: str
    name: str


WATCHDOG = Zone(number=646, alias="Watchdog", name="Watchdog")


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """A person or a service, with the opaque code of its author page."""

    name: str
    code: str


def author_note(author: Author) -> str:
    """The sentence in the box about an author, below the text."""
    return f"{author.name} has written for this page since the winter reform."


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture on the image host; ``is_lazy`` adds the noscript copy that lazy pictures have."""

    guid: str
    extension: str = "jpg"
    caption: str | None = None
    alt: Alt = Alt.CAPTION
    is_lazy: bool = False

    def url(self, modifiers: str = "") -> str:
        """Where the picture lies, with the CMS's size ``modifiers`` such as ``_w250_r1_s``; none = the original."""
        return f"https://{IMAGE_HOST}/{self.guid}{modifiers}.{self.extension}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A paragraph, or a line below the body such as a credit."""

    text: str
    role: Role = Role.BODY


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading within the body."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """A bullet list."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A block quotation."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A picture within the body."""

    picture: Picture
    is_small: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    """An audio or video player with its strings, in the body or in place of the cover."""

    kind: Kind
    title: str
    clip: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeeAlso:
    """A teaser box that points to another article."""

    title: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Promo:
    """A box that advertises a newsletter or a special page."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalPost:
    """A foreign post embedded by script: it has no text of its own."""

    url: str


Part = Paragraph | Heading | Items | Quote | Figure | Player | SeeAlso | Promo | ExternalPost


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthBlock:
    """One piece of text: ``kind`` is paragraph, heading, item or quote."""

    kind: str
    text: str
    role: Role = Role.BODY


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthImage:
    """A picture: its URL on the page, the original's URL, its caption if it has one."""

    url: str
    original: str
    caption: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """A credit line and what it says."""

    text: str
    writer: str | None = None
    original_language: str | None = None
    service: str | None = None
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What a post's own page tells a careful reader, as plain data.

    ``published`` is UTC; where ``is_day_only`` the page shows the day alone, and it is that day's midnight.
    ``published_offset`` is in minutes, None where the page has none. ``modified`` is None where the page does not say.
    ``dateline`` is the place without its dash; where ``is_dateline_inline`` the first block's text begins with it.
    ``blocks`` hold every text of the post in reading order, credit and correction lines included (see ``role``).
    ``boilerplate`` are texts that the page shows and that are not the post's.
    """

    identity: str
    url: str
    title: str
    authors: tuple[str, ...]
    published: datetime
    published_offset: int | None
    is_day_only: bool
    modified: datetime | None
    dateline: str | None
    is_dateline_inline: bool
    category: str
    tags: tuple[str, ...]
    language: str
    blocks: tuple[TruthBlock, ...]
    images: tuple[TruthImage, ...]
    links: tuple[tuple[str, str], ...]
    credit: Credit | None
    corrections: tuple[str, ...]
    is_textless: bool
    boilerplate: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One article as the CMS holds it; times are UTC, ``offset`` is the page's own in minutes.

    ``has_breaks`` means a body of bare text with pairs of line breaks instead of paragraphs. ``touched`` is when the
    served page last changed: a silent edit moves it and leaves ``modified`` alone.
    """

    id: int
    slug: str | None
    title: str
    published: datetime
    modified: datetime
    touched: datetime
    authors: tuple[Author, ...] = ()
    offset: int = 0
    zone: Zone = WATCHDOG
    tags: tuple[str, ...] = ()
    language: str = "en"
    direction: str = "ltr"
    description: str = ""
    dateline: str | None = None
    is_dateline_inline: bool = True
    cover: Picture | Player | None = None
    intro: str | None = None
    body: tuple[Part, ...] = ()
    credit: Credit | None = None
    kind: Kind = Kind.ARTICLE
    template: Template = Template.T2021
    has_breaks: bool = False
    has_drop_cap: bool = False
    has_json_ld: bool = True
    has_plus_entity: bool = False
    live_items: tuple[str, ...] = field(default=())

    @property
    def path(self) -> str:
        """The canonical path, as the site spells it."""
        return f"/a/{self.slug}/{self.id}.html" if self.slug else f"/a/{self.id}.html"

    @property
    def url(self) -> str:
        """The canonical URL."""
        return f"https://{CANONICAL_HOST}{self.path}"

    @property
    def truth(self) -> Truth:
        """What the post's own page tells."""
        is_old = self.template is Template.T2013
        blocks = _blocks(self)
        return Truth(
            identity=str(self.id),
            url=self.url,
            title=plain(self.title),
            authors=tuple(author.name for author in self.authors),
            published=datetime.combine(self.published.date(), time(tzinfo=UTC)) if is_old else self.published,
            published_offset=None if is_old else self.offset,
            is_day_only=is_old,
            modified=self.modified if self.has_json_ld and not is_old else None,
            dateline=self.dateline,
            is_dateline_inline=self.is_dateline_inline,
            category=self.zone.name,
            tags=self.tags,
            language=self.language,
            blocks=blocks,
            images=_images(self),
            links=tuple(link for text in _texts(self) for link in links_of(text)),
            credit=self.credit,
            corrections=tuple(block.text for block in blocks if block.role is Role.CORRECTION),
            is_textless=not blocks,
            boilerplate=_boilerplate(self),
        )


def _texts(post: Post) -> list[str]:
    texts = [post.intro] if post.intro else []
    for part in post.body:
        match part:
            case Paragraph() | Heading() | Quote():
                texts.append(part.text)
            case Items():
                texts.extend(part.texts)
            case _:
                pass
    return texts


def _blocks(post: Post) -> tuple[TruthBlock, ...]:
    blocks = [TruthBlock(kind="paragraph", text=plain(post.intro), role=Role.INTRO)] if post.intro else []
    for part in post.body:
        match part:
            case Paragraph():
                blocks.append(TruthBlock(kind="paragraph", text=plain(part.text), role=part.role))
            case Heading():
                blocks.append(TruthBlock(kind="heading", text=plain(part.text)))
            case Quote():
                blocks.append(TruthBlock(kind="quote", text=plain(part.text)))
            case Items():
                blocks.extend(TruthBlock(kind="item", text=plain(text)) for text in part.texts)
            case _:
                pass
    return tuple(blocks)


def _images(post: Post) -> tuple[TruthImage, ...]:
    is_old = post.template is Template.T2013
    pictures = [(post.cover, COVER_SIZE_2013 if is_old else PAGE_SIZE)] if isinstance(post.cover, Picture) else []
    size = BODY_SIZE_2013 if is_old else PAGE_SIZE
    pictures += [(part.picture, size) for part in post.body if isinstance(part, Figure)]
    return tuple(
        TruthImage(url=picture.url(modifiers), original=picture.url(), caption=picture.caption)
        for picture, modifiers in pictures
    )


def _boilerplate(post: Post) -> tuple[str, ...]:
    lines: list[str] = []
    players = [post.cover] if isinstance(post.cover, Player) else []
    for part in post.body:
        match part:
            case Player():
                players.append(part)
            case SeeAlso():
                lines.extend(("SEE ALSO:", part.title))
            case Promo():
                lines.extend((part.heading, part.text))
            case _:
                pass
    for player in players:
        lines.extend((player.title, *PLAYER_STRINGS))
    lines.extend(author_note(author) for author in post.authors if post.template is not Template.T2013)
    return (*lines, "Share", "Print", "Breaking News", "Journalists In Trouble", "About This Blog", "Latest Posts")
