"""Small, real pictures made by code: every GUID and size gives other bytes, always the same ones."""

import hashlib
import re
import struct
import zlib
from random import Random

_SIZE = re.compile(r"_w(\d+)")

# Code lengths of the standard luminance DC table (ITU-T T.81, K.3.1); the AC table knows the end of a block only.
_DC_BITS = bytes((0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0))
_DC_CODES = ("00", "010", "011", "100", "101", "110", "1110", "11110", "111110", "1111110", "11111110", "111111110")
_END_OF_BLOCK = "0"


def picture(guid: str, modifiers: str, extension: str) -> bytes:
    """A picture of at most 384 by 216 dots in the wanted format (``png``, else JPEG)."""
    found = _SIZE.search(modifiers)
    width = min(max(int(found[1]) if found else 384, 32), 384) // 8
    height = max(width * 9 // 16, 2)
    seed = hashlib.sha256(f"{guid}{modifiers}".encode()).digest()
    shades = Random(seed)
    return _png(width, height, shades) if extension == "png" else _jpeg(width, height, shades)


def _png(width: int, height: int, shades: Random) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\0" + shades.randbytes(width * 3) for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def _jpeg(width: int, height: int, shades: Random) -> bytes:
    """A grey baseline JPEG in which each block of 8 by 8 dots has one shade: DC coefficients only."""
    bits: list[str] = []
    last = 0
    for _ in range(width * height):
        value = shades.randrange(-64, 64)
        difference, last = value - last, value
        size = abs(difference).bit_length()
        bits.append(_DC_CODES[size])
        if size:
            magnitude = difference if difference > 0 else difference + (1 << size) - 1
            bits.append(f"{magnitude:0{size}b}")
        bits.append(_END_OF_BLOCK)
    stream = "".join(bits)
    stream += "1" * (-len(stream) % 8)
    data = int(stream, 2).to_bytes(len(stream) // 8, "big").replace(b"\xff", b"\xff\0")

    def segment(marker: int, body: bytes) -> bytes:
        return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body

    return (
        b"\xff\xd8"
        + segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")
        + segment(0xDB, b"\0" + b"\x10" * 64)
        + segment(0xC0, struct.pack(">BHHBBBB", 8, height * 8, width * 8, 1, 1, 0x11, 0))
        + segment(0xC4, b"\0" + _DC_BITS + bytes(range(12)))
        + segment(0xC4, b"\x10" + bytes((1,)) + bytes(15) + b"\0")
        + segment(0xDA, b"\x01\x01\0\0\x3f\0")
        + data
        + b"\xff\xd9"
    )
