"""``vigil player``: ReplayWeb.page, which shows archived pages as they were."""

import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from archive.cli.frame import Verb, Verbs
from archive.cli.output import show, talk
from archive.cli.serving import listening
from archive.errors import ConfigError, UsageError

player = Verbs(
    name="player",
    summary="Get ReplayWeb.page, which shows pages as they were; open files in it.",
    sections={
        "Commands": {
            "fetch": "archive.cli.playing:fetch",
            "install": "archive.cli.playing:install",
            "open": "archive.cli.playing:open_file",
        }
    },
)
_WARC_OF_PACKAGE = "evidence.warc.gz"


@click.command(cls=Verb, examples=["vigil player fetch"])
def fetch() -> None:
    """Fetch ReplayWeb.page with npm, and compare its digest.

    One version, pinned by its SHA-256, for `vigil serve`; npm takes it from wherever npm is set to take packages. It
    is kept in ~/.local/share/vigil, or where VIGIL_PLAYER says. Its licence is the AGPL.
    """
    from archive.player import VERSION, fetch_player

    talk(f"vigil: asking npm for replaywebpage {VERSION}")
    show(f"ReplayWeb.page {VERSION} is in {fetch_player().folder}")


@click.command(cls=Verb, examples=["vigil player install replaywebpage-2.5.3.tgz"])
@click.argument("file", type=click.Path(path_type=Path))
def install(file: Path) -> None:
    """Install ReplayWeb.page from its package, without npm or network.

    FILE is what `npm pack replaywebpage@2.5.3` writes on another machine; its digest is compared.
    """
    from archive.player import VERSION, install_player

    show(f"ReplayWeb.page {VERSION} is in {install_player(file).folder}")


@click.command("open", cls=Verb, examples=["vigil player open all.wacz", "vigil player open exhibit-a.zip --port 0"])
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--port", type=click.IntRange(0, 65_535), default=8003, show_default=True, help="Port on 127.0.0.1.")
@click.option("--open", "is_opened", is_flag=True, help="Also open it in a browser.")
def open_file(file: Path, *, port: int, is_opened: bool) -> None:
    """Show a WACZ, WARC or evidence package in ReplayWeb.page.

    Files of any writer, on this machine alone; of an evidence package its WARC. Nothing is asked of any network. Ctrl-C
    ends it. Needs the extra web.
    """
    from archive.player import require_player

    try:
        from archive.web import app
        from archive.web.replaying import Stage
    except ImportError as error:
        raise ConfigError(f"Datasette is missing ({error})", hint="pip install 'vigil-archive[web]'") from None
    found = require_player()
    with _playable(file) as played, listening(port) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        show(address)
        talk("vigil: Ctrl-C ends it")
        if is_opened:
            webbrowser.open(address)
        try:
            app.play(Stage(player=found, file=played), listener)
        except KeyboardInterrupt:
            talk("vigil: ended")


@contextmanager
def _playable(file: Path) -> Iterator[Path]:
    """Give a file that the player can read: of an evidence package its WARC."""
    if not file.is_file():
        raise UsageError(f"there is no file {file}")
    if file.suffix.lower() != ".zip":
        if not file.name.lower().endswith((".wacz", ".warc", ".warc.gz")):
            raise UsageError(f"{file} is neither a WACZ nor a WARC", hint="The player goes by the ending of the name.")
        yield file
        return
    from archive.zipped import open_zip

    with TemporaryDirectory(prefix="vigil-player-") as folder, open_zip(file) as package:
        inside = [name for name in package.members if name.rpartition("/")[2] == _WARC_OF_PACKAGE]
        if len(inside) != 1:
            raise UsageError(f"{file} is no evidence package", hint=f"There is no {_WARC_OF_PACKAGE} in it.")
        warc = Path(folder) / _WARC_OF_PACKAGE
        with warc.open("wb") as copy:
            for chunk in package.chunks(inside[0]):
                copy.write(chunk)
        yield warc
