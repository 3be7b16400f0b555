"""The certificate: names in every script come back from the PDF, and what cannot be set right is refused."""

import io
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.errors import ConfigError
from archive.evidence import certificate as paper
from archive.evidence.authority import TestAuthority
from archive.evidence.certificate import Page, certificate, require_fonts
from archive.evidence.keys import read_signing
from archive.evidence.pades import sign_pdf
from archive.evidence.tokens import TimeAuthority
from tests.evidence.makers import Sealed, serving

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
    pdf, _ = sign_pdf(certificate(_page("Words."), {"claim.json": b"{}"}), keys)

    def is_intact(data: bytes) -> bool:
        (signature,) = PdfFileReader(io.BytesIO(data)).embedded_signatures
        status = validate_pdf_signature(signature, signer_validation_context=ValidationContext(trust_roots=[]))
        return bool(status.intact)

    assert is_intact(pdf)
    at = pdf.index(b"stream") + 20
    assert not is_intact(pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :])


class Talker(TestAuthority):
    """An authority behind a page that asks to log in."""

    __test__ = False

    def answer(self, query: bytes) -> bytes:
        del query
        return b"<html>Please log in</html>"


def _stamped(pdf: bytes) -> bool:
    """Whether a PDF's signature bears a time stamp that is over it."""
    from pyhanko.pdf_utils.reader import PdfFileReader  # noqa: PLC0415  the extra "exhibit"
    from pyhanko.sign.validation import validate_pdf_signature  # noqa: PLC0415
    from pyhanko_certvalidator import ValidationContext  # noqa: PLC0415

    (signature,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    status = validate_pdf_signature(signature, signer_validation_context=ValidationContext(trust_roots=[]))
    assert status.intact
    return bool(status.timestamp_validity and status.timestamp_validity.intact)


def test_signature_is_stamped_by_the_first_authority_that_tells_the_truth(sound: Sealed, tmp_path: Path) -> None:
    keys = read_signing(sound.settings.keys, None, datetime.now(UTC))
    pdf = certificate(_page("Words."), {})
    ahead = TestAuthority("tsa1", lambda: datetime.now(UTC) + timedelta(hours=2))
    honest = TestAuthority("tsa2")
    with serving(tmp_path, ahead, honest) as entries:
        known = [
            (entry, TimeAuthority(name=one.name, roots=(one.root,)))
            for entry, one in zip(entries, (ahead, honest), strict=True)
        ]
        signed, problems = sign_pdf(pdf, keys, known)
        stranger = (known[1][0], replace(known[1][1], roots=(ahead.root,)))
        unstamped, refused = sign_pdf(pdf, keys, [known[0], stranger])
    assert _stamped(signed)
    assert len(problems) == 1
    assert problems[0].startswith("certificate.pdf is not stamped by tsa1: ")
    assert "future" in problems[0]
    assert not _stamped(unstamped)
    assert len(refused) == 2


def test_authority_that_is_silent_or_talks_nonsense_costs_the_stamp_and_not_the_paper(
    sound: Sealed, tmp_path: Path
) -> None:
    keys = read_signing(sound.settings.keys, None, datetime.now(UTC))
    talker = Talker("tsa1")
    with serving(tmp_path, talker) as (entry,):
        known = TimeAuthority(name="tsa1", roots=(talker.root,))
        nobody = replace(entry, url="http://127.0.0.1:9/", timeout=1)
        signed, problems = sign_pdf(certificate(_page("Words."), {}), keys, [(entry, known), (nobody, known)])
    assert not _stamped(signed)
    assert "no time stamp" in problems[0]
    assert len(problems) == 2


def test_words_run_in_their_own_direction() -> None:
    assert "dir=rtl" in paper._paragraphs("سارا wrote")  # noqa: SLF001 - what WeasyPrint is given
    assert "dir=ltr" in paper._paragraphs("12 Words, سارا")  # noqa: SLF001


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
