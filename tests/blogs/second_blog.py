"""A second blog, as unlike the first as blogs are: another CMS, language, identity, paging and feed.

``SecondBlog(paging=...)`` keeps the entries; ``RawServer(blog.respond)`` serves them under ``HOST``. Posts have no
number: the path ``/2021/03/words-of-the-title/`` is the identity. The listing shows teasers alone. With
``Paging.NEXT`` it goes on behind ``<a rel="next">`` (``/pagina/2/``); with ``Paging.JSON`` a button names a URL that
answers ``{"html": "...", "next": "..."}``, ``next`` being null on the last page. One entry comes in ISO-8859-1,
which only its ``Content-Type`` says.
"""

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from html import escape
from random import Random
from urllib.parse import parse_qs, urlsplit

from crawler.replica.framing import Answer, html, message
from crawler.replica.images import picture
from crawler.replica.model import Truth, TruthBlock, TruthImage
from crawler.replica.server import Reply, Request
from tests.blogs import second_words as words

HOST, IMAGE_HOST = "cuaderno.example", "img.cuaderno.example"
TITLE = "Cuaderno de la Marea"
PAGE_SIZE = 8
ENTRIES = 40
LATIN_1 = 17
"""The entry, counted from the oldest, that comes in ISO-8859-1."""


