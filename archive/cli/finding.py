"""``vigil search``, ``list``, ``captures`` and ``status``: what the archive holds."""

import functools
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.frame import OFFSET, SiteName, Verb, existing, json_option, with_settings
from archive.cli.output import clean_line, counted, fields_of, show, show_json, show_marked, spell, talk
from archive.cli.times import Time

if TYPE_CHECKING:
    from archive.config import Settings
    from archive.evidence.owed import Owed
    from archive.query import Archive
    from archive.query.answers import Filters, Gap, PostSummary, RunSummary, SiteStatus, StoredCapture, StoredOmission
    from archive.query.looks import Agenda

_STATES = ("live", "gone", "refused")
site_option = click.option("--site", type=SiteName(), metavar="SITE", help="Only this blog, by its site file's name.")


def with_filters(function: Callable[..., object]) -> Callable[..., object]:
    """Give a command the options that choose posts, and the ``filters`` that follow from them."""

    @site_option
    @click.option("--since", type=Time(is_end=False), metavar="TIME", help="Published at this time or later.")
    @click.option("--until", type=Time(is_end=True), metavar="TIME", help="Published at this time or earlier.")
    @click.option("--author", metavar="NAME", help="Part of an author's name.")
    @click.option("--category", metavar="NAME", help="Part of the site's category.")
    @click.option("--service", metavar="NAME", help="Part of the service that the credit line names.")
    @click.option("--language", metavar="CODE", help="Language, like en; finds en-US too.")
    @click.option("--state", type=click.Choice(_STATES), help="What the site said of the post last.")
    @click.option("--gone", is_flag=True, help="Only posts that the site has removed; the same as --state gone.")
    @click.option("--edited", is_flag=True, help="Only posts whose text was edited after its first capture.")
    @functools.wraps(function)
    def called(*, until: datetime | None, state: str | None, gone: bool, edited: bool, **rest: object) -> object:
        from archive.errors import UsageError
        from archive.model import PostState
        from archive.query.answers import Filters

        if gone and state not in {None, "gone"}:
            raise UsageError(f"--gone and --state {state} exclude each other", hint="Give one of them.")
        state = "gone" if gone else state
        if until is not None and rest["since"] is not None and until < rest["since"]:  # type: ignore[operator]
            raise UsageError("--until is before --since: no post can fit", hint="Exchange them.")

        names = ("site", "since", "author", "category", "service", "language")
        chosen = {name: rest.pop(name) for name in names}
        # The filter leaves its end out, a person means it included.
        end = until + timedelta(microseconds=1) if until else None
        filters = Filters(**chosen, until=end, state=PostState(state) if state else None, is_edited=edited or None)  # type: ignore[arg-type]
        return function(filters=filters, **rest)

    return called


def paged(function: Callable[..., object]) -> Callable[..., object]:
    """Give a command ``--limit`` and ``--offset``."""
    counted = click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="How many.")
    skipped = click.option("--offset", type=OFFSET, default=0, help="How many to skip.")
    return counted(skipped(function))


