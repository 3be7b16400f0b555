"""``vigil stats`` and ``vigil plot``: the archive in numbers and charts, without a browser."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.finding import site_option
from archive.cli.frame import Verb, existing, json_option, with_settings
from archive.cli.output import clean_line, counted, show, show_json, talk
from archive.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from archive.config import Settings
    from archive.stats import Numbers, Row, Series


class SeriesName(click.ParamType[str]):
    """The name of a series; all are named where another is given."""

    name = "series"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Take the name of a series."""
        from archive.stats import BY_NAME

        return click.Choice(list(BY_NAME)).convert(str(value), param, ctx)


@click.command(cls=Verb, examples=["vigil stats", "vigil stats changes", "vigil stats capture-lag --json"])
@click.argument("series", type=SeriesName(), required=False)
@site_option
@json_option
@with_settings
def stats(settings: "Settings", *, series: str | None, site: str | None, as_json: bool) -> None:
    """Show the archive in numbers.

    With SERIES, the rows that vigil plot would draw: posts-per-month, changes, services, countries, categories,
    languages, capture-lag or captures-per-month.
    """
    from archive.query import Archive
    from archive.stats import BY_NAME, numbers, rows

    with Archive.open(existing(settings)) as archive:
        if series is not None:
            found = rows(archive, BY_NAME[series], site)
            _show_rows(BY_NAME[series], found, as_json=as_json)
            if not found:
                talk("vigil: there is nothing to count yet")
            return
        for one in numbers(archive, site):
            show_json(one) if as_json else _show_numbers(one)


@click.command(
    cls=Verb,
    examples=["vigil plot posts-per-month -o posts.svg", "vigil plot changes -o changes.png --site rferl-watchdog"],
)
@click.argument("series", type=SeriesName())
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    metavar="FILE",
    help="Where to; .svg, .png or .html says the form.",
)
@site_option
@with_settings
def plot(settings: "Settings", *, series: str, output: Path, site: str | None) -> None:
    """Draw a chart as SVG, PNG, or a page that needs nothing else.

    SERIES is what vigil stats SERIES shows as numbers: posts-per-month, changes, services, countries, categories,
    languages, capture-lag or captures-per-month. The page holds the numbers and the question in SQL too. Needs the
    extra plot.
    """
    from archive.plots import FORMS, draw
    from archive.query import Archive
    from archive.stats import BY_NAME, rows

    form = output.suffix.removeprefix(".").lower()
    if form not in FORMS:
        raise UsageError(f"{output}: its ending says no form", hint="End its name with .svg, .png or .html.")
    with Archive.open(existing(settings)) as archive:
        found = rows(archive, BY_NAME[series], site)
    if not found:
        raise NotFoundError("there is nothing to draw", hint="vigil status says what is held; vigil stats counts it.")
    output.write_bytes(draw(BY_NAME[series], found, form))
    talk(f"vigil: {output}: {BY_NAME[series].title}, {counted(len(found), 'row')}")


def _show_rows(series: "Series", found: "list[Row]", *, as_json: bool) -> None:
    if as_json:
        for row in found:
            show_json(row)
        return
    most = max((int(str(row[series.value])) for row in found), default=1)
    names = [name for name in (series.label, series.group) if name]
    widths = {name: min(40, max((len(clean_line(str(row[name]))) for row in found), default=0)) for name in names}
    for row in found:
        words = "  ".join(clean_line(str(row[name]))[:40].ljust(widths[name]) for name in names)
        value = int(str(row[series.value]))
        show(f"{words}  {value:>9,}  {'▇' * round(value / most * 30)}".rstrip())


def _show_numbers(one: "Numbers") -> None:
    def span(first: object, last: object) -> str:
        return f"{str(first)[:10]} to {str(last)[:10]}" if first else "unknown"

    edited = f"{counted(one.edited_posts, 'post')} {'was' if one.edited_posts == 1 else 'were'}"
    published = span(one.first_published, one.last_published)
    show(f"{one.site}  {clean_line(one.title or '')}")
    lines = (
        ("posts", f"{one.posts:,}, by {counted(one.authors, 'author')}, published {published}"),
        ("versions", f"{one.versions:,}; {edited} edited"),
        ("edits", f"{one.edits:,}; {one.silent_edits:,} silent, {one.headline_edits:,} changed the headline"),
        ("gone", f"{one.gone:,} now; {one.returns:,} came back, {one.unlisted:,} served but no longer listed"),
        ("captures", f"{one.captures:,} in {counted(one.runs, 'run')} on {counted(one.days_captured, 'day')}"),
        ("seen", f"{span(one.first_captured, one.last_captured)}"),
    )
    for name, told in lines:
        show(f"  {name:<9} {told}")
