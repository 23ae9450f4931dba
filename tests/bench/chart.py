# SPDX-License-Identifier: EUPL-1.2
"""The chart of report.py: a bar for each contender, of events a second, with how long it took, what it cost of the processor and
how much memory it had behind it; readable on light and on dark."""
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT, ROW, TOP = 1060, 290, 475, 26, 92
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.title { font-size: 17px; font-weight: 600; }
.small { font-size: 11px; fill: #59636e; }
.grid { stroke: #d1d9e0; } .paper { fill: #ffffff; stroke: #d1d9e0; }
.null { fill: #9aa4af; } .postvak { fill: #0969da; } .peer { fill: #bc6a2c; }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc; } .small { fill: #9198a1; } .grid { stroke: #3d444d; } .paper { fill: #0d1117; stroke: #3d444d; }
.null { fill: #6e7781; } .postvak { fill: #4493f8; } .peer { fill: #db8a4c; }
}"""
COLUMNS = (  # head, right edge, value
    ("backlog", 304, lambda c: "{:,.0f}".format(c["backlog"]["median"]) if kind(c) == "postvak" else ""),
    ("p50 ms", 224, lambda c: number(c["p50"]["median"])), ("p99 ms", 152, lambda c: number(c["p99"]["median"])),
    ("CPU s", 80, lambda c: number(c["cpu_s_per_10000_events_sum"]["median"])),
    ("MiB", 16, lambda c: "{:,.0f}".format(c["memory_mib_sum"]["median"])),
)
NULLS = ("nginx", "threaded", "event")
WORDS = {"php": "PHP-FPM", "node": "Node, express", "drf": "Django REST framework", "webhook": "webhook, a command each",
         "sqlite": "SQLite", "postgresql": "PostgreSQL"}


def kind(c):
    return "null" if c["name"] in NULLS else "postvak" if c["label"].startswith("Postvak") else "peer"


def short(c):
    """A name that fits; of a peer, what it is and its store, as its name in run.sh has them."""
    if kind(c) == "peer":
        what, _, store = c["name"].partition("-")
        return ", ".join(WORDS.get(word, word) for word in (what, store) if word)
    return c["label"].replace("`", "").split(" (")[0].split(", answers")[0]


def number(x):
    return "{:,.0f}".format(x) if abs(x) >= 100 else "%.1f" % x if abs(x) >= 10 else "%.2f" % x


def step(most):
    """A round number that fits at most six times."""
    size = 10 ** max(0, len(str(int(most))) - 2)
    return next(size * times for times in (1, 2, 5, 10, 20) if most / (size * times) <= 6)


def tip(c, head):
    """By process, where that is what a column sums."""
    of = {"CPU s": c["cpu_s_per_10000_events"], "MiB": c["memory_mib"]}.get(head)
    return "<title>%s</title>" % escape(", ".join("%s %.2f" % x for x in sorted(of.items()))) if of else ""


def bar(c, y, scale):
    value = c["events_rate"]
    end = LEFT + value["median"] * scale
    text = "{:,.0f}".format(value["median"])
    if c["of_threaded"]:
        ratio = c["events_rate"]["median"] / c["threaded"]
        text += (" (%.2f)" if ratio >= 0.1 else " (%.3f)") % ratio
    yield '<text x="%d" y="%d" text-anchor="end">%s</text>' % (LEFT - 8, y + 13, escape(c["short"]))
    yield '<rect class="%s" x="%d" y="%d" width="%.1f" height="16" rx="2"><title>%s</title></rect>' % (
        kind(c), LEFT, y, max(1, value["median"] * scale), escape("%s: %.0f to %.0f" % (c["label"], value["min"], value["max"])))
    yield '<text x="%.1f" y="%d">%s</text>' % (end + 6, y + 13, text)
    for head, edge, value in COLUMNS:
        yield '<text x="%d" y="%d" text-anchor="end">%s%s</text>' % (WIDTH - edge, y + 13, value(c), tip(c, head))


def svg(out):
    rows = [dict(c, short=short(c)) for c in out["contenders"] if "of_threaded" in c]
    rows.sort(key=lambda c: (("null", "postvak", "peer").index(kind(c)), -c["events_rate"]["median"]))
    threaded = next((c["rate"]["median"] for c in rows if c["name"] == "threaded"), 1)
    most = max(c["events_rate"]["median"] for c in rows)
    scale, height = (WIDTH - LEFT - RIGHT) / most, TOP + ROW * len(rows) + 62
    lines = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img">' % (
                 WIDTH, height, WIDTH, height),
             "<title>%s</title><style>%s</style>" % (escape(out["title"]), STYLE),
             '<rect class="paper" x="0.5" y="0.5" width="%d" height="%d" rx="6"/>' % (WIDTH - 1, height - 1),
             '<text class="title" x="16" y="28">%s</text>' % escape(out["title"]),
             '<text class="small" x="16" y="47">events per second at %d kept-alive connections, median of %d rounds; in brackets, of '
             'the threaded program</text>' % (out["connections"], out["rounds"]),
             '<text class="small" x="16" y="62">to the right, events that handlers have not had yet; how long a request takes; '
             'processor seconds of the machine per 10,000 events; memory of all processes</text>']
    lines += ['<text class="small" x="%d" y="%d" text-anchor="end">%s</text>' % (WIDTH - edge, TOP - 9, head) for head, edge, _ in COLUMNS]
    bottom, unit = TOP + ROW * len(rows), step(most)
    for value in range(0, int(most) + 1, unit):
        x = LEFT + value * scale
        lines.append('<line class="grid" x1="%.1f" y1="%d" x2="%.1f" y2="%d"/>' % (x, TOP - 4, x, bottom))
        lines.append('<text class="small" x="%.1f" y="%d" text-anchor="middle">%s</text>' % (x, bottom + 14, "{:,}".format(value)))
    for i, c in enumerate(rows):
        lines += bar(dict(c, threaded=threaded), TOP + ROW * i, scale)
    legend = "Grey: keeps nothing. Blue: checked, identified and durable before the answer; duplicates are set aside behind it."
    if any(kind(c) == "peer" for c in rows):
        legend += " Brown: what people use instead."
    lines.append('<text class="small" x="16" y="%d">%s</text>' % (height - 28, legend))
    lines.append('<text class="small" x="16" y="%d">%s</text>' % (height - 10, escape(out["machine"])))
    return "\n".join(lines) + "\n</svg>\n"
