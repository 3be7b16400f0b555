"""``vigil serve``: the archive in a browser."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from archive.cli.frame import Verb, existing, with_settings
from archive.cli.output import show, talk
from archive.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from archive.config import Settings


@click.command(cls=Verb, examples=["vigil serve", "vigil serve --port 8080 --open"])
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8001,
    show_default=True,
    help="Port on 127.0.0.1; 0: any free one.",
)
@click.option("--open", "is_opened", is_flag=True, help="Also open the first page in a browser.")
@with_settings
def serve(settings: "Settings", *, port: int, is_opened: bool) -> None:
    """Show the archive in a browser, on this machine alone.

    Posts with their versions and what changed, events, coverage, runs, charts, full-text search, and every table and
    view with facets, SQL, CSV and JSON; each capture as it was, in ReplayWeb.page (vigil player fetch) on the next
    port. Read-only; a crawl may go on meanwhile. Ctrl-C ends it. Needs the extra web.
    """
    import webbrowser

    from archive.player import find_player

    try:
        from archive.web import app
    except ImportError as error:
        raise ConfigError(f"Datasette is missing ({error})", hint="pip install 'vigil-archive[web]'") from None
    collection = existing(settings)
    app.desk(collection)
    player = find_player()
    with listening(port) as listener, listening(0 if port == 0 else port + 1, is_exact=False) as second:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        show(address)
        if player is None:
            talk("vigil: archived pages are shown without their styles; `vigil player fetch` gets the player for them")
        talk("vigil: Ctrl-C ends it")
        if is_opened:
            webbrowser.open(address)
        try:
            app.serve(collection, listener, settings, None if player is None else (player, second))
        except KeyboardInterrupt:
            talk("vigil: ended")


@contextmanager
def listening(port: int, *, is_exact: bool = True) -> Iterator[socket.socket]:
    """Listen on this machine alone; where that port cannot be had and need not be, on any free one.

    Raises:
        UsageError: the port cannot be had.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            if is_exact:
                raise UsageError(
                    f"port {port} cannot be had: {error.strerror if isinstance(error, OSError) else error}",
                    hint="Choose another with --port, or 0 for any free one.",
                ) from None
            listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        yield listener
