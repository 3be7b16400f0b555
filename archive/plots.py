"""Charts of the series of ``archive.stats``, drawn by Vega-Lite: SVG, PNG, or a page that needs nothing else.

Needs the extra ``plot`` (or ``web``). Nothing is fetched: rows stand in the specification, fonts come with vl-convert.
What an archive holds reaches a chart as text alone.
"""

import re
from collections.abc import Sequence
from html import escape
from typing import Any

from archive.errors import ConfigError
from archive.stats import Row, Series

FORMS = ("svg", "png", "html")
_COLOURS = ("#1f7a8c", "#d98e04", "#a23b3b", "#6b5b95", "#4f7942", "#8a6d3b", "#3b5b92", "#b0578d")
_FONT = "system-ui, 'Noto Sans', 'DejaVu Sans', sans-serif"
_WIDTH, _HEIGHT, _STEP, _MOST_LETTERS = 640, 220, 24, 190
_STYLE = """
body{font:1rem/1.5 system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem;color:#1b2430;background:#fff}
svg{max-width:100%;height:auto}table{border-collapse:collapse;width:100%}caption{text-align:left;color:#5b6675}
td,th{padding:.25rem .8rem .25rem 0;border-bottom:1px solid #d9dee5;text-align:left;overflow-wrap:anywhere}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}pre{overflow:auto;font-size:.8rem;color:#5b6675}
"""


def draw(series: Series, rows: Sequence[Row], form: str, *, is_dark: bool = False) -> bytes:
    """Draw the rows of a series as ``svg``, ``png`` or ``html``; the same rows give the same bytes.

    Raises:
        ConfigError: altair or vl-convert is not installed.
    """
    try:
        import vl_convert  # noqa: PLC0415  the extra "plot", slow to import

        spec = _spec(series, rows, is_dark=is_dark)
    except ImportError as error:
        raise ConfigError(
            f"altair or vl-convert is missing ({error})", hint="pip install 'vigil-archive[plot]'"
        ) from None
    if form == "png":
        return bytes(vl_convert.vegalite_to_png(spec, scale=2))
    drawn = _renumbered(str(vl_convert.vegalite_to_svg(spec)))
    return (drawn if form == "svg" else _page(series, rows, drawn)).encode()


def _spec(series: Series, rows: Sequence[Row], *, is_dark: bool) -> dict[str, Any]:
    import altair as alt  # noqa: PLC0415  the extra "plot", slow to import

    ink, soft = ("#e8ecf1", "#3a4552") if is_dark else ("#1b2430", "#e3e6ea")
    is_upright = series.is_time or bool(series.order)
    count, along = (alt.Y, alt.X) if is_upright else (alt.X, alt.Y)
    amount = count(
        f"{series.value}:Q",
        title=series.value,
        stack="zero",
        axis=alt.Axis(tickCount=_ticks(series, rows), format=",d"),
    )
    kind = "T" if series.is_time else "N"
    encoding = [amount, along(f"{series.label}:{kind}", title=None, **_labels(alt, series, rows))]
    colour: Any = alt.value(_COLOURS[0])
    if series.group:
        scale = alt.Scale(range=list(_COLOURS), domain=list(series.groups) or alt.Undefined)
        legend = alt.Legend(orient="top", title=None) if len({row[series.group] for row in rows}) > 1 else None
        colour = alt.Color(f"{series.group}:N", scale=scale, legend=legend)
    bars = alt.Chart(alt.InlineData(values=[dict(row) for row in rows])).mark_bar(cornerRadius=1)
    chart = (
        bars.encode(*encoding, color=colour)
        .properties(
            width=_WIDTH,
            height=_HEIGHT if is_upright else alt.Step(_STEP),
            background="transparent" if is_dark else "white",
        )
        .configure(font=_FONT)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=ink, titleColor=ink, gridColor=soft, domainColor=soft, tickColor=soft, labelFontSize=12,
            titleFontSize=12, titleFontWeight="normal", labelLimit=_MOST_LETTERS,
        )
        .configure_legend(labelColor=ink, labelFontSize=12)
    )  # fmt: skip
    spec: dict[str, Any] = chart.to_dict()
    return spec


def _labels(alt: Any, series: Series, rows: Sequence[Row]) -> dict[str, Any]:  # noqa: ANN401  the module altair
    """How labels stand along a chart: months as time, a year at least; ranges in their order; names by their number."""
    if series.is_time:
        months = [_month(row[series.label]) for row in rows]
        ends = (min([*months, max(months, default=0) - 11]), max(months, default=0) + 1)
        domain = [{"year": end // 12, "month": end % 12 + 1, "utc": True} for end in ends]
        scale = alt.Scale(type="utc", domain=domain)
        return {"timeUnit": "utcyearmonth", "scale": scale, "axis": alt.Axis(grid=False, labelOverlap=True)}
    if series.order:
        scale = alt.Scale(domain=list(series.order))
        return {"sort": list(series.order), "scale": scale, "axis": alt.Axis(labelAngle=0)}
    return {"sort": [str(row[series.label]) for row in rows]}


def _ticks(series: Series, rows: Sequence[Row]) -> int:
    """Ticks of whole numbers only."""
    sums: dict[object, int] = {}
    for row in rows:
        sums[row[series.label]] = sums.get(row[series.label], 0) + int(str(row[series.value]))
    return max(1, min(6, max(sums.values(), default=1)))


def _month(label: object) -> int:
    year, month = str(label).split("-")
    return int(year) * 12 + int(month) - 1


def _renumbered(drawn: str) -> str:
    """Number clipping paths from 1; Vega counts on from picture to picture."""
    numbers: dict[str, str] = {}
    return re.sub(
        r'(url\(#|<clipPath id=")clip(\d+)',
        lambda found: f"{found[1]}clip{numbers.setdefault(found[2], str(len(numbers) + 1))}",
        drawn,
    )


def _page(series: Series, rows: Sequence[Row], drawn: str) -> str:
    """Write the page: the chart, its numbers, the question that gave them; no script, no request."""
    columns = [name for name in (series.label, series.group, series.value) if name]
    side = {series.value: ' class="n"'}
    head = "".join(f'<th scope="col"{side.get(name, "")}>{escape(name)}</th>' for name in columns)
    body = "".join(
        "<tr>" + "".join(f"<td{side.get(name, '')}>{escape(str(row[name]))}</td>" for name in columns) + "</tr>\n"
        for row in rows
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(series.title)}</title><style>{_STYLE}</style></head>\n<body>\n"
        f"<h1>{escape(series.title)}</h1>\n<p>{escape(series.meaning)}</p>\n"
        f'<figure role="img" aria-label="{escape(series.title)}; the numbers stand in the table">{drawn}</figure>\n'
        f"<table><caption>The numbers</caption><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>\n"
        f"<details><summary>The question in SQL</summary><pre>{escape(series.sql)}</pre></details>\n</body></html>\n"
    )
