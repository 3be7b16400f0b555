"""Small charts as SVG text: bars and a line, read without script, colour-blind-safe, with a title for each mark."""

from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT, _TOP, _FOOT, _LEFT = 420, 180, 16, 28, 88
_WIDEST = 48
COLOURS = ("#1f6f8b", "#d98e04", "#a23b3b")
"""New, edited, gone; the same in the page's legends."""


def bars(labels: Sequence[str], series: Sequence[tuple[str, Sequence[float]]], *, title: str) -> str:
    """Draw stacked bars: one column a label, one colour a series (at most three)."""
    sums = [sum(values[i] for _, values in series) for i in range(len(labels))]
    top = max([*sums, 1])
    step = (WIDTH - _LEFT) / max(len(labels), 1)
    wide = min(step * 0.8, _WIDEST)
    marks = []
    for i, label in enumerate(labels):
        base = float(HEIGHT - _FOOT)
        for (name, values), colour in zip(series, COLOURS, strict=False):
            tall = values[i] / top * (HEIGHT - _TOP - _FOOT)
            if values[i]:
                base -= tall
                said = f"<title>{escape(f'{label}: {values[i]:,.0f} {name}')}</title>"
                marks.append(
                    f'<rect x="{_LEFT + (i + 0.5) * step - wide / 2:.1f}" y="{base:.1f}" width="{wide:.1f}" '
                    f'height="{tall:.1f}" fill="{colour}">{said}</rect>'
                )
    return _frame(labels, marks, top, title)


def line(labels: Sequence[str], values: Sequence[float], *, title: str) -> str:
    """Draw a line from left to right, filled below."""
    top = max([*values, 1])
    step = (WIDTH - _LEFT) / max(len(labels), 1)
    points = [
        (_LEFT + (i + 0.5) * step, HEIGHT - _FOOT - value / top * (HEIGHT - _TOP - _FOOT))
        for i, value in enumerate(values)
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    marks = []
    if points:
        ends = f"{points[-1][0]:.1f},{HEIGHT - _FOOT} {points[0][0]:.1f},{HEIGHT - _FOOT}"
        marks.append(f'<polygon points="{path} {ends}" fill="{COLOURS[0]}" opacity=".18"/>')
        marks.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS[0]}" stroke-width="2"/>')
    for (x, y), label, value in zip(points, labels, values, strict=True):
        said = f"<title>{escape(label)}: {size(value)}</title>"
        marks.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{COLOURS[0]}">{said}</circle>')
    return _frame(labels, marks, top, title, is_bytes=True)


def size(value: float) -> str:
    """Spell a number of bytes for people: 12.3 MB."""
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            return f"{value:,.0f} {unit}" if unit == "bytes" else f"{value:,.1f} {unit}"
        value /= 1000
    return ""


def _frame(labels: Sequence[str], marks: list[str], top: float, title: str, *, is_bytes: bool = False) -> str:
    floor = HEIGHT - _FOOT
    highest = size(top) if is_bytes else f"{top:,.0f}"
    text = f'<text x="{_LEFT - 6}" y="{_TOP + 6}" text-anchor="end">{highest}</text>'
    text += f'<text x="{_LEFT - 6}" y="{floor}" text-anchor="end">0</text>'
    if labels:
        text += f'<text x="{_LEFT}" y="{HEIGHT - 6}">{escape(labels[0])}</text>'
    if len(labels) > 1:
        text += f'<text x="{WIDTH}" y="{HEIGHT - 6}" text-anchor="end">{escape(labels[-1])}</text>'
    lines = f'<path d="M{_LEFT} {_TOP}H{WIDTH}M{_LEFT} {floor}H{WIDTH}" stroke="#8886" fill="none"/>'
    drawn = "".join((lines, *marks, text))
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">{drawn}</svg>'
