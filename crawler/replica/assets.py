"""What the pages need to look as they do: styles that import others, a font, icons, a script for lazy pictures.

All of it is ours, and small. The font is a real one, made by code: one square for every letter.
"""

import struct

from crawler.replica.images import picture

BASE = "/Content/responsive"
SHEET = f"{BASE}/RFE/en-US/RFE-en-US.css"

_MAIN = """@charset "utf-8";
@import "parts/layout.css?cb=276";
@import url(../../fonts/fonts.css) screen;
body{margin:0;color:#222;background:#fff;font:16px/1.5 "Skolar Square",serif}
.logo{display:block;width:160px;height:40px;background:url("../../img/logo.svg") no-repeat}
a.btn-rss{background-image:url(data:image/gif;base64,R0lGODlhAQABAAAAACw=)}
"""
_LAYOUT = """@import "../RFE-en-US.css";
#page{max-width:1100px;margin:0 auto}
.hdr-20,.hdr{border-bottom:3px solid #e8590c;background:#f4f4f4 url(../../../img/paper.png)}
.thumb img{display:block;max-width:100%}
.c-lightbox,.print-dialogue,.ctc-message,.responsive-indicator,.c-spinner,.nojs-img{display:none}
.media-block-wrap{border-top:1px solid #ccc}
@media (max-width:600px){#page{padding:0 8px}}
"""
_FONTS = """@font-face{font-family:"Skolar Square";src:url(square.eot);src:url(square.ttf) format("truetype")}
"""
_LOADER = """// Shows lazy pictures at once, and takes the class off that hides them where there is no script.
(function () {
  var lazy = document.querySelectorAll("img[data-src]");
  for (var i = 0; i < lazy.length; i += 1) { lazy[i].src = lazy[i].getAttribute("data-src"); }
  document.body.className = document.body.className.replace("nojs-images", "");
}());
"""
_LOGO = """<svg xmlns="http://www.w3.org/2000/svg" width="160" height="40"><rect width="160" height="40" fill="#e8590c"/>
<path d="M10 30V10h20" stroke="#fff" stroke-width="4" fill="none"/></svg>
"""


def asset(path: str) -> tuple[str, bytes] | None:
    """Give an asset's media type and bytes; None where there is none of that path."""
    return _ASSETS.get(path)


def _font() -> bytes:
    """Make a TrueType font in which every character is the same square (OpenType 1.9, the tables a reader needs)."""
    square = struct.pack(">hhhhh", 1, 100, 0, 500, 400) + struct.pack(">HH", 3, 0)
    square += bytes((1, 1, 1, 1)) + struct.pack(">hhhh", 100, 0, 400, 0) + struct.pack(">hhhh", 0, 400, 0, -400)
    square += bytes(-len(square) % 4)
    letters = 95  # from the blank to the tilde, all of them glyph 1
    segments = struct.pack(">HHHHHHHHH", 126, 65535, 0, 32, 65535, 0, 1, 4, 0) + struct.pack(">H", 1) * letters
    cmap = struct.pack(">HHHHI", 0, 1, 3, 1, 12)
    cmap += struct.pack(">HHHHHHH", 4, 14 + len(segments), 0, 4, 4, 1, 0) + segments
    names = "Skolar Square".encode("utf-16-be")
    records = b"".join(struct.pack(">HHHHHH", 3, 1, 0x409, number, len(names), 0) for number in (1, 4, 6))
    tables = {
        b"OS/2": struct.pack(
            ">HhHHHhhhhhhhhhhh10sIIII4sHHHhhhHH",
            0,
            500,
            400,
            5,
            *([0] * 12),
            bytes(10),
            *([0] * 4),
            b"FICT",
            64,
            32,
            126,
            800,
            -200,
            0,
            800,
            200,
        ),
        b"cmap": cmap,
        b"glyf": square,
        b"head": struct.pack(
            ">IIIIHHqqhhhhHHhhh", 0x10000, 0x10000, 0, 0x5F0F3CF5, 3, 1000, 0, 0, 100, 0, 500, 400, 0, 8, 2, 1, 0
        ),
        b"hhea": struct.pack(">IhhhHhhhhhhhhhhhH", 0x10000, 800, -200, 0, 600, 100, 100, 500, 1, 0, 0, *([0] * 5), 1),
        b"hmtx": struct.pack(">HhH", 600, 100, 100)[:4] + struct.pack(">h", 100),
        b"loca": struct.pack(">III", 0, 0, len(square)),
        b"maxp": struct.pack(">IHHHHHHHHHHHHHH", 0x10000, 2, 4, 1, 0, 0, 2, *([0] * 8)),
        b"name": struct.pack(">HHH", 0, 3, 42) + records + names,
        b"post": struct.pack(">IIhhIIIII", 0x30000, 0, 0, 0, 1, 0, 0, 0, 0),
    }
    return _sfnt(tables)


def _sfnt(tables: dict[bytes, bytes]) -> bytes:
    offset = 12 + 16 * len(tables)
    directory, body = b"", b""
    for tag, data in sorted(tables.items()):
        padded = data + bytes(-len(data) % 4)
        total = sum(struct.unpack(f">{len(padded) // 4}I", padded)) & 0xFFFFFFFF
        directory += tag + struct.pack(">III", total, offset + len(body), len(data))
        body += padded
    return struct.pack(">IHHHH", 0x10000, len(tables), 128, 3, len(tables) * 16 - 128) + directory + body


def _favicon() -> bytes:
    """Make an icon file that holds one PNG."""
    image = picture("favicon", "_w32", "png")
    return struct.pack("<HHH", 0, 1, 1) + struct.pack("<BBBBHHII", 4, 2, 0, 0, 1, 24, len(image), 22) + image


_ASSETS: dict[str, tuple[str, bytes]] = {
    SHEET: ("text/css", _MAIN.encode()),
    f"{BASE}/RFE/en-US/parts/layout.css": ("text/css", _LAYOUT.encode()),
    f"{BASE}/fonts/fonts.css": ("text/css", _FONTS.encode()),
    f"{BASE}/fonts/square.ttf": ("font/ttf", _font()),
    f"{BASE}/img/logo.svg": ("image/svg+xml", _LOGO.encode()),
    f"{BASE}/img/paper.png": ("image/png", picture("paper", "_w64", "png")),
    f"{BASE}/img/player-spinner.png": ("image/png", picture("spinner", "_w32", "png")),
    f"{BASE}/img/favicon.ico": ("image/x-icon", _favicon()),
    f"{BASE}/img/touch.png": ("image/png", picture("touch", "_w192", "png")),
    "/Scripts/responsive/loader.b": ("text/javascript", _LOADER.encode()),
}
