"""``certificate.pdf``: a package's claim as one signed paper. Needs the extra ``exhibit``, Pango, and fonts."""

import html
import io
import shutil
import subprocess
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from archive.errors import ConfigError
from archive.evidence.keys import SigningKeys

_HINT = "pip install 'vigil-archive[exhibit]', and the Debian packages libpango-1.0-0 and fonts-noto."
_STYLE = """\
@page { size: A4; margin: 25mm 20mm; @bottom-center { content: "page " counter(page) " of " counter(pages) }
  @top-center { content: "%s"; color: #900; font-weight: bold } }
body { font-family: "Noto Sans", "Noto Sans Arabic", "Noto Sans Georgian", "Noto Sans Armenian", sans-serif;
  font-size: 10pt; line-height: 1.4 }
h1 { font-size: 16pt } h2 { font-size: 12pt; margin-top: 6mm }
td { vertical-align: top; padding: 1mm 3mm 1mm 0 } td + td { overflow-wrap: anywhere }
pre { white-space: pre-wrap; font-family: inherit }
"""
_ROWS = (
    ("Page", "url"), ("Recorded (UTC)", "captured_at"), ("Answer", "answer"), ("Answered by", "server_ip"),
    ("Proved to exist by (UTC)", "proved_by"), ("Capture before", "capture_before"), ("Capture after", "capture_after"),
    ("Record", "record_id"), ("Payload SHA-256", "payload_sha256"), ("evidence.warc.gz SHA-256", "warc_sha256"),
    ("Run", "run"), ("Seal", "seal"), ("Package number", "number"), ("Made (UTC)", "exported_at"),
    ("Recipient", "recipient"), ("Case", "case"), ("Purpose", "purpose"),
)  # fmt: skip
_STEPS = """\
<h2>How it was made</h2><p>The program asked the site for the page and wrote down the bytes sent and received, with the
time, the address that answered and the certificates of that very connection. When the run ended, every record was read
back from disk; the list of their SHA-256 digests was signed by the archive, stamped by two independent time
authorities over the list and over the signature, and added to an append-only log.</p>
<h2>What this shows</h2><p>The records in this package are, to the last byte, those that were sealed, and they existed
by the time stated above at the latest.</p>
<h2>What this does not show</h2><p>Who wrote the page; whether what it says is true; what other visitors were shown;
that a page without a capture was not published. A program signed this paper, not a person: the declaration is for a
person to sign. Check the package itself: this paper is not the evidence.</p>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the certificate says: the words of the claim, and the text of the post as far as one is known."""

    words: Mapping[str, str]
    text: str
    is_test: bool


def certificate(page: Page, attachments: Mapping[str, bytes]) -> bytes:
    """Make the unsigned PDF.

    Raises:
        ConfigError: WeasyPrint, Pango or a font is missing; the message says which.
    """
    try:
        import weasyprint  # noqa: PLC0415  the extra "exhibit", slow to import
    except (ImportError, OSError) as error:
        raise ConfigError(f"WeasyPrint or Pango is missing ({str(error)[:100]})", hint=_HINT) from None
    require_fonts(page.text + "".join(page.words.values()))
    mark = "TEST: NO CAPTURE OF THE REAL SITE" if page.is_test else "Certificate of a web capture"
    rows = "".join(
        f"<tr><td><b>{label}</b></td><td dir=auto>{html.escape(page.words.get(name, ''))}</td></tr>"
        for label, name in _ROWS
    )
    text = f"<h2>Text as read by the program (derived)</h2>{_paragraphs(page.text)}" if page.text else ""
    source = f"<html lang=en><head><title>Certificate</title><style>{_STYLE % mark}</style></head><body>"
    source += f"<h1>{mark}</h1><table>{rows}</table>{_STEPS}{text}</body></html>"

    class Nothing(weasyprint.URLFetcher):  # type: ignore[misc]  # it ships no types
        """Fetches nothing at all."""

        def fetch(self, url: str, headers: object = None) -> object:  # noqa: ARG002  its signature
            raise ValueError(f"nothing is loaded: {url}")

    attached = [weasyprint.Attachment(string=data, name=name) for name, data in attachments.items()]
    document = weasyprint.HTML(string=source, url_fetcher=Nothing())
    made: bytes = document.write_pdf(attachments=attached)
    return made


def sign_pdf(pdf: bytes, keys: SigningKeys) -> bytes:
    """Sign a PDF with the seal key, as PAdES baseline B; its time is proved by the package's own stamps.

    Raises:
        ConfigError: pyHanko is missing.
    """
    try:
        from asn1crypto import keys as asn1_keys  # noqa: PLC0415  the extra "exhibit"
        from asn1crypto import x509 as asn1_x509  # noqa: PLC0415
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter  # noqa: PLC0415
        from pyhanko.sign import fields, signers  # noqa: PLC0415
        from pyhanko_certvalidator.registry import SimpleCertificateStore  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(f"pyHanko is missing ({error})", hint=_HINT) from None
    key = keys.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    signer = signers.SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(keys.certificate.public_bytes(Encoding.DER)),
        signing_key=asn1_keys.PrivateKeyInfo.load(key),
        cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]
    )
    meta = signers.PdfSignatureMetadata(
        field_name="Archive", subfilter=fields.SigSeedSubFilter.PADES, md_algorithm="sha256"
    )
    out = io.BytesIO()
    signers.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), meta, signer=signer, output=out)
    return out.getvalue()


def require_fonts(text: str) -> None:
    """Make sure that every letter can be shown.

    Raises:
        ConfigError: there is no font for some script, or no way to ask.
    """
    scripts: dict[str, set[str]] = defaultdict(set)
    for letter in set(text):
        if unicodedata.category(letter)[0] in "LN":
            scripts[unicodedata.name(letter, "UNKNOWN").split(" ")[0]].add(letter)
    program = shutil.which("fc-list")
    if program is None:
        raise ConfigError("fontconfig is missing, so nobody knows what fonts there are", hint=_HINT)
    for script, letters in sorted(scripts.items()):
        if _has_font(program, letters) or all(_has_font(program, {letter}) for letter in letters):
            continue
        raise ConfigError(f"no font for {script.capitalize()} letters is installed", hint=_HINT)


def _has_font(program: str, letters: set[str]) -> bool:
    codes = " ".join(f"{ord(letter):x}" for letter in sorted(letters))
    done = subprocess.run([program, f":charset={codes}"], capture_output=True, check=False)  # noqa: S603  digits only
    return bool(done.stdout.strip())


def _paragraphs(text: str) -> str:
    return "".join(f"<p dir=auto>{html.escape(part)}</p>" for part in text.split("\n") if part.strip())