@click.command(
    cls=Verb,
    examples=[
        "vigil search press freedom",
        "vigil search '\"prison sentence\" journalis* NOT sport' --since 2021 --order relevance",
        "vigil search 'title:court' --author ivanova --json",
        "vigil search 'NEAR(minister resign*, 8)' --all-versions --edited",
    ],
)
@click.argument("words", nargs=-1, required=True, metavar="QUERY")
@click.option(
    "--order",
    type=click.Choice(["newest", "relevance", "recent"]),
    default="newest",
    show_default=True,
    help="Which come first; recent: by relevance, a year's age halves it.",
)
@click.option("--all-versions", is_flag=True, help="Also search texts that an edit replaced.")
@with_filters
@paged
@json_option
@with_settings
def search(
    settings: "Settings",
    *,
    words: tuple[str, ...],
    filters: "Filters",
    order: str,
    limit: int,
    offset: int,
    all_versions: bool,
    as_json: bool,
) -> None:
    """Find posts by the words of their texts.

    Words stand together; OR, NOT and parentheses combine them, and a minus before a word leaves it out (within quotes
    of the shell: 'prison -hunger'). "A phrase" in quotation marks, begin*, title:word, text:word, and NEAR(one two, 5):
    at most 5 words apart. Case and accents do not matter. A word is found in its other spellings (Lodz, Łódź; behind an
    Arabic article); in quotation marks and NEAR as it is written, and other spellings that texts have are named. With
    --all-versions, what an edit removed is found too; such a hit says which version it is. Of words in very many texts
    the newest are ranked, and it says so.
    """
    from archive.query import Archive
    from archive.query.answers import Order
    from archive.query.written import told_of_phrases

    query = " ".join(words)
    with Archive.open(existing(settings)) as archive:
        found = archive.search(
            query, filters, order=Order(order), limit=limit, offset=offset, all_versions=all_versions
        )
        missed = told_of_phrases(archive.db, query, is_empty=not found.hits)
    for hit in found.hits:
        if as_json:
            show_json({**fields_of(hit), "ranked_among": found.ranked_among})
            continue
        replaced = "" if hit.is_current else f"(version {hit.version} of {hit.post.versions}, replaced) "
        show_marked(_head(hit.post) + replaced, hit.title.text, hit.title.spans)
        if hit.snippet.text:  # a video has a headline alone
            show_marked("    ", hit.snippet.text, hit.snippet.spans)
        show(f"    {hit.post.url}")
    if not found.hits:
        more = "" if all_versions else "; --all-versions also searches texts that an edit replaced"
        talk(f"vigil: nothing {'more ' if offset else ''}was found{more}")
    if missed is not None and not offset:
        talk(f"vigil: {missed}")
    if found.ranked_among is not None:
        talk(f"vigil: many texts have these words: the newest {found.ranked_among:,} of them were ranked")
    _say_more(len(found.hits), offset, has_more=found.has_more)


@click.command(
    "list",
    cls=Verb,
    examples=["vigil list", "vigil list --since 2026-08 --state gone", "vigil list --gaps --json"],
)
@click.option("--gaps", is_flag=True, help="List the posts instead whose own page the archive does not hold, and why.")
@with_filters
@paged
@json_option
@with_settings
def list_posts(settings: "Settings", *, filters: "Filters", gaps: bool, limit: int, offset: int, as_json: bool) -> None:
    """List the posts that the archive holds, newest first."""
    from archive.errors import UsageError
    from archive.query import Archive
    from archive.query.answers import Filters

    if gaps and filters != Filters(site=filters.site):
        raise UsageError("--gaps lists what is not held, so only --site can narrow it", hint="Leave the others out.")
    with Archive.open(existing(settings)) as archive:
        if gaps:
            missing = archive.gaps(site=filters.site)[offset : offset + limit + 1]
            for gap in missing[:limit]:
                _show_gap(gap, as_json=as_json)
            if not missing:
                talk("vigil: no post that the blog showed is missing")
            _say_more(limit, offset, has_more=len(missing) > limit)
            return
        posts = archive.posts(filters, limit=limit + 1, offset=offset)
    for post in posts[:limit]:
        if as_json:
            show_json(post)
        else:
            gone = "" if post.state is None or post.state.value == "live" else f"  [{post.state.value}]"
            versions = f"  ({post.versions} versions)" if post.versions > 1 else ""
            show(f"{_head(post)}{clean_line(post.title or '')}{gone}{versions}")
    if not posts:
        talk(f"vigil: no {'more ' if offset else ''}post fits")
    _say_more(limit, offset, has_more=len(posts) > limit)


@click.command(cls=Verb, examples=["vigil captures 31994604", "vigil captures https://www.rferl.org/robots.txt --json"])
@click.argument("what", metavar="URL|POST")
@site_option
@json_option
@with_settings
def captures(settings: "Settings", *, what: str, site: str | None, as_json: bool) -> None:
    """List the captures of a URL or a post, newest first.

    The number in front is what vigil get --record takes.
    """
    from archive.query import Archive

    with Archive.open(existing(settings)) as archive:
        found = archive.captures(what, site=site)
    for stored in found:
        show_json(stored) if as_json else show_capture(stored)


