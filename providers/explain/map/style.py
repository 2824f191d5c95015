"""Colours and style sheets, for light and dark and for paper."""

# Fill and line of each kind in light, then in dark. Words are INK on all of them: 4.5 to 1 and more.
_KINDS = {
    "outline": ("#ffffff", "#8c959f", "#0d1117", "#6e7681"),
    "free": ("#ffffff", "#8c959f", "#0d1117", "#6e7681"),
    "gwbridge": ("#d9f2e0", "#1a7f37", "#12351f", "#3fb950"),
    "overlay": ("#dbeafe", "#1f5fbf", "#132c52", "#5c9dff"),
    "ingress": ("#ebe1fb", "#7d4cc9", "#2f2150", "#b392f0"),
    "pool": ("#d5f1f3", "#0e7c86", "#0d363b", "#4fc4cf"),
    "allocation": ("#f2f8ff", "#1f5fbf", "#0f1b2d", "#5c9dff"),
    "reserved": ("#f3f0e4", "#857537", "#2b2715", "#b5a05a"),
    "host": ("#eceff3", "#57606a", "#22272e", "#8b949e"),
    "engine": ("#f6f8fa", "#8c959f", "#161b22", "#6e7681"),
    "foreign": ("#fff1dc", "#9a5b00", "#3a2708", "#e0a042"),
    "outgoing": ("#fff1dc", "#9a5b00", "#3a2708", "#e0a042"),
    "special": ("#eceff3", "#57606a", "#22272e", "#8b949e"),
    "service": ("#ffffff", "#57606a", "#161b22", "#8b949e"),
}
WORDS = {
    "gwbridge": "bridge",
    "overlay": "overlay",
    "ingress": "ingress",
    "pool": "address pool",
    "allocation": "pool for overlays",
    "reserved": "reserved",
    "host": "host",
    "engine": "taken by Engines",
    "foreign": "not declared",
    "outgoing": "until it is changed",
    "free": "free",
}
_DASHED = ("free", "engine", "foreign", "outgoing", "allocation")
_LIGHT = {"ink": "#1f2328", "muted": "#4b535d", "paper": "#ffffff", "alarm": "#a40e26", "line": "#d0d7de"}
_DARK = {"ink": "#f0f3f6", "muted": "#b7bfc8", "paper": "#0d1117", "alarm": "#ff8b82", "line": "#3d444d"}
_LIGHT |= {"link": "#0a58ca", "alarmed": "#ffe3e1"}
_DARK |= {"link": "#79b8ff", "alarmed": "#4a1518"}


def picture_style() -> str:
    """Return the style sheet of pictures. Without variables, which not everything that draws an SVG knows."""
    dashed = ", ".join(f".{kind}" for kind in _DASHED)
    return f"""
text {{ font: 11px system-ui, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; }}
.name {{ font-size: 13px; font-weight: 600; }}
.free-name {{ font-size: 12px; }}
.detail {{ font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }}
.box {{ stroke-width: 1.2; }}
{dashed} {{ stroke-dasharray: 4 3; }}
.alarmed {{ stroke-width: 3; stroke-dasharray: none; }}
.alarm {{ font-weight: 700; }}
{_colours(_LIGHT, 0)}
@media (prefers-color-scheme: dark) {{
{_colours(_DARK, 2)}
}}
@media print {{
{_colours(_LIGHT, 0)}
}}
"""


def flowchart_style() -> list[str]:
    """The classes of a flowchart. It is drawn light and dark by turns, so that words have a colour of their own."""
    ink = _LIGHT["ink"]
    kinds = [
        f"classDef {kind} fill:{fill},stroke:{line},color:{ink}{',stroke-dasharray:4 3' if kind in _DASHED else ''}"
        for kind, (fill, line, _, _) in _KINDS.items()
    ]
    alarm = f"classDef alarm fill:{_LIGHT['alarmed']},stroke:{_LIGHT['alarm']},color:{ink},stroke-width:3px"
    return [*kinds, alarm, f"classDef more fill:{_LIGHT['paper']},stroke:{_LIGHT['line']},color:{ink}"]


def page_style() -> str:
    """Return the style sheet of the page around the pictures."""
    return f"""
:root {{ color-scheme: light dark; {_variables(_LIGHT)} }}
@media (prefers-color-scheme: dark) {{ :root {{ {_variables(_DARK)} }} }}
{_PAGE}
@media print {{
:root {{ {_variables(_LIGHT)} }}
{_PRINT}
}}
"""


def _variables(colours: dict[str, str]) -> str:
    return " ".join(f"--{name}: {colour};" for name, colour in colours.items())


def _colours(colours: dict[str, str], first: int) -> str:
    kinds = (
        f".{kind} {{ fill: {shades[first]}; stroke: {shades[first + 1]}; }}\n"
        f".bar-{kind} {{ fill: {shades[first + 1]}; }}"
        for kind, shades in _KINDS.items()
    )
    return "\n".join(
        (
            *kinds,
            f"text {{ fill: {colours['ink']}; }}",
            f".caption {{ fill: {colours['muted']}; }}",
            f".alarm {{ fill: {colours['alarm']}; }}",
            f".alarmed {{ fill: {colours['alarmed']}; stroke: {colours['alarm']}; }}",
            f".hatch {{ stroke: {colours['alarm']}; stroke-opacity: 0.16; stroke-width: 5; }}",
            f".track {{ fill: {colours['line']}; }}",
            f".paper {{ fill: {colours['paper']}; }}",
        )
    )


_PAGE = """
body { margin: 0 auto; padding: 1.5rem; max-width: 1152px; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.3rem; margin: 2.5rem 0 .5rem; }
h3 { font-size: 1.05rem; margin: 1.5rem 0 .5rem; }
p { margin: .5rem 0; }
a { color: var(--link); }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; padding: 0; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
svg a:focus-visible { outline-offset: 0; }
figure { margin: .75rem 0; overflow-x: auto; }
figure svg { display: block; width: 100%; min-width: 760px; height: auto; }
figure svg + svg { margin-top: 6px; }
figure svg.continued { margin-top: 0; }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; }
caption { text-align: left; color: var(--muted); padding: .5rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); }
thead th { border-bottom-width: 2px; vertical-align: bottom; }
tbody .range { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-weight: 400; white-space: nowrap; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
tr:target { outline: 3px solid var(--link); outline-offset: -3px; scroll-margin-top: 1rem; }
.alarm-text { color: var(--alarm); font-weight: 700; }
ul.problems { padding-left: 0; list-style: none; }
ul.problems li { border-left: 4px solid var(--alarm); background: var(--alarmed); padding: .35rem .75rem;
  margin: .35rem 0; overflow-wrap: anywhere; }
ul.notes li { overflow-wrap: anywhere; }
"""
_PRINT = """
@page { size: A4 landscape; margin: 10mm; }
html { font-size: 12px; }
body { padding: 0; max-width: none; }
nav { display: none; }
figure, .table { overflow: visible; }
figure svg { break-inside: avoid; min-width: 0; }
h2, h3, caption { break-after: avoid; }
tr { break-inside: avoid; }
thead { display: table-header-group; }
ul.problems li, .box, rect { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
"""
