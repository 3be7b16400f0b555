"""The text of a file by any writer, a piece at a time, whether it stands in gzip members or plain."""

from typing import BinaryIO

from isal import isal_zlib

CHUNK = 1 << 16
"""Bytes read at once."""


class Text:
    """Text of one gzip member, or of a plain file from an offset on; ``position`` counts the bytes of the file."""

    def __init__(self, file: BinaryIO, offset: int, end: int | None, *, is_gzip: bool) -> None:
        self._file = file
        self._left = (1 << 62) if end is None else end - offset
        self.position = offset
        self._gzip = isal_zlib.decompressobj(31) if is_gzip else None
        self._text = b""
        self._fed = b""
        self.fault: str | None = None
        file.seek(offset)

    def peek(self, size: int) -> bytes:
        """Give up to ``size`` bytes without taking them; fewer only at the end."""
        while len(self._text) < size:
            more = self._more()
            if not more:
                break
            self._text += more
        return self._text[:size]

    def take(self, size: int) -> bytes:
        """Take up to ``size`` bytes, at least one where there are any."""
        data = self._text[:size] if self._text else self.peek(min(size, CHUNK))
        self._text = self._text[len(data) :]
        if self._gzip is None:
            self.position += len(data)
        return data

    def drop(self, size: int) -> None:
        """Take ``size`` bytes."""
        while size and (data := self.take(size)):
            size -= len(data)

    def skip_blank(self) -> int:
        """Take line ends; give how many bytes."""
        taken = 0
        while self.peek(1) in {b"\r", b"\n"}:
            taken += len(self.take(1))
        return taken

    def _more(self) -> bytes:
        if self._gzip is None:
            data = self._file.read(min(CHUNK, max(0, self._left)))
            self._left -= len(data)
            return data
        while not self._gzip.eof and self.fault is None:
            if not self._fed:
                self._fed = self._file.read(min(CHUNK, max(0, self._left)))
                self._left -= len(self._fed)
                self.position += len(self._fed)
                if not self._fed:
                    self.fault = "its gzip member is cut off"
                    return b""
            try:
                text: bytes = self._gzip.decompress(self._fed, CHUNK)
            except isal_zlib.error as error:  # type: ignore[misc]  # its stub takes the class for an instance
                self.fault = f"its gzip member is damaged ({error})"
                return b""
            self._fed = self._gzip.unconsumed_tail
            if text:
                return text
        return b""

    def end(self) -> int:
        """Give the file offset behind the gzip member, once all its text was taken."""
        unused = len(self._gzip.unused_data) if self._gzip is not None and self._gzip.eof else len(self._fed)
        return self.position - unused
