"""``vigil sites``: which blogs there are rules for, and whether the rules are sound."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.frame import SiteName, Verb, Verbs, existing, json_option, with_settings
from archive.cli.output import show, show_json, talk
from archive.errors import ExitCode, UsageError, VigilError

if TYPE_CHECKING:
    from archive.config import Settings
    from archive.site import Site

PLACES = {
    "list": "archive.cli.sites:list_sites",
    "new": "archive.cli.sites:new",
    "check": "archive.cli.sites:check",
    "record": "archive.cli.sites:record",
}
sites = Verbs(name="sites", summary="List, write, check and prove the rules of blogs.", sections={"Commands": PLACES})

_TEMPLATE = """\
# Rules of one blog. docs/how-to/add-a-blog.md goes through them; docs/reference/config.md describes every key.

[site]
id = "{id}"
title = "{id}"
# language = "en"
hosts = ["{host}"]                     # the blog's own host first, then its aliases

[identity]
# What in a URL's path makes it a post. A number that never changes: (?P<id>[0-9]+). No number: (?P<slug>[^/]+).
patterns = ['^{path}(?P<slug>[^/?]+)/?$']
permalink = "{path}{{slug}}/"

[listing]
start = "{start}"
# body = [".entry-content"]            # CSS selectors of a post's text where the listing shows it whole

[listing.more]
button = ["a[rel~=next]"]              # the link to older posts, or the "Load more" button

[feeds]
# feeds = ["{root}/feed/"]

[[layouts]]
name = "present"
body = ["article"]                     # CSS selectors of the post's text on its own page
title = ["h1"]
time = ["time[datetime]"]

