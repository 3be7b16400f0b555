"""``vigil serve``: the archive in a browser."""

import socket
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
    view with facets, SQL, CSV and JSON. Read-only; a crawl may go on meanwhile. Ctrl-C ends it. Needs the extra web.
    """
    import webbrowser

    try:
        from archive.web import app
    except ImportError as error:
        raise ConfigError(f"Datasette is missing ({error})", hint="pip install 'vigil-archive[web]'") from None
    collection = existing(settings)
    app.desk(collection)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            raise UsageError(
                f"port {port} cannot be had: {error.strerror}",
                hint="Choose another with --port, or 0 for any free one.",
            ) from None
        listener.listen(128)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        show(address)
        talk("vigil: Ctrl-C ends it")
        if is_opened:
            webbrowser.open(address)
        try:
            app.serve(collection, listener)
        except KeyboardInterrupt:
            talk("vigil: ended")
