"""Draws docs/measurements.svg of what compare.py measured (compare.json beside this script).

    tests/harness/run tests/bench/chart.py --draw [RESULTS] >docs/measurements.svg

Without an argument it tests that the chart is that of the figures, and that it can be read.  The
same figures make the same bytes.
"""
import json
import math
import os
import re
import sys
import xml.etree.ElementTree as xml

from harness import *

HERE = os.path.dirname(os.path.abspath(__file__))
FIGURES = os.path.join(HERE, "compare.json")
CHART = os.path.join(os.path.dirname(os.path.dirname(HERE)), "docs", "measurements.svg")
SERVERS = ("floor", "coapd", "libcoap")
NAMES = {"floor": "bare echo", "coapd": "coapd", "libcoap": "libcoap 4.3.1"}
AIMS = {"GET, 16 x 16": 1.12, "GET, 1,000 x 1": 1.15, "POST of 20 bytes, 16 x 16": 1.25,
        "1 % writes, repeated": 1.12, "1 % writes, repeated, each by itself": 1.12,
        "writes, 1 % repeated": 1.25, "writes, 1 % repeated, each by itself": 1.25,
        "GET, 100,000 known, 4,000 a second": 1.2, "GET, 100,000 known, 100,000 a second": 1.2}
WIDTH, LEFT, RIGHT, LINE, TOP = 900, 270, 60, 17, 64
RATIOS, TIMES = (1, 2, 5, 10, 20), (10, 100, 1000, 10000, 100000, 1000000)
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.ground { fill: #ffffff }
.title { font-size: 14px; font-weight: 600 }
.axis, .number { font-size: 11px; fill: #59636e }
.grid { stroke: #d1d9e0; stroke-width: 1 }
.aim { stroke: #1a7f37; stroke-width: 2 }
.floor { fill: #818b98; stroke: #818b98 }
.coapd { fill: #0969da; stroke: #0969da }
.libcoap { fill: #bc4c00; stroke: #bc4c00 }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc }
.ground { fill: #0d1117 }
.axis, .number { fill: #9198a1 }
.grid { stroke: #3d444d }
.aim { stroke: #3fb950 }
.floor { fill: #9198a1; stroke: #9198a1 }
.coapd { fill: #4493f8; stroke: #4493f8 }
.libcoap { fill: #f0883e; stroke: #f0883e }
}
"""


class Scale:
    """Logarithmic, from the first tick to the last."""

    def __init__(self, ticks):
        self.ticks = ticks

    def x(self, value):
        first, last = self.ticks[0], self.ticks[-1]
        part = math.log(min(max(value, first), last) / first) / math.log(last / first)
        return round(LEFT + part * (WIDTH - LEFT - RIGHT), 1)


def escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;")


class Drawing:
    def __init__(self):
        self.parts, self.height = [], 0

    def text(self, x, y, text, kind="", anchor="start"):
        self.parts.append(f'<text x="{x}" y="{y}" class="{kind}" text-anchor="{anchor}">'
                          f'{escaped(text)}</text>')

    def line(self, x1, y1, x2, y2, kind, width=None):
        more = f' stroke-width="{width}"' if width else ""
        self.parts.append(f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" class="{kind}"{more}/>')

    def dot(self, x, y, kind, radius):
        self.parts.append(f'<circle cx="{x}" cy="{y}" r="{radius}" class="{kind}"/>')

    def axis(self, scale, top, bottom, unit, label):
        """Lines for the ticks, and what they are."""
        for tick in scale.ticks:
            self.line(scale.x(tick), top, scale.x(tick), bottom, "grid")
            self.text(scale.x(tick), bottom + 15, unit(tick), "axis", "middle")
        self.text((LEFT + WIDTH - RIGHT) / 2, bottom + 32, label, "axis", "middle")

    def whole(self, title):
        return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{self.height}" '
                f'viewBox="0 0 {WIDTH} {self.height}" role="img">\n<title>{escaped(title)}</title>\n'
                f'<style>{STYLE}</style>\n'
                f'<rect class="ground" width="{WIDTH}" height="{self.height}"/>\n' +
                "\n".join(self.parts) + "\n</svg>\n")


def by_load(rows):
    """[(load, {server: row})], in their order."""
    loads = {}
    for row in rows:
        loads.setdefault(row["load"], {})[row["server"]] = row
    return list(loads.items())


def legend(d, y, servers):
    x = LEFT
    for s in servers:
        d.dot(x, y - 4, s, 5)
        d.text(x + 10, y, NAMES[s])
        x += 130
    return x


def panel(d, top, loads, servers, scale, draw):
    """A line for each server of each load; returns the bottom."""
    height = sum(LINE * sum(s in got for s in servers) + 10 for _, got in loads)
    d.axis(scale, top, top + height, draw.unit, draw.label)
    y = top + 5
    for load, got in loads:
        there = [s for s in servers if s in got]
        d.text(LEFT - 14, y + LINE * len(there) / 2 + 4, load, "", "end")
        draw.load(d, load, y, y + LINE * len(there))
        for s in there:
            draw.row(d, got[s], s, y + LINE / 2)
            y += LINE
        y += 10
    return top + height


class Ratio:
    """CPU time to the echo's."""
    label = "times the CPU time of the bare echo (logarithmic)"
    scale = Scale(RATIOS)

    @staticmethod
    def unit(tick):
        return str(tick)

    def load(self, d, load, top, bottom):
        if load in AIMS:
            d.line(self.scale.x(AIMS[load]), top, self.scale.x(AIMS[load]), bottom, "aim")

    def row(self, d, row, server, y):
        x = self.scale.x(row["ratio"])
        d.line(LEFT, y, x, y, server, 2)
        d.dot(x, y, server, 4)
        beside = max(x, self.scale.x(AIMS.get(row["load"], 1)))
        d.text(beside + 9, y + 4, f"{row['ratio']:.2f}", "number")


class Times:
    """p50 to p99.9."""
    label = "latency: p50, p99 and p99.9 (logarithmic)"
    scale = Scale(TIMES)

    @staticmethod
    def unit(tick):
        return f"{tick} us" if tick < 1000 else f"{tick // 1000} ms" if tick < 1000000 else "1 s"

    def load(self, d, load, top, bottom):
        pass

    def row(self, d, row, server, y):
        at = [self.scale.x(row[k]) for k in ("p50", "p99", "p999")]
        d.line(at[0], y, at[2], y, server, 2)
        for x, radius in zip(at, (4.5, 3.5, 2.5)):
            d.dot(x, y, server, radius)


def draw(results):
    loads, d = by_load(results["rows"]), Drawing()
    d.text(16, 24, "CPU time of the server for a request", "title")
    x = legend(d, 48, SERVERS[1:])
    d.line(x, 36, x, 52, "aim")
    d.text(x + 10, 48, "the most it should be")
    bottom = panel(d, TOP, loads, SERVERS[1:], Ratio.scale, Ratio())
    d.text(16, bottom + 70, "Time from request to answer", "title")
    legend(d, bottom + 94, SERVERS)
    bottom = panel(d, bottom + 110, loads, SERVERS, Times.scale, Times())
    d.height = bottom + 48
    return d.whole("coapd beside a bare echo and libcoap")


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


# --- tests --------------------------------------------------------------------------------------


@test
def the_chart_is_that_of_the_figures():
    check(read(CHART) == draw(json.loads(read(FIGURES))), "it is not: see the head of chart.py")


@test
def it_has_all_loads_and_both_axes():
    rows = json.loads(read(FIGURES))["rows"]
    texts = [e.text for e in xml.fromstring(read(CHART)).iter() if e.tag.endswith("text")]
    for load in {row["load"] for row in rows}:
        equal(texts.count(load), 2, f"lines named {load!r}")
    for label in (Ratio.label, Times.label):
        equal(texts.count(label), 1, label)
    for row in rows:
        check(row["server"] == "floor" or f"{row['ratio']:.2f}" in texts, f"no number of {row}")


@test
def nothing_is_outside_of_it():
    top = xml.fromstring(read(CHART))
    size = {"x": float(top.get("width")), "y": float(top.get("height"))}
    for e in top.iter():
        for name, value in e.items():
            if m := re.fullmatch(r"c?([xy])[12]?", name):
                check(0 <= float(value) <= size[m[1]], f"{e.tag} is at {name} {value}")


@test
def light_and_dark_have_the_same_classes():
    light, dark = (set(re.findall(r"^\.?[a-z][a-z., ]* {", part, re.M))
                   for part in STYLE.split("@media"))
    equal(sorted(light - dark), [".title {"], "what has no other colour in the dark")


@test
def a_scale_is_logarithmic():
    s = Scale((1, 10, 100))
    equal((s.x(1), s.x(100)), (LEFT, WIDTH - RIGHT), "its ends")
    equal(s.x(10), round((LEFT + WIDTH - RIGHT) / 2, 1), "its middle")
    equal((s.x(0.1), s.x(1e9)), (LEFT, WIDTH - RIGHT), "what is beyond")


if sys.argv[1:2] == ["--draw"]:
    sys.stdout.write(draw(json.loads(read(*sys.argv[2:] or [FIGURES]))))
else:
    run()
