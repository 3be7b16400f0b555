"""Every piece of TOML in docs/how-to/add-a-blog.md is read by the parser of site files."""

import re
from pathlib import Path

import pytest

from archive.site import parse_site

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "add-a-blog.md").read_text(encoding="utf-8")
HEAD = '[site]\nid="quiet-lantern"\ntitle="Quiet Lantern"\nhosts=["lantern.example"]\n'
IDENTITY = "[identity]\npatterns=['^/(?P<id>[0-9]+)$']\n"
LISTING = '[listing]\nstart="https://lantern.example/journal/"\n'
BLOCKS = [re.sub(r"(?m)^  ", "", block) for block in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)]
PIECES = [
    piece for row in re.findall(r"^\|.*\|$", PAGE, re.MULTILINE) for piece in re.findall(r"`([a-z_]+ = [^`]+)`", row)
]


def test_the_page_has_toml_to_read() -> None:
    assert len(BLOCKS) == 6
    assert len(PIECES) == 13


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.partition("\n")[0])
def test_block_is_part_of_a_site_file(block: str) -> None:
    identity = "" if "[identity]" in block else IDENTITY
    parse_site(f"{HEAD}{identity}{LISTING}{block}".encode(), "quiet-lantern.toml")


@pytest.mark.parametrize("piece", PIECES)
def test_piece_of_a_table_is_a_key_of_the_listing(piece: str) -> None:
    is_more = piece.split(maxsplit=1)[0] in {"button", "attributes", "url", "first_page", "json_html", "json_next"}
    extra = 'url = "https://lantern.example/{page}"\n' if piece.startswith("first_page") else ""
    table = f"[listing.more]\n{piece}\n{extra}" if is_more else f"{piece}\n"
    parse_site(f"{HEAD}{IDENTITY}{LISTING}{table}".encode(), "quiet-lantern.toml")
