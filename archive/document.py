"""One page for people that stands alone: no script, no outside request, nothing archived that could act."""

from collections.abc import Iterable
from html import escape

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
:root{color-scheme:light dark;--ink:#1b2430;--soft:#5b6675;--line:#d9dee5;--paper:#fff;--card:#f5f7f9;
--good:#1b7a4b;--look:#9a6200;--bad:#a12622;--add:#e3f4e8;--cut:#fbe6e4}
@media(prefers-color-scheme:dark){:root{--ink:#e8ecf1;--soft:#9fabba;--line:#36404d;--paper:#12171d;--card:#1b222b;
--good:#5fce97;--look:#e5ae4d;--bad:#ff8f87;--add:#16382a;--cut:#43211f}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:60rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.6rem;margin:0}
h2{font-size:1.15rem;margin:2.2rem 0 .6rem}
h3{font-size:1rem;margin:1.2rem 0 .3rem}
p{margin:.4rem 0}
.soft,small{color:var(--soft)}
.good{color:var(--good)}
.look{color:var(--look)}
.bad{color:var(--bad)}
.verdict{border-left:5px solid;padding:.5rem 1rem;margin:1rem 0;background:var(--card)}
.verdict b{font-size:1.15rem}
.verdict span{color:var(--ink)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(6.4rem,1fr));gap:.6rem;margin:1rem 0}
.tile{background:var(--card);border-radius:.5rem;padding:.6rem .8rem}
.tile b{display:block;white-space:nowrap;font-size:1.3rem;line-height:1.2}
.wide{overflow-x:auto}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,17rem),1fr));gap:1rem}
figure{margin:0}
figcaption{font-size:.85rem;color:var(--soft)}
svg{width:100%;height:auto}
svg text{font-size:18px;fill:var(--soft)}
.key{display:inline-block;width:.7em;height:.7em;border-radius:2px;margin:0 .3em 0 .8em}
table{border-collapse:collapse;width:100%;font-size:.92rem}
td,th{text-align:left;vertical-align:top;padding:.35rem .6rem .35rem 0;border-bottom:1px solid var(--line);
overflow-wrap:anywhere}
th{font-weight:600;color:var(--soft);white-space:nowrap}
td.n{white-space:nowrap}
td:first-child{min-width:6rem}
li{overflow-wrap:anywhere}
.post{margin:.5rem 0;padding-bottom:.5rem;border-bottom:1px solid var(--line)}
.post small{overflow-wrap:anywhere;display:block}
ins,del{text-decoration:none;border-radius:.2rem;padding:0 .1rem;overflow-wrap:anywhere}
ins{background:var(--add)}
del{background:var(--cut);text-decoration:line-through}
.para{border-left:3px solid var(--line);padding-left:.7rem}
pre{background:var(--card);padding:.8rem;overflow:auto;font-size:.85rem;border-radius:.4rem;max-height:24rem}
details{margin:.5rem 0}
summary{cursor:pointer}
dl{display:grid;grid-template-columns:minmax(8rem,14rem) 1fr;gap:.2rem 1rem;margin:0}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
@media(max-width:34rem){dl{grid-template-columns:1fr}dd{margin-bottom:.5rem}}
@media print{pre{max-height:none}}
"""


def document(title: str, sections: Iterable[str]) -> str:
    """Put sections, escaped already, together to a page that asks for nothing and runs nothing."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>{plain(title)}</title><style>{_STYLE}</style></head>\n<body><main>\n"
        + "\n".join(filter(None, sections))
        + "\n</main></body></html>\n"
    )


def plain(value: object) -> str:
    """Escape what may come from anywhere; what could steer the reading direction is taken out."""
    text = "" if value is None else str(value)
    return escape("".join(char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in text))