@click.command(cls=Verb, examples=["vigil status", "vigil status --gaps", "vigil status 01K3ZV6E --json"])
@click.argument("run", required=False)
@click.option(
    "--gaps", is_flag=True, help="Name each post that a source of its blog showed and that is not held, and why."
)
@click.option(
    "--prometheus",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also write the numbers for the node exporter's textfile collector.",
)
@json_option
@with_settings
def status(settings: "Settings", *, run: str | None, gaps: bool, prometheus: Path | None, as_json: bool) -> int:
    """Say what the archive holds and what needs a look.

    It also tells how the last run ended. When something needs a look the exit code is 34.

    With RUN, a run's lasting name: what that run brought, and what it left out and why.
    """
    from datetime import UTC

    from archive.errors import ExitCode
    from archive.evidence.owed import owed
    from archive.fires import told as told_fires
    from archive.fires import unkept
    from archive.metrics import textfile, write_textfile
    from archive.query import Archive
    from archive.watch import causes, due_next

    collection = existing(settings)
    with Archive.open(collection) as archive:
        if run is not None or gaps:
            return _show_part(archive, run, as_json=as_json)
        told = archive.status()
        now = datetime.now(UTC)
        agendas = {site.site: archive.agenda(site.site, now) for site in told.sites}
    found = causes(settings, now)
    if prometheus is not None:
        write_textfile(prometheus, textfile(settings, told, found, now))
    missed = unkept(collection, now - timedelta(days=7))
    code = ExitCode.OVERDUE if found else ExitCode.OK
    due = {name: moment for name, moment in due_next(settings, now).items() if name in agendas}
    if as_json:
        more = {"causes": found, "fires": missed, "rechecks": agendas, "due": due}
        show_json({**fields_of(told), "seals": owed(collection), **more})
        return code
    for site in told.sites:
        _show_site(site, agendas[site.site], due.get(site.site))
    for sentence in told_fires(missed):
        show(clean_line(sentence))
    show(f"{counted(told.warc_files, 'WARC file')}, {told.warc_bytes:,} bytes; index {told.index_bytes:,} bytes")
    _show_seals(owed(collection), settings.alarm_hours)
    for cause in found:
        show(f"LOOK  {cause.kind}: {clean_line(cause.told)}")
    return code


def _show_seals(still: "Owed", alarm_hours: int) -> None:
    from archive.cli.sealing import show_owed

    unsealed, pending = counted(len(still.unsealed), "run"), counted(len(still.pending), "time stamp")
    show(f"{counted(still.seals, 'seal')}; {unsealed} not sealed, {pending} pending")
    show_owed(still, alarm_hours)


def _show_part(archive: "Archive", run: str | None, *, as_json: bool) -> int:
    """Tell of one run, or else of the gaps."""
    if run is not None:
        _show_whole_run(archive.run(run), archive.omissions(run=run), as_json=as_json)
        return 0
    for gap in archive.gaps():
        _show_gap(gap, as_json=as_json)
    if not as_json:
        names = sum(site.candidates - site.candidates_opened for site in archive.status().sites)
        talk(f"vigil: {names:,} candidates, articles of the whole site that were not opened, are no gaps")
    return 0


def show_capture(stored: "StoredCapture") -> None:
    """Write one line about a capture: number, time, answer, shape, size, place."""
    capture = stored.capture
    answer = str(capture.status) if capture.failure is None else capture.failure.kind.value
    outcome = "" if stored.outcome is None or stored.outcome.value == "ok" else f" {stored.outcome.value}"
    place = f"{capture.record.file}:{capture.record.offset}"
    show(
        f"{stored.id:>7}  {spell(capture.time)}  {answer:>3} {capture.kind.value}{outcome}  "
        f"{capture.payload_bytes:,} bytes  {place}  {capture.url}{'  [imported]' if capture.is_imported else ''}"
    )


def _head(post: "PostSummary") -> str:
    day = post.published.date().isoformat() if post.published else "undated   "
    return f"{clean_line(post.identity):<10}  {day}  "


