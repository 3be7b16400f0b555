"""The certificate: names in every script come back from the PDF, and what cannot be set right is refused."""

import io
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.errors import ConfigError
from archive.evidence import certificate as paper
from archive.evidence.certificate import Page, certificate, require_fonts, sign_pdf
from archive.evidence.keys import read_signing
from tests.evidence.makers import Sealed

NAMES = {
    "Latin with diacritics": "Đorđe Šćepanović, Zoë Łukasiewicz, Ağılçı Öztürk",
    "Cyrillic": "Әлия Құрманғазықызы, Їжак Ґудзь",
    "Arabic": "سارا محمدی‌پور نویسنده خیالی",
    "Georgian": "ნინო გამოგონილი",
    "Armenian": "Անահիտ Հորինյան",
}
pytest.importorskip("weasyprint", reason="the extra “exhibit” is not installed")


def _page(text: str, *, is_test: bool = False) -> Page:
    return Page(words={"url": "https://lantern.example/a/1.html"}, text=text, is_test=is_test)


@pytest.mark.reader
@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
@pytest.mark.parametrize("script", NAMES)
def test_names_come_back_from_the_pdf(script: str, tmp_path: Path) -> None:
    (tmp_path / "c.pdf").write_bytes(certificate(_page(NAMES[script]), {}))
    said = subprocess.run(
        ["pdftotext", str(tmp_path / "c.pdf"), "-"], capture_output=True, text=True, check=True
    ).stdout
    marks = dict.fromkeys(map(ord, "\u200e\u200f\u200c\u202a\u202b\u202c"))
    words = said.translate(marks).split()
    assert set(NAMES[script].translate(marks).split()) <= set(words), said


def test_signed_certificate_names_the_archive_and_breaks_with_a_byte(sound: Sealed) -> None:
    from pyhanko.pdf_utils.reader import PdfFileReader  # noqa: PLC0415  the extra "exhibit"
    from pyhanko.sign.validation import validate_pdf_signature  # noqa: PLC0415
    from pyhanko_certvalidator import ValidationContext  # noqa: PLC0415

    keys = read_signing(sound.settings.keys, None, datetime.now(UTC))
    pdf = sign_pdf(certificate(_page("Words."), {"claim.json": b"{}"}), keys)

    def is_intact(data: bytes) -> bool:
        (signature,) = PdfFileReader(io.BytesIO(data)).embedded_signatures
        status = validate_pdf_signature(signature, signer_validation_context=ValidationContext(trust_roots=[]))
        return bool(status.intact)

    assert is_intact(pdf)
    at = pdf.index(b"stream") + 20
    assert not is_intact(pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :])


def test_every_page_of_a_test_says_so() -> None:
    pypdf = pytest.importorskip("pypdf")
    pdf = certificate(_page("Many words.\n" * 120, is_test=True), {})
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    assert len(pages) > 2
    assert all("TEST: NO CAPTURE OF THE REAL SITE" in page.extract_text() for page in pages)


def test_missing_font_is_refused_by_its_script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper, "_has_font", lambda _program, letters: all(ord(letter) < 0x500 for letter in letters))
    require_fonts("Zoë")
    with pytest.raises(ConfigError, match="no font for Georgian letters"):
        require_fonts("ნინო")


def test_certificate_loads_nothing() -> None:
    certificate(_page('<img src="file:///etc/passwd"><link rel=stylesheet href="http://127.0.0.1/x">'), {})
