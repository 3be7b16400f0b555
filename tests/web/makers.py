"""An archive with something of everything that pages show: edits, moves, deletions, scripts, and hostile texts."""

from datetime import timedelta
from html import escape
from pathlib import Path

from archive.collection import Collection
from tests.cli.archives import BEGAN, chunked, exchange, failed, lay_run

HOSTILE_TITLE = (
    "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\"> & \u202edlo\u202c"
)
HOSTILE_TEXT = "</p></div><script>fetch('https://evil.example/')</script>{{ 7*7 }}{% raw %} javascript:alert(1) \x07"
HOSTILE_LINK = "javascript:document.title='owned'"

PAGE = """\
<!DOCTYPE html><html lang="{language}"><head><title>{title}</title></head><body><div id="content"><h1>{title}</h1>
<time datetime="{time}">then</time><span class="by">{author}</span>
<div class="text">{body}</div></div></body></html>
"""
LAMP = [
    "The keeper of the last lamp on the northern pier counts gulls every evening before the light goes out.",
    "On Tuesday he counted forty-one, which is two more than the harbour office has ever written down.",
    "Nobody in the town of Mokrovice remembers who lit the lamp first, and the book that would tell is missing.",
    "The lamp will be lit again tonight, the keeper said, whatever the office may decide about the gulls.",
]
EDITED = [
    LAMP[0],
    LAMP[2],
    "On Wednesday he counted forty-three, which is four more than the harbour office has ever written down.",
    "The office did not answer a letter that asked about it.",
    LAMP[3],
]


def article(
    title: str, paragraphs: list[str], *, day: str, author: str = "Ada Nobody", language: str = "en", more: str = ""
) -> bytes:
    """Make a post's page; ``more`` is markup for the end of its text."""
    body = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs) + more
    time = f"{day}T10:00:00+00:00"
    return PAGE.format(title=escape(title), time=time, author=escape(author), body=body, language=language).encode()


def build(root: Path) -> Collection:
    """Lay down six nights."""
    collection = Collection(root)
    nights = [BEGAN + timedelta(days=day) for day in (0, 1, 2, 5, 9, 40)]
    lamp, edited = (article("The Last Lamp On The Pier", text, day="2026-07-30") for text in (LAMP, EDITED))
    renamed = article("The Last Lamp, And Who Lit It", EDITED, day="2026-07-30")
    boat = article(
        "A Boat For Nobody", ["Three boats came in.", "The fourth did not."], day="2026-07-29", author="Bo Nowhere"
    )
    russian = article("Последний фонарь", ["Смотритель считает чаек на пирсе."], day="2026-06-11", language="ru")
    persian = article("آخرین فانوس", ["نگهبان مرغان دریایی را می‌شمارد."], day="2026-05-02", language="fa")
    link = f'<p>See <a href="{escape(HOSTILE_LINK)}">this</a> and <a href="https://lantern.example/b">that</a>.</p>'
    hostile = article(
        HOSTILE_TITLE, [HOSTILE_TEXT, "Quiet gulls."], day="2026-07-28", author="=cmd|'/c calc'!A1", more=link
    )
    worse = article(HOSTILE_TITLE + "!", [HOSTILE_TEXT + "<b>", "Quiet gulls."], day="2026-07-28", more=link)
    odd = "/a/%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E/105.html"
    lay_run(
        collection,
        "run-1",
        nights[0],
        exchange(1, "/a/the-last-lamp/101.html", lamp, began=nights[0]),
        exchange(2, "/a/a-boat-for-nobody/102.html", boat, began=nights[0]),
        exchange(3, "/a/fonar/103.html", russian, began=nights[0]),
        exchange(4, "/a/fanus/104.html", persian, began=nights[0]),
        exchange(5, odd, hostile, began=nights[0]),
        chunked(6, "/chunks", began=nights[0]),
        failed(7, "/lost", began=nights[0]),
    )
    lay_run(
        collection,
        "run-2",
        nights[1],
        exchange(1, "/a/the-last-lamp/101.html", edited, began=nights[1]),
        exchange(2, odd, worse, began=nights[1]),
    )
    gone = exchange(1, "/a/a-boat-for-nobody/102.html", b"gone", began=nights[2], status="404 Not Found")
    lay_run(collection, "run-3", nights[2], gone)
    lay_run(collection, "run-4", nights[3], exchange(1, "/a/the-last-lamp/101.html", renamed, began=nights[3]))
    back = exchange(1, "/a/a-boat-for-nobody/102.html", boat, began=nights[4])
    lay_run(collection, "run-5", nights[4], back, is_ended=False)
    gone = exchange(1, "/a/a-boat-for-nobody/102.html", b"gone", began=nights[5], status="410 Gone")
    lay_run(collection, "run-6", nights[5], gone)
    return collection
