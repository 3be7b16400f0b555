"""The papers and derived copies of a package, made from its claim; templates lie in ``shipped``."""

from collections.abc import Mapping, Sequence

from archive.collection import Collection
from archive.config import Authority
from archive.errors import VigilError
from archive.evidence.certificate import Page, certificate
from archive.evidence.claim import spelled
from archive.evidence.derived import harmless, page_of, picture_of
from archive.evidence.keys import SigningKeys
from archive.evidence.package import Contents, shipped
from archive.evidence.pades import sign_pdf
from archive.evidence.words import words_of
from archive.model import Capture


def papers(contents: Contents) -> dict[str, bytes]:
    """Fill in README.txt and declaration.txt."""
    words = words_of(contents)
    return {name: shipped(name).decode().format_map(words).encode() for name in ("README.txt", "declaration.txt")}


def derived(
    collection: Collection, capture: Capture, text: bytes, *, is_test: bool, has_picture: bool
) -> dict[str, bytes]:
    """Make the derived copies: text where one is known, the page made harmless, a picture where Chromium is present."""
    page = harmless(page_of(collection, capture), url=capture.url, time=spelled(capture.time), is_test=is_test)
    found = {"text.txt": text, "page.html": page}
    picture = picture_of(page) if has_picture else None
    if picture is not None:
        found["screenshot.png"] = picture
    return {name: data for name, data in found.items() if data}


def with_certificate(
    contents: Contents, attached: Mapping[str, bytes], text: str, keys: SigningKeys, authorities: Sequence[Authority]
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Make the certificate, signed, stamped where an authority answers; give the reasons of what cannot be done."""
    known = [
        (one, found) for one in authorities if (found := contents.trust.authority(one.name)) and not one.is_retired
    ]
    try:
        page = Page(words=words_of(contents), text=text, is_test=contents.claim.route != "site")
        pdf, problems = sign_pdf(certificate(page, attached), keys, known)
    except VigilError as error:
        return {}, (f"there is no certificate.pdf: {error}",)
    return {"certificate.pdf": pdf}, problems
