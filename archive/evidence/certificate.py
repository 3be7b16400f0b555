"""``certificate.pdf``: a package's claim as one signed paper. Needs the extra ``exhibit``, Pango, and fonts."""

import html
import shutil
import subprocess
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from string import Template

from archive.errors import ConfigError
from archive.evidence.package import shipped

HINT = "pip install 'vigil-archive[exhibit]', and the Debian packages libpango-1.0-0 and fonts-noto."
_Rows = tuple[tuple[str, str], ...]
_PAGE: _Rows = (
    ("Address", "url"), ("Recorded", "recorded"), ("Answer", "answer"), ("Answered by", "server_ip"),
    ("Holds", "whole"),
    ("Capture before this one", "before"), ("Capture after this one", "after"),
)  # fmt: skip
_PROOF: _Rows = (("Proved to exist by", "proved"),)
_IDENTITY: _Rows = (
    ("Record", "record_id"), ("Payload, SHA-256", "payload_sha256"), ("evidence.warc.gz, SHA-256", "warc_sha256"),
    ("Run", "run"), ("Seal", "seal"),
)  # fmt: skip
_PACKAGE: _Rows = (
    ("Made", "made"), ("Looked up", "looked_up"), ("For", "recipient"), ("Case", "case"), ("Purpose", "purpose"),
)  # fmt: skip
_MADE: _Rows = (("Run by", "operator"), ("Program", "software"), ("Clock", "clock"))
TEST_MARK = "TEST: NO CAPTURE OF THE REAL SITE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the certificate says: words by name (``words.words_of``), and the text of the post where one is known."""

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
        raise ConfigError(f"WeasyPrint or Pango is missing ({str(error)[:100]})", hint=HINT) from None
    require_fonts(page.text + "".join(page.words.values()))
    source = Template(shipped("certificate.html").decode()).substitute(_filled(page))

    class Nothing(weasyprint.URLFetcher):  # type: ignore[misc]  # it ships no types
        """Fetches nothing at all."""

        def fetch(self, url: str, headers: object = None) -> object:  # noqa: ARG002  its signature
            raise ValueError(f"nothing is loaded: {url}")

    attached = [weasyprint.Attachment(string=data, name=name) for name, data in attachments.items()]
    document = weasyprint.HTML(string=source, url_fetcher=Nothing())
    made: bytes = document.write_pdf(attachments=attached)
    return made


def _filled(page: Page) -> dict[str, str]:
    """Give what stands in the template, as HTML."""
    words = page.words
    tables = {"page": _PAGE, "proof": _PROOF, "identity": _IDENTITY, "package": _PACKAGE, "made": _MADE}
    text = f"<h2>Text as read by the program (derived)</h2><div class=text>{_paragraphs(page.text)}</div>"
    prints = (line.strip().partition("=") for line in words.get("fingerprints", "").splitlines())
    tests = [line for line in words.get("test", "").splitlines() if line]
    return {
        **{name: _table((label, words.get(key, "")) for label, key in rows) for name, rows in tables.items()},
        "owner": html.escape(words.get("owner", "")),
        "proves_time": html.escape(words.get("proves_time", "")),
        "number": html.escape(words.get("number", "")),
        "mark": TEST_MARK if page.is_test else "Certificate of a web capture",
        "color": "#900" if page.is_test else "#555",
        "test": "".join(f"<p class=test>{html.escape(line)}</p>" for line in tests),
        "stamps": "".join(f"<li>{html.escape(line)}</li>" for line in words.get("stamps", "").splitlines()),
        "fingerprints": _table((role, digest) for role, _, digest in prints),
        "text": text if page.text else "",
    }


def _table(rows: Iterable[tuple[str, str]]) -> str:
    return "".join(
        f"<tr><td>{html.escape(label)}</td><td dir=auto>{html.escape(words)}</td></tr>" for label, words in rows
    )


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
        raise ConfigError("fontconfig is missing, so nobody knows what fonts there are", hint=HINT)
    for script, letters in sorted(scripts.items()):
        if _has_font(program, letters) or all(_has_font(program, {letter}) for letter in letters):
            continue
        raise ConfigError(f"no font for {script.capitalize()} letters is installed", hint=HINT)


def _has_font(program: str, letters: set[str]) -> bool:
    codes = " ".join(f"{ord(letter):x}" for letter in sorted(letters))
    done = subprocess.run([program, f":charset={codes}"], capture_output=True, check=False)  # noqa: S603  digits only
    return bool(done.stdout.strip())


def _paragraphs(text: str) -> str:
    return "".join(f"<p dir={_direction(part)}>{html.escape(part)}</p>" for part in text.split("\n") if part.strip())


def _direction(text: str) -> str:
    """Say in which direction words run, by their first letter (WeasyPrint knows no ``dir=auto``)."""
    kinds = (unicodedata.bidirectional(letter) for letter in text)
    return "rtl" if next((kind for kind in kinds if kind in {"L", "R", "AL"}), "L") in {"R", "AL"} else "ltr"
