"""What a body's markup becomes: paragraphs, headings, items, quotes, in reading order."""

import pytest

from archive.model import Link
from tests.text.conftest import article, page, plain_site, read, texts

LONG = "The editor of the paper was fined for a crossword, and nobody in the court could solve it."


@pytest.mark.parametrize(
    ("body", "blocks"),
    [
        pytest.param("<p>One.</p><p>Two.</p>", ["paragraph: One.", "paragraph: Two."], id="paragraphs"),
        pytest.param(
            "One.<br><br>Two.<br/>\n&nbsp;<br/>Three.",
            ["paragraph: One.", "paragraph: Two.", "paragraph: Three."],
            id="break pairs",
        ),
        pytest.param("One,<br>still one.", ["paragraph: One, still one."], id="a single break"),
        pytest.param("<p>One.<br><br>Two.</p>", ["paragraph: One.", "paragraph: Two."], id="break pair in a paragraph"),
        pytest.param(
            '<span class="cap">T</span>hey came.<br><br>Two.',
            ["paragraph: They came.", "paragraph: Two."],
            id="drop cap",
        ),
        pytest.param(
            "Bare.<p>Two.</p>tail", ["paragraph: Bare.", "paragraph: Two.", "paragraph: tail"], id="bare text around"
        ),
        pytest.param("<h2>Head</h2><p>One.</p>", ["heading: Head", "paragraph: One."], id="heading"),
        pytest.param(
            "<strong>Head</strong><br><br>One.", ["heading: Head", "paragraph: One."], id="bold line in bare text"
        ),
        pytest.param("<p><strong>Bold words.</strong></p>", ["paragraph: Bold words."], id="bold paragraph"),
        pytest.param(
            "<b>Bold sentence, with its end.</b><br><br>x",
            ["paragraph: Bold sentence, with its end.", "paragraph: x"],
            id="bold sentence",
        ),
        pytest.param("<h6>Ana and Bo wrote it.</h6>", ["paragraph: Ana and Bo wrote it."], id="small print"),
        pytest.param("<ul><li>a</li><li>b <b>c</b></li></ul>", ["item: a", "item: b c"], id="list"),
        pytest.param("<ul><li><p>a</p><ul><li>b</li></ul></li></ul>", ["item: a", "item: b"], id="nested list"),
        pytest.param("<blockquote><p>a</p><p>b</p></blockquote>", ["quote: a", "quote: b"], id="quote"),
        pytest.param("<div><div>a</div>b</div>", ["paragraph: a", "paragraph: b"], id="nested div"),
        pytest.param("<table><tr><td>a</td><td>b</td></tr></table>", ["paragraph: a", "paragraph: b"], id="cells"),
        pytest.param(
            "<p>a<script>x</script>b<style>y</style><!-- z -->c</p>", ["paragraph: abc"], id="silent elements"
        ),
        pytest.param(
            "<p>a</p><figure><img src=x><figcaption>no</figcaption></figure><p>b</p>",
            ["paragraph: a", "paragraph: b"],
            id="figure",
        ),
        pytest.param("<p>  a \u00a0\n b\u200b\ufeffc&shy;d</p>", ["paragraph: a bcd"], id="white space"),
        pytest.param(
            "<p>\u0645\u06cc\u200c\u06af\u0648\u06cc\u062f</p>",
            ["paragraph: \u0645\u06cc\u200c\u06af\u0648\u06cc\u062f"],
            id="joiner kept",
        ),
        pytest.param("<p>a &amp; b &lt;i&gt; &#x27;c&#x27;</p>", ["paragraph: a & b <i> 'c'"], id="entities"),
        pytest.param("<p>a<span class=x />b</p><p>c</p>", ["paragraph: ab", "paragraph: c"], id="XHTML span"),
        pytest.param("<p>Same.</p><p>Same.</p>", ["paragraph: Same.", "paragraph: Same."], id="twice the same"),
    ],
)
def test_markup_becomes_blocks(body: str, blocks: list[str]) -> None:
    assert texts(page(body)) == blocks
    assert texts(page(f"<p>{LONG}</p>{body}<p>{LONG}</p>")) == [f"paragraph: {LONG}", *blocks, f"paragraph: {LONG}"]


def test_hundred_short_items_are_all_kept() -> None:
    items = "".join(f"<li>no. {number}</li>" for number in range(100))
    assert len(texts(page(f"<p>{LONG}</p><ul>{items}</ul>"))) == 101


def test_line_of_links_beside_text_comes_back() -> None:
    line = '<p>Based on reporting by <a href="/1">Ilvapress</a> and <a href="/2">Kestfaks</a></p>'
    assert texts(page(f"<p>{LONG}</p>" * 4 + line))[-1] == "paragraph: Based on reporting by Ilvapress and Kestfaks"


def test_silent_parts_of_the_layout_give_no_text() -> None:
    site = plain_site(outside=(".promo", "aside"), embeds=(".box",))
    body = f'<p>{LONG}</p><aside><p>{LONG}</p></aside><div class="promo x">{LONG}</div><div class="box">{LONG}</div>'
    assert texts(page(body), site) == [f"paragraph: {LONG}"]


def test_links_are_absolute_web_addresses_each_once() -> None:
    body = (
        '<p>See <a href="/a/1.html"> the  post </a>, <a href="/a/1.html">the post</a>, <a href="#x">below</a>, '
        '<a href="mailto:a@b.example">mail</a>, <a href="javascript:x()">run</a>, <a href="http://[">odd</a>, '
        '<a href="https://elsewhere.example/?q=1#f">elsewhere</a><a href="/empty"></a>.</p>'
    )
    assert article(page(body)).links == (
        Link(url="https://www.rferl.org/a/1.html", text="the post"),
        Link(url="https://elsewhere.example/?q=1#f", text="elsewhere"),
    )


@pytest.mark.parametrize(
    "body", ["", "<p>x</p>", '<p><a href="/a">x</a></p>', "<div class=share>x</div>", "<p>&nbsp;</p>"]
)
def test_little_or_no_text_is_no_reason_to_warn(body: str, caplog: pytest.LogCaptureFixture) -> None:
    read(page(body))
    assert caplog.records == []


def test_reading_the_same_page_again_and_again_gives_the_same() -> None:
    payload = page(f"<p>{LONG}</p>" * 5)
    assert len({tuple(texts(payload)) for _ in range(8)}) == 1