class Paging(StrEnum):
    """How the listing goes on."""

    NEXT = "next"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One post; ``published`` carries the island's own offset."""

    slug: str
    title: str
    author: str
    published: datetime
    modified: datetime
    section: str
    tags: tuple[str, ...]
    blocks: tuple[TruthBlock, ...]
    image: str | None = None
    caption: str | None = None
    is_latin_1: bool = False

    @property
    def path(self) -> str:
        """Where the entry lies; also its identity."""
        return f"/{self.published:%Y}/{self.published:%m}/{self.slug}/"

    @property
    def url(self) -> str:
        """The canonical URL."""
        return f"https://{HOST}{self.path}"

    @property
    def image_url(self) -> str:
        """The picture as the page shows it."""
        return f"https://{IMAGE_HOST}/{self.image}-480.jpg"

    @property
    def truth(self) -> Truth:
        """What the entry's page tells a careful reader."""
        offset = self.published.utcoffset() or timedelta()
        original = f"https://{IMAGE_HOST}/{self.image}.jpg"
        return Truth(
            identity=self.path.strip("/"),
            url=self.url,
            title=self.title,
            authors=(self.author,),
            published=self.published.astimezone(UTC),
            published_offset=int(offset.total_seconds() // 60),
            is_day_only=False,
            modified=self.modified.astimezone(UTC),
            dateline=None,
            is_dateline_inline=True,
            category=self.section,
            tags=self.tags,
            language="es",
            blocks=self.blocks,
            images=(TruthImage(url=self.image_url, original=original, caption=self.caption),) if self.image else (),
            links=(),
            credit=None,
            corrections=(),
            is_textless=False,
            boilerplate=("Seguir leyendo", "Comentarios", "También en el cuaderno", "Compartir esta entrada"),
        )


def entries(count: int = ENTRIES, *, seed: int = 7) -> list[Entry]:
    """``count`` entries over three years, newest first; the same seed gives the same ones."""
    dice = Random(seed)
    when = datetime(2019, 2, 3, 9, 15, tzinfo=UTC)
    told: list[Entry] = []
    for number in range(count):
        when += timedelta(days=dice.randint(3, 40), minutes=dice.randrange(500))
        told.append(_entry(dice, number, when))
    return told[::-1]


def _entry(dice: Random, number: int, when: datetime) -> Entry:
    title = words.TITLES[number % len(words.TITLES)]
    title = f"{title} ({number // len(words.TITLES) + 1})" if number >= len(words.TITLES) else title
    local = when.astimezone(timezone(timedelta(hours=2 if 3 < when.month < 11 else 1)))
    return Entry(
        slug=slug_of(title),
        title=title,
        author=dice.choice(words.PEOPLE),
        published=local,
        modified=local + timedelta(minutes=dice.choice((0, 0, 45))),
        section=dice.choice(words.SECTIONS),
        tags=tuple(dice.sample(words.TAGS, number % 3)),
        blocks=_blocks(dice, number),
        image=f"foto-{number:03}" if number % 3 else None,
        caption=words.CAPTIONS[number % len(words.CAPTIONS)] if number % 3 == 1 else None,
        is_latin_1=number == LATIN_1,
    )


def slug_of(title: str) -> str:
    """The title's words in plain letters, joined by dashes."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain))


def _blocks(dice: Random, number: int) -> tuple[TruthBlock, ...]:
    sentences = [
        sentence.format(person=dice.choice(words.PEOPLE), n=dice.randint(3, 60))
        for sentence in dice.sample(words.SENTENCES, len(words.SENTENCES))
    ]
    texts = [" ".join(sentences[start : start + 2]) for start in range(0, 2 * (3 + number % 5), 2)]
    blocks = [TruthBlock(kind="paragraph", text=text) for text in texts]
    if number % 4 == 1:
        blocks.insert(2, TruthBlock(kind="heading", text=dice.choice(words.HEADINGS)))
    if number % 5 == 2:
        blocks.insert(1, TruthBlock(kind="quote", text=sentences[-1]))
    if number % 6 == 3:
        blocks[2:2] = [TruthBlock(kind="item", text=text) for text in sentences[-3:-1]]
    return tuple(blocks)


class SecondBlog:
    """The blog's entries, newest first, and what it answers."""

    def __init__(self, *, paging: Paging, count: int = ENTRIES) -> None:
        self.paging = paging
        self.entries = entries(count)
        self._routes: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Request], Answer | None]], ...] = (
            (re.compile(r"/(?:pagina/(\d+)/)?"), self._listing),
            (re.compile(r"/api/entradas"), self._more),
            (re.compile(r"/\d{4}/\d{2}/[a-z0-9-]+/"), self._article),
            (re.compile(r"/atom\.xml"), self._atom),
            (re.compile(r"/robots\.txt"), lambda _, __: text("User-agent: *\nDisallow: /privado/\n")),
            (re.compile(r"/(foto-\d+)(-480)?\.jpg"), self._image),
        )

    @property
    def now(self) -> datetime:
        """The blog's clock: a day after its newest entry."""
        return self.entries[0].modified.astimezone(UTC) + timedelta(days=1)

    def write(self, title: str, *paragraphs: str) -> Entry:
        """Publish an entry now."""
        blocks = tuple(TruthBlock(kind="paragraph", text=paragraph) for paragraph in paragraphs)
        entry = Entry(
            slug=slug_of(title), title=title, author=words.PEOPLE[0], published=self.now, modified=self.now,
            section=words.SECTIONS[0], tags=(), blocks=blocks,
        )  # fmt: skip
        self.entries = [entry, *self.entries]
        return entry

    def respond(self, request: Request) -> Reply:
        """The server's side of one exchange."""
        path = urlsplit(request.target).path
        answer: Answer | None = None
        for pattern, make in self._routes:
            if found := pattern.fullmatch(path):
                answer = make(found, request)
                break
        return message(
            answer or html(_page("No está aquí", "<p>Esta página no existe.</p>"), status=404),
            request,
            datetime.now(UTC),
        ).reply()

    def _listing(self, found: re.Match[str], _: Request) -> Answer | None:
        page = int(found[1] or 1)
        shown = self.entries[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
        if not shown or (found[1] and (self.paging is Paging.JSON or page == 1)):
            return None
        cards = "\n".join(teaser(entry) for entry in shown)
        return html(_page(TITLE, f"{cards}\n{self._goes_on(page)}"), modified=shown[0].modified)

    def _goes_on(self, page: int) -> str:
        if len(self.entries) <= page * PAGE_SIZE:
            return ""
        if self.paging is Paging.NEXT:
            link = f'<a class="paginas__anterior" rel="next" href="/pagina/{page + 1}/">Entradas anteriores</a>'
            return f'<nav class="paginas" aria-label="Páginas">{link}</nav>'
        return f'<button type="button" class="cargar" data-siguiente="{self._cursor(page)}">Cargar más</button>'

    def _cursor(self, page: int) -> str:
        return f"/api/entradas?desde=c{page * PAGE_SIZE:04x}"

    def _more(self, _: re.Match[str], request: Request) -> Answer | None:
        cursor = parse_qs(urlsplit(request.target).query).get("desde", [""])[0]
        if self.paging is not Paging.JSON or not re.fullmatch(r"c[0-9a-f]{4}", cursor):
            return None
        start = int(cursor[1:], 16)
        shown = self.entries[start : start + PAGE_SIZE]
        is_last = start + PAGE_SIZE >= len(self.entries)
        more = None if is_last else self._cursor(start // PAGE_SIZE + 1)
        body = json.dumps({"html": "\n".join(teaser(entry) for entry in shown), "next": more}).encode()
        return Answer(content_type="application/json", body=body)

    def _article(self, found: re.Match[str], _: Request) -> Answer | None:
        entry = next((entry for entry in self.entries if entry.path == found[0]), None)
        if entry is None:
            return None
        page = article_page(entry, self.entries[:4])
        if not entry.is_latin_1:
            return html(page, modified=entry.modified)
        return Answer(
            content_type="text/html; charset=iso-8859-1", body=page.encode("iso-8859-1"), modified=entry.modified
        )

    def _atom(self, _: re.Match[str], __: Request) -> Answer:
        items = "".join(
            f"<entry><id>{entry.url}</id><title>{escape(entry.title)}</title><link href='{entry.url}'/>"
            f"<published>{entry.published.isoformat()}</published><updated>{entry.modified.isoformat()}</updated></entry>"
            for entry in self.entries[:10]
        )
        head = (
            f"<id>https://{HOST}/</id><title>{TITLE}</title><updated>{self.entries[0].modified.isoformat()}</updated>"
        )
        feed = f'<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">{head}{items}</feed>'
        return Answer(content_type="application/atom+xml", body=feed.encode())

    def _image(self, found: re.Match[str], request: Request) -> Answer | None:
        if request.host != IMAGE_HOST:
            return None
        body = picture(found[1], "_w480" if found[2] else "", "jpg")
        return Answer(content_type="image/jpeg", body=body, is_compressible=False)


def text(body: str) -> Answer:
    """A plain text."""
    return Answer(content_type="text/plain; charset=utf-8", body=body.encode())


def _page(title: str, main: str, *, meta: str = "", charset: str = '<meta charset="utf-8">') -> str:
    return f"""<!doctype html>
<html lang="es">
<head>{charset}
<title>{escape(title)}</title>
<link rel="alternate" type="application/atom+xml" href="/atom.xml">
{meta}</head>
<body class="cuaderno">
<header class="cabecera"><a class="cabecera__nombre" href="/">{TITLE}</a>
<nav class="menu"><a href="/">Portada</a> <a href="/acerca/">Acerca de</a></nav></header>
<main id="contenido">
{main}
</main>
<footer class="pie"><p>Hecho en la isla de Barlén, que no existe.</p></footer>
</body>
</html>"""


def _date(when: datetime) -> str:
    return f"{when.day} de {words.MONTHS[when.month - 1]} de {when.year}"


def teaser(entry: Entry) -> str:
    """An entry on the listing: title, date, the beginning of its text."""
    return f"""<article class="entrada">
<h2 class="entrada__titulo"><a href="{entry.path}" rel="bookmark">{escape(entry.title)}</a></h2>
<time class="entrada__fecha" datetime="{entry.published.isoformat()}">{_date(entry.published)}</time>
<p class="entrada__resumen">{escape(entry.blocks[0].text[:90])}…
<a class="entrada__seguir" href="{entry.path}">Seguir leyendo</a></p>
</article>"""


def _block(block: TruthBlock) -> str:
    inner = escape(block.text)
    forms = {
        "heading": f"<h3>{inner}</h3>",
        "quote": f"<blockquote><p>{inner}</p></blockquote>",
        "item": f"<li>{inner}</li>",
    }
    return forms.get(block.kind, f"<p>{inner}</p>")


def _content(blocks: tuple[TruthBlock, ...]) -> str:
    lines = "\n".join(_block(block) for block in blocks)
    return re.sub(r"((?:<li>.*</li>\n?)+)", r"<ul>\n\1</ul>\n", lines)


def article_page(entry: Entry, newest: list[Entry]) -> str:
    """An entry's own page."""
    caption = f"<figcaption>{escape(entry.caption)}</figcaption>" if entry.caption else ""
    figure = f'<figure class="portada"><img src="{entry.image_url}" alt="">{caption}</figure>' if entry.image else ""
    tags = "".join(f'<li><a rel="tag" href="/etiquetas/{tag}/">{tag}</a></li>' for tag in entry.tags)
    others = "".join(f'<li><a href="{other.path}">{escape(other.title)}</a></li>' for other in newest)
    main = f"""<article class="h-entry">
<p class="seccion"><a class="p-category" href="/secciones/{entry.section.lower()}/">{entry.section}</a></p>
<h1 class="p-name">{escape(entry.title)}</h1>
<p class="firma">Por <a class="p-author" rel="author" href="/autores/{slug_of(entry.author)}/">{entry.author}</a>
<time class="dt-published" datetime="{entry.published.isoformat()}">{_date(entry.published)}</time></p>
{figure}
<div class="e-content">
{_content(entry.blocks)}
</div>
<ul class="etiquetas">{tags}</ul>
<p class="compartir"><a href="/compartir{entry.path}">Compartir esta entrada</a></p>
</article>
<section class="comentarios"><h2>Comentarios</h2><p class="comentario">Yo estaba allí y no vi nada.</p></section>
<aside class="relacionadas"><h2>También en el cuaderno</h2><ul>{others}</ul></aside>"""
    meta = (
        f'<link rel="canonical" href="{entry.url}">\n<meta name="author" content="{entry.author}">\n'
        f'<meta property="article:published_time" content="{entry.published.isoformat()}">\n'
        f'<meta property="article:modified_time" content="{entry.modified.isoformat()}">\n'
    )
    charset = "" if entry.is_latin_1 else '<meta charset="utf-8">'
    return _page(f"{entry.title} · {TITLE}".replace("·", "-"), main, meta=meta, charset=charset)