def _show_gap(gap: "Gap", *, as_json: bool) -> None:
    if as_json:
        show_json(gap)
        return
    kept = "; the listing's text is kept" if gap.has_listing_text else ""
    show(f"{gap.identity:<10}  {clean_line(gap.title or gap.url)}")
    show(f"    {clean_line(gap.reason)}{kept}; last seen {spell(gap.last_seen)}  {gap.url}")


def _say_more(shown: int, offset: int, *, has_more: bool) -> None:
    if has_more:
        talk(f"vigil: there are more: --offset {offset + shown}")


def _show_site(site: "SiteStatus", agenda: "Agenda | None", due: datetime | None) -> None:
    show(f"{site.site}  {clean_line(site.title or '')}")
    once = site.gone - site.gone_confirmed
    posts, versions = counted(site.posts, "post"), counted(site.versions, "version")
    show(f"  {posts} ({site.gone:,} gone), {versions}, {counted(site.captures, 'capture')}")
    if site.imported:
        show(f"  {site.imported:,} of the captures are imported: others made them")
    if once:
        show(f"  {once:,} of those gone were seen so once only: a second look, on another night, confirms it")
    if site.first_published and site.last_published:
        show(f"  published {site.first_published.date()} to {site.last_published.date()}")
    walked = "was walked to its end" if site.is_walk_complete else "has not been walked to its end yet"
    show(f"  {counted(site.gaps, 'post')} shown but not held (vigil status --gaps); the listing {walked}")
    if site.candidates:
        show(f"  {site.candidates:,} more articles of the whole site are known, whose blog is not")
    if agenda is not None and agenda.watched:
        nights = -(-agenda.due // agenda.budget) if agenda.budget else 0
        soon = f"the next one after {spell(agenda.next_due)}" if agenda.next_due else "no other is waiting"
        over = f", {nights:,} nights' worth" if nights > 1 else ""
        due_now = f"{counted(agenda.due, 'post')} {'is' if agenda.due == 1 else 'are'} due"
        show(f"  looked at again: {due_now}{over} (at most {agenda.budget:,} a night), {soon}")
    if site.last_run:
        show_run(site.last_run)
    if due:
        show(f"  due next at {spell(due.replace(microsecond=0))}, where vigil schedule runs")


def show_run(run: "RunSummary") -> None:
    """Write some lines about a run."""
    from archive.errors import ExitCode

    codes = {int(code): code.name.lower().replace("_", " ") for code in ExitCode}
    ended = f"{run.stop_reason} (exit {run.exit_code}, {codes.get(run.exit_code or 0, 'unknown')})"
    routes = {"site": "", "import": "  [an import: captures that others made]"}
    route = routes.get(run.route.value, "  [a test run: not captures of the real site]")
    show(f"  run {run.uid}, {spell(run.started)}: {ended if run.ended else 'no end is recorded'}{route}")
    counts = run.counts
    show(
        f"    {counted(counts.requests, 'request')}, {counts.failed:,} failed; {counted(counts.new, 'new post')}, "
        f"{counts.changed:,} changed, {counts.unchanged:,} unchanged, {counts.gone:,} gone, {counts.rejected:,} unclear"
    )
    show(f"    {counts.payload_bytes:,} bytes came, {counts.kept_bytes:,} were new")
    if counts.omitted:
        show("    left out: " + ", ".join(f"{kind.value} {number:,}" for kind, number in counts.omitted))
    for reason in run.robots_exceptions:
        show(f"    robots.txt was set aside: {clean_line(reason)}")


def _show_whole_run(run: "RunSummary", omissions: "tuple[StoredOmission, ...]", *, as_json: bool) -> None:
    if as_json:
        show_json({"run": run, "omissions": omissions})
        return
    show(run.site)
    show_run(run)
    for sentence in run.recovered:
        show(f"    {clean_line(sentence)}")
    for omission in omissions:
        show(f"  {omission.kind.value:<15} {clean_line(omission.url)}  {clean_line(omission.reason)}")