[politeness]
delay = 2.0                            # seconds between two requests
"""


@click.command("list", cls=Verb, examples=["vigil sites list"])
@json_option
@with_settings
def list_sites(settings: "Settings", *, as_json: bool) -> None:
    """List the blogs there are rules for.

    Your own site files win over the ones that came with vigil.
    """
    from archive.config import shipped_sites, site_files
    from archive.site import load_site

    for name, path in site_files(settings).items():
        origin = "shipped" if path.parent == shipped_sites() else "own"
        try:
            site = load_site(path)
            row = {"id": name, "title": site.title, "start": site.listing.start, "origin": origin, "file": path}
        except VigilError as error:
            row = {"id": name, "problem": str(error), "origin": origin, "file": path}
        if as_json:
            show_json(row)
        else:
            show(f"{name:24} {origin:8} {row.get('title', 'PROBLEM')}  {row.get('start', row.get('problem'))}")


@click.command(cls=Verb, examples=["vigil sites new quiet-lantern https://lantern.example/journal/"])
@click.argument("site")
@click.argument("start", metavar="START_URL")
@with_settings
def new(settings: "Settings", site: str, start: str) -> None:
    """Write a first site file for a blog.

    SITE is the blog's short name, START_URL the first page of its listing. The file is a sketch for you to finish: the
    pattern of a post's URL and the place of its text are guesses.
    """
    from archive.site import parse_site
    from archive.site.values import URL

    found = URL.fullmatch(start)
    if found is None:
        raise UsageError(f"“{start}” is no web address", hint="Give the whole URL of the blog's first listing page.")
    folder = (found["path"] or "/").rstrip("/") + "/"
    text = _TEMPLATE.format(
        id=site, host=found["host"].lower(), start=start, path=folder, root=f"{found['scheme']}://{found['host']}"
    )
    path = settings.sites[0] / f"{site}.toml"
    parse_site(text.encode(), path.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} is there already", hint="Choose another name, or edit that file.") from None
    show(str(path))
    talk(f"hint: finish it in an editor, then: vigil sites check {site} --url URL_OF_A_POST")


@click.command(
    cls=Verb,
    examples=[
        "vigil sites check",
        "vigil sites check rferl-watchdog --url https://www.rferl.org/a/31994604.html",
    ],
)
@click.argument("names", type=SiteName(), metavar="[SITE|FILE]...", nargs=-1)
@click.option("--url", "urls", multiple=True, metavar="URL", help="Also say what the rules make of this URL.")
@json_option
@with_settings
def check(settings: "Settings", names: tuple[str, ...], urls: tuple[str, ...], *, as_json: bool) -> ExitCode:
    """Check site files; without a name, all of them.

    Pages recorded by vigil sites record are read again; what comes out otherwise than it did is named, and the exit
    code is 31.
    """
    from archive.config import find_site, site_files
    from archive.schedule import schedule_of
    from archive.site import load_site

    paths = [find_site(name, settings) for name in names] or list(site_files(settings).values())
    code = ExitCode.OK
    for path in paths:
        try:
            site = load_site(path)
            schedule_of(site)
        except VigilError as error:
            code = ExitCode.USAGE
            _report(path, as_json=as_json, problem=str(error), hint=error.hint)
            continue
        _report(path, as_json=as_json, url_facts=[_url_facts(site, url) for url in urls])
        if _has_changed(site, path, settings, as_json=as_json):
            code = ExitCode.LAYOUT_DRIFT
    return code


@click.command(cls=Verb, examples=["vigil sites record rferl-watchdog"])
@click.argument("name", type=SiteName(), metavar="SITE")
@click.option("--most", type=click.IntRange(min=1), default=12, show_default=True, help="So many unlike pages at most.")
@json_option
@with_settings
def record(settings: "Settings", name: str, *, most: int, as_json: bool) -> None:
    """Keep some archived pages, and what is read from them now.

    One page of each kind (listing, each layout, text-less posts) is kept beside your own site files. After a change of
    the site file, vigil sites check reads them again. Pages are the blog's: do not give them away.
    """
    from archive.config import find_site
    from archive.fixtures import record as record_now
    from archive.site import load_site

    path = find_site(name, settings)
    site = load_site(path)
    folder = _fixtures_of(site, path, settings)
    places = list(record_now(existing(settings), site, folder, most=most))
    for place in places:
        show_json({"fixture": place}) if as_json else show(str(place))
    if not places:
        talk(f"vigil: nothing new to record in {folder}")


def _fixtures_of(site: "Site", path: Path, settings: "Settings") -> Path:
    """The folder of a site's fixtures: beside its file, or beside the operator's own where the file came with vigil."""
    from archive.config import shipped_sites
    from archive.fixtures import folder_for

    is_shipped = path.parent == shipped_sites()
    return folder_for(settings.sites[0] / f"{site.id}.toml" if is_shipped else path)


def _has_changed(site: "Site", path: Path, settings: "Settings", *, as_json: bool) -> bool:
    from archive.fixtures import check as check_fixtures

    differences = list(check_fixtures(site, _fixtures_of(site, path, settings)))
    for one in differences:
        if as_json:
            show_json(one)
        else:
            show(f"  {one.fixture}: {one.field} was {one.expected}, is {one.found}")
    return bool(differences)


def _url_facts(site: "Site", url: str) -> dict[str, str | None]:
    from archive.site import canonical, identify, permalink

    identity = identify(site, url)
    asked = permalink(site, identity) if identity else None
    return {"url": url, "identity": identity, "key": canonical(site, url), "permalink": asked}


def _report(
    path: Path,
    *,
    as_json: bool,
    problem: str | None = None,
    hint: str | None = None,
    url_facts: list[dict[str, str | None]] | None = None,
) -> None:
    if as_json:
        show_json({"file": path, "problem": problem, "hint": hint or None, "urls": url_facts or []})
        return
    show(f"{path}: sound" if problem is None else problem)
    if hint:
        show(f"  hint: {hint}")
    for facts in url_facts or []:
        show(f"  {facts['url']}")
        show(f"    post       {facts['identity'] or 'none: by these rules the URL names no post'}")
        show(f"    index key  {facts['key']}")
        if facts["permalink"]:
            show(f"    permalink  {facts['permalink']}")
