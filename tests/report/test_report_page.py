"""The page: parsed, not looked at. Structure, counts, escaping, and that nothing is fetched from anywhere."""

from __future__ import annotations

import dataclasses
import re
from functools import cache
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raid_record import built, raid, site

from tocsin.records.run import RunRecord
from tocsin.report import build, render_html

VOID = {"meta", "link", "br", "img", "hr", "input"}
SVG = "{http://www.w3.org/2000/svg}"


class Page(HTMLParser):
    """Counts elements by tag and class, checks nesting, keeps text by section and the rows of each table."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str, kind: str = "") -> list[dict[str, str | None]]:
        return [a for t, a in self.seen if t == tag and (not kind or kind in (a.get("class") or "").split())]


@cache
def html() -> str:
    return render_html(built())


@cache
def page() -> Page:
    return Page(html())


def figures(text: str) -> dict[str, ElementTree.Element]:
    roots = [ElementTree.fromstring(part) for part in re.findall(r"<svg [^>]*class=\"figure\".*?</svg>", text, re.S)]
    return {(root.find(f"{SVG}title").get("id") or "").removesuffix("-title"): root for root in roots}  # type: ignore[union-attr]


def classed(root: ElementTree.Element, tag: str, *kinds: str) -> list[ElementTree.Element]:
    return [e for e in root.iter(SVG + tag) if set(kinds) <= set((e.get("class") or "").split())]


def test_nothing_is_fetched_and_nothing_runs() -> None:
    assert page().all("script") == page().all("link") == page().all("img") == page().all("iframe") == []
    for _, attributes in page().seen:
        assert not {name for name in attributes if name.startswith("on")} | {"src", "srcset"} & attributes.keys()
        assert (attributes.get("href") or "#").startswith("#")
    assert "url(" not in html()
    assert "@import" not in html()
    policy = next(a for a in page().all("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert (policy.get("content") or "").startswith("default-src 'none'")


def test_claims_and_ids_are_strangers_words() -> None:
    assert "<script>" not in html()
    assert "&lt;script&gt;alert" in html()
    assert any("<script>alert('x')</script>" in text for text in page().texts)
    assert any('engine noise, "like a moped" & low' in text for text in page().texts)


@settings(max_examples=10, deadline=None)
@given(st.text(max_size=30).map(lambda text: "]]><b '\"&{{7*7}}{%" + text))
def test_no_text_breaks_the_page(text: str) -> None:
    clean = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "", text)
    record = raid()
    places = dataclasses.replace(
        record.site,
        name=clean,
        zones=tuple(dataclasses.replace(z, zone_id=clean, name=clean) for z in record.site.zones[:1]),
        assets=tuple(dataclasses.replace(a, asset_id=clean, name=clean) for a in record.site.assets),
    )
    dirty = dataclasses.replace(
        record,
        title=clean,
        site=places,
        sources=(clean,),
        reports=dataclasses.replace(record.reports, source=(clean,) * 3, claim=(clean,) * 3),
        sensors=dataclasses.replace(record.sensors, sensor_id=(clean,) * 3),
        lives=tuple(dataclasses.replace(life, cooperative_id=clean) for life in record.lives),
    )
    written = render_html(build(dirty))
    assert figures(written).keys() == figures(html()).keys()  # each is well-formed XML
    told = Page(written)
    assert "".join(told.texts).count("{{7*7}}") >= 40
    assert len(told.all("b")) == len(page().all("b"))


def test_each_section_has_its_heading_and_a_link_to_it() -> None:
    ids = {a.get("id") for _, a in page().seen}
    links = [a["href"] for a in page().all("a")]
    assert len(links) == 11
    assert {(link or "")[1:] for link in links} <= ids
    assert len(page().all("section")) == 13


def test_tables_have_headers_and_a_name() -> None:
    tables = page().all("table")
    assert len(tables) >= 12
    heads = [a for a in page().all("th") if a.get("scope") == "col"]
    assert len(heads) > 60
    assert all(a.get("scope") for a in page().all("th"))
    regions = [a for a in page().all("div") if a.get("role") == "region"]
    assert len(regions) >= len(tables)
    assert all(a.get("aria-label") for a in regions)


def test_a_row_for_each_warning_shot_and_happening() -> None:
    report = built()
    assert html().count('class="tag standing"') == sum(line.cleared is None for line in report.warnings)
    assert len(re.findall(r'<tr class="k-', html())) == len(report.timeline)
    for line in report.warnings:
        assert re.search(rf'<th scope="row">{line.zone_id}</th>\s*<td><time', html())
    assert html().count("effector-1 fired 75 rounds at track 2 (simulated)</td>") == 2
    assert html().count('class="late"') == sum(
        w.seconds_left is not None and w.seconds_left < 8 for w in report.warnings
    )


def test_times_are_local_with_utc_and_its_weekday() -> None:
    assert (
        '<time class="when" datetime="2021-06-05T21:15:28.4Z">00:15:28.4 <span class="utc">Sat 21:15:28.4Z</span>'
        in html()
    )
    assert (
        "Sun 2021-06-06 00:14:30.0 to 00:17:50.0 (UTC+03:00); Sat 2021-06-05 21:14:30.0 to 21:17:50.0 (UTC)" in html()
    )
    assert len(page().all("time")) == html().count('class="utc"')


def test_figures_say_what_they_show() -> None:
    shown = figures(html())
    assert set(shown) == {"site-map", "wide-map", "timeline-chart", "height-plot", "ellipse-plot", "count-plot"}
    for name, root in shown.items():
        assert root.get("role") == "img"
        assert root.get("aria-labelledby") == f"{name}-title {name}-desc"
        assert (root.findtext(f"{SVG}title") or "").strip()
        assert (root.findtext(f"{SVG}desc") or "").strip()
        width, height = (float(v) for v in (root.get("viewBox") or "").split()[2:])
        assert width > 600
        assert height > 100


def test_map_has_every_zone_and_marks_the_warned_ones() -> None:
    report, root = built(), figures(html())["site-map"]
    assert len(classed(root, "path", "zone")) == 64
    warned = {zone.zone_id for zone in report.site.zones if zone.warned}
    assert len(classed(root, "path", "zone", "warned")) == len(warned) == 7
    assert {e.text for e in classed(root, "text", "zone-text", "warned")} == warned
    assert len(classed(root, "circle", "hazard")) == 1
    assert len(classed(root, "path", "report", "impact")) == 1
    assert len(classed(root, "path", "report", "sighting")) == 2
    assert len(classed(root, "path", "sensor")) == 3
    assert len(classed(root, "path", "sensor", "silent")) == 2
    assert len(classed(root, "rect", "asset")) == 2
    assert len(classed(root, "path", "north")) == len(classed(root, "path", "scale")) == 1
    assert len(classed(root, "ellipse", "ellipse", "c-rocket")) == 4  # first and last of two rockets
    assert {(e.text or "").split()[0] for e in classed(root, "text", "track-text")} == {"1", "2", "3", "9"}


def test_map_is_to_scale_and_north_is_up() -> None:
    root = figures(html())["site-map"]
    bar = classed(root, "path", "scale")[0].get("d") or ""
    x0, x1 = (float(v) for v in re.findall(r"M([\d.]+) .*H([\d.]+)V", bar)[0])
    assert classed(root, "text", "scale-text")[0].text == "2 km"
    squares = [
        [tuple(map(float, p)) for p in re.findall(r"([\d.-]+) ([\d.-]+)", e.get("d") or "")]
        for e in classed(root, "path", "zone")
    ]
    side = np.mean([max(x for x, _ in s) - min(x for x, _ in s) for s in squares])
    assert side == pytest.approx((x1 - x0) / 2, rel=0.01)  # zones of 1 km
    centres = np.array([np.mean(s, axis=0) for s in squares])
    assert centres[0, 1] > centres[-1, 1]  # A1, the south-west, is below H8
    assert centres[0, 0] < centres[-1, 0]


def test_ellipse_lies_along_the_flight() -> None:
    report = built()
    first = next(track for track in report.tracks if track.track_id == 1).first_forecast
    assert first is not None
    heading = np.degrees(np.arctan2(1250.0 + 6500.0, 420.0 - 5200.0)) % 180
    assert first.bearing_deg == pytest.approx(heading, abs=0.01)
    drawn = classed(figures(html())["site-map"], "ellipse", "first", "c-rocket")[0]
    assert f"rotate({first.bearing_deg - 90:.1f})" in (drawn.get("transform") or "")
    assert float(drawn.get("rx") or 0) / float(drawn.get("ry") or 1) == pytest.approx(
        first.semi_major_m / first.semi_minor_m, rel=0.02
    )


def test_labels_do_not_lie_on_one_another() -> None:
    root = figures(html())["site-map"]
    boxes = []
    for e in classed(root, "text", "track-text") + classed(root, "text", "place-text"):
        x, y, width = float(e.get("x") or 0), float(e.get("y") or 0), 7.8 * len(e.text or "")
        boxes.append((x, y - 13, x + width, y))
    assert len(boxes) >= 8
    for k, a in enumerate(boxes):
        for b in boxes[:k]:
            assert not (a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3])


def test_timeline_has_a_lane_for_each_actor() -> None:
    root = figures(html())["timeline-chart"]
    names = [e.text for e in classed(root, "text", "lane-name")]
    assert names == [
        "1 rocket", "2 rocket", "3 mortar", "4 fixed-wing", "9 fixed-wing",
        "Zone E6", "Zone E5", "Zone E3", "Zone C7", "Zone F7", "Zone E7", "Zone C6",
        "Reports", "search-1", "staring-1", "camera-1",
    ]  # fmt: skip
    assert len(classed(root, "path", "shot")) == 2
    assert len(classed(root, "rect", "standing")) == 3
    assert len(classed(root, "rect", "silent-bar")) == 2
    assert [e.text for e in classed(root, "text", "axis-text")][:2] == ["00:14:30", "00:15:00"]


def empty(record: RunRecord) -> RunRecord:
    tracks, impacts, reaches, reports = record.tracks, record.impacts, record.reaches, record.reports
    none = slice(0, 0)
    return dataclasses.replace(
        record,
        title="",
        scenario="",
        exercise=False,
        epoch_utc="",
        seed=None,
        chain="",
        sources=(),
        tracks=type(tracks)(*(getattr(tracks, f)[none] for f in tracks.__slots__)),
        impacts=type(impacts)(*(getattr(impacts, f)[none] for f in impacts.__slots__)),
        reaches=type(reaches)(*(getattr(reaches, f)[none] for f in reaches.__slots__)),
        reports=type(reports)(*(getattr(reports, f)[none] for f in reports.__slots__)),
        **{f.name: () for f in dataclasses.fields(record) if f.default == ()},
    )


def test_a_run_in_which_nothing_happened_is_a_report_too() -> None:
    text = render_html(build(empty(raid())))
    quiet = Page(text)
    assert "No zone was warned." in text
    assert "Nothing notable happened." in text
    assert "EXERCISE" not in text
    assert "engagement" not in text.split("<main>")[1].split("What this is")[0].lower()
    assert quiet.all("time") == []
    assert set(figures(text)) == {"site-map", "timeline-chart"}


def test_a_site_without_zones_still_has_a_map() -> None:
    bare = dataclasses.replace(site(), zones=(), assets=())
    root = figures(render_html(build(dataclasses.replace(raid(), site=bare, reaches=empty(raid()).reaches))))[
        "site-map"
    ]
    assert classed(root, "path", "zone") == []
    assert len(classed(root, "path", "scale")) == 1
