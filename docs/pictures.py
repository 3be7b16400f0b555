"""Takes the pictures of docs/how-to/for-lawyers.md anew; needs Chromium, pdftoppm and the extra ``exhibit``.

``PYTHONPATH=. python docs/pictures.py``. A small archive of an invented blog is sealed by test authorities, ``vigil
evidence`` makes a package, and its own verify.html is opened from disk: before, with the fingerprints, and with
one word of the derived page changed. The papers say of themselves that the time stamps are of a test authority.
"""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from PIL import Image

from tests.evidence.browsing import Checker
from tests.evidence.makers import Sealed, build_sealed, serving

PICTURES = Path(__file__).parent / "how-to" / "pictures"
_WIDTH = 900


def main() -> None:
    """Make the package, and take every picture."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        exhibit = _package(build_sealed(folder / "sealed"), folder)
        with zipfile.ZipFile(exhibit) as pack:
            pack.extractall(folder)
        unpacked = folder / exhibit.stem
        _changed(exhibit, folder / "changed.zip")
        lines = (unpacked / "README.txt").read_text(encoding="utf-8").splitlines()
        words = " ".join(line.strip() for line in lines if line.startswith(("  root=", "  log=", "  tsa=")))
        with Checker(folder, unpacked / "verify.html") as browser:
            browser.resize(_WIDTH, 600)
            browser.reload()
            browser.give("zip", exhibit)
            browser.picture(PICTURES / "check-form.png")
            browser.check(words)
            browser.picture(PICTURES / "check-verified.png")
            browser.reload()
            browser.give("zip", folder / "changed.zip")
            browser.check(words)
            browser.picture(PICTURES / "check-failed.png")
        command = ["pdftoppm", "-r", "80", "-png", "-f", "1", "-l", "1", "-singlefile"]
        subprocess.run([*command, unpacked / "certificate.pdf", PICTURES / "certificate"], check=True)  # noqa: S603  our own file
    for picture in PICTURES.glob("*.png"):
        with Image.open(picture) as image:
            image.convert("RGB").quantize(64).save(picture, optimize=True)


def _package(sealed: Sealed, folder: Path) -> Path:
    exhibit = folder / "exhibit-a.zip"
    with serving(folder, *sealed.authorities) as entries:
        lines = ['collection = "collection"', 'keys = "keys"']
        for one in entries:
            lines += ["[[authorities]]", f'name = "{one.name}"', f'url = "{one.url}"', f'root = "{one.root}"']
        settings = sealed.folder / "vigil.toml"
        settings.write_text("\n".join(lines), encoding="utf-8")
        words = ["evidence", "101", "--at", "2026-08-02T12:00Z", "--no-screenshot", "--config", str(settings)]
        given = ["--case", "12/2026", "--recipient", "Example & Partners", "--purpose", "a hearing", "-o", str(exhibit)]
        subprocess.run([sys.executable, "-m", "archive", *words, *given], check=True)  # noqa: S603  our own command
    return exhibit


def _changed(exhibit: Path, changed: Path) -> None:
    """Copy a package with one word of its derived page changed, as a careless or dishonest hand would."""
    with zipfile.ZipFile(exhibit) as pack, zipfile.ZipFile(changed, "w") as other:
        for entry in pack.infolist():
            data = pack.read(entry)
            if entry.filename.endswith("derived/page.html"):
                data = data.replace(b"herons", b"eagles")
            other.writestr(entry, data)


if __name__ == "__main__":
    main()
