"""The papers and derived copies of a package, made from its claim; templates lie in ``shipped``."""

from collections.abc import Mapping
from dataclasses import asdict

from archive.collection import Collection
from archive.errors import VigilError
from archive.evidence.certificate import Page, certificate, sign_pdf
from archive.evidence.claim import Claim
from archive.evidence.derived import harmless, page_of, picture_of
from archive.evidence.exporting import fingerprints
from archive.evidence.keys import SigningKeys
from archive.evidence.package import Contents, shipped
from archive.evidence.tokens import TEST_NAME
from archive.model import Capture, sha256_of

NONE = "none in this archive"
_TEST = "\n\nTHIS IS A TEST. The records are of a test server. They are NO capture of the real site."
_TEST_TIME = "\n\nTHE TIME STAMPS ARE OF A TEST AUTHORITY. They prove no time."


def words_of(contents: Contents) -> dict[str, str]:
    """Give what the templates ask for."""
    claim = contents.claim
    told = fingerprints(contents.trust)
    return {
        **{name: _one_line(value) or "-" for name, value in _fields(claim).items()},
        "answer": f"HTTP status {claim.status}, {claim.kind}" if claim.status else "no answer came",
        "proved_by": claim.proved_by or "NOT YET: the time stamps are pending",
        "capture_before": claim.capture_before or NONE,
        "capture_after": claim.capture_after or NONE,
        "as_of": f", as of {claim.as_of}" if claim.as_of else "",
        "test": (_TEST if claim.route != "site" else "") + (_TEST_TIME if _has_test_time(contents) else ""),
        "warc_sha256": sha256_of(b"".join(member.data for member in contents.members)),
        "fingerprints": "\n".join(f"  {role}={digest}" for role, digest in told),
        "words": " ".join(f"{role}=..." for role, _ in told),
    }


def papers(contents: Contents) -> dict[str, bytes]:
    """Fill in README.txt and declaration.txt."""
    words = words_of(contents)
    return {name: shipped(name).decode().format_map(words).encode() for name in ("README.txt", "declaration.txt")}


def derived(
    collection: Collection, capture: Capture, text: bytes, *, is_test: bool, has_picture: bool
) -> dict[str, bytes]:
    """Make the derived copies: text where one is known, the page made harmless, a picture where Chromium is present."""
    page = harmless(page_of(collection, capture), url=capture.url, time=capture.time.isoformat(), is_test=is_test)
    found = {"text.txt": text, "page.html": page}
    picture = picture_of(page) if has_picture else None
    if picture is not None:
        found["screenshot.png"] = picture
    return {name: data for name, data in found.items() if data}


def with_certificate(
    contents: Contents, attached: Mapping[str, bytes], text: str, keys: SigningKeys
) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """Make the certificate, signed, with these files in it; where it cannot be made, give the reason."""
    try:
        page = Page(words=words_of(contents), text=text, is_test=contents.claim.route != "site")
        pdf = certificate(page, attached)
        return {"certificate.pdf": sign_pdf(pdf, keys)}, ()
    except VigilError as error:
        return {}, (f"there is no certificate.pdf: {error}",)


def _fields(claim: Claim) -> dict[str, str]:
    """Give the claim's fields by name."""
    return {name: str(value) for name, value in asdict(claim).items()}


def _has_test_time(contents: Contents) -> bool:
    roots = [root for one in contents.trust.authorities for root in one.roots]
    return any(TEST_NAME in root.subject.rfc4514_string() for root in roots)


def _one_line(text: str) -> str:
    """Make words that a person gave one line."""
    return " ".join(text.split())
