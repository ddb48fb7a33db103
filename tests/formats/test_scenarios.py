"""Scenario files: what is right loads, what is wrong is refused with file, line, place and the nearest spelling."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec
import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin import frames
from tocsin.errors import BadScenario
from tocsin.formats import scenarios
from tocsin.records.scenario import Scenario

GOOD = """\
name: small
title: A small one
source: [a public page]
start: 2026-01-01T00:00:00+01:00
duration_s: 1e2
site: {name: here, lat_deg: 50, lon_deg: 8, alt_m: 100, zones: [{id: z, polygon_m: [[0, 0], [9, 0], [0, 9]]}]}
sensors:
  - id: radar
    kind: radar_3d
    outages_s: [[1, 2]]
  - {id: second, kind: radar_2d}
flyers:
  - id: drone
    kind: multirotor
    waypoints:
      - {east_m: 1, north_m: 2, height_m: 3, speed_mps: 4}
engagement:
  effectors: [{id: gun}]
  sectors:
    - {effector_id: gun, azimuth_from_deg: 0, azimuth_to_deg: 90}
variants:
  effector: {present: {}, none: {effectors: []}}
"""


def refused(text: str) -> BadScenario:
    with pytest.raises(BadScenario) as caught:
        scenarios.parse(text, file="raid.yaml")
    assert caught.value.file == "raid.yaml"
    return caught.value


def test_the_good_one_is_read_as_written() -> None:
    scenario = scenarios.parse(GOOD)
    assert scenario.duration_s == 100.0  # 1e2 is a number in YAML 1.2, text in 1.1
    assert scenario.start == "2026-01-01T00:00:00+01:00"  # and an instant stays text
    assert scenario.flyers[0].waypoints[0].speed_mps == 4.0


@pytest.mark.parametrize(
    ("old", "new", "place", "line", "says"),
    [
        ("duration_s", "duration", "duration", 5, "did you mean 'duration_s'?"),
        ("    kind: multirotor", "    kinds: multirotor", "flyers[0].kinds", 14, "did you mean 'kind'?"),
        ("speed_mps: 4", "sped_mps: 4", "flyers[0].waypoints[0].sped_mps", 16, "did you mean 'speed_mps'?"),
        ("speed_mps: 4", "speed_mps: -4", "flyers[0].waypoints[0].speed_mps", 16, "a number > 0.0"),
        ("speed_mps: 4", "speed_mps: fast", "flyers[0].waypoints[0].speed_mps", 16, "a number, got text"),
        ("speed_mps: 4", "speed_mps: .nan", "flyers[0].waypoints[0].speed_mps", 16, "not a finite number"),
        ("speed_mps: 4", "speed_mps: 1e999", "flyers[0].waypoints[0].speed_mps", 16, "not a finite number"),
        ("speed_mps: 4", "speed_mps: 4, speed_mps: 5", "flyers[0].waypoints[0].speed_mps", 16, "stands twice"),
        ("radar_3d", "radar_4d", "sensors[0].kind", 9, "radar_4d"),
        ("[[1, 2]]", "[[2, 1]]", "sensors[0].outages_s[0]", 10, "begins at 2 and ends at 1"),
        ("[[1, 2]]", "[[1]]", "sensors[0].outages_s[0]", 10, "length 2, got 1"),
        ("id: second", "id: radar", "sensors[1].id", 11, "'radar' stands twice"),
        ("id: second", "id: 2", "sensors[1].id", 11, "expected text, got a whole number"),
        ("id: second", "id: second, revisit_s: -1", "sensors[1].revisit_s", 11, "> 0.0"),
        ("id: second", "id: second, revisit_s: 1e-9", "sensors[1].revisit_s", 11, "scans in the run"),
        ("id: second", "id: second, min_range_m: 9e9", "sensors[1].min_range_m", 11, "not below max_range_m"),
        ("effector_id: gun", "effector_id: gnu", "engagement.sectors[0].effector_id", 20, "known: gun"),
        ("[{id: gun}]", "[{id: gun, range_min_m: 9000}]", "engagement.effectors[0].range_min_m", 18, "range_max_m"),
        ("effectors: []", "effectors: [gnu]", "variants.effector.none.effectors[0]", 22, "known: gun"),
        ("none: {effectors: []}", "none: {effector: []}", "variants.effector.none.effector", 22, "'effectors'"),
        ("+01:00", "", "start", 4, "no offset"),
        ("2026-01-01T00:00:00+01:00", "noon", "start", 4, "not an ISO 8601 instant"),
        ("name: here", "name: here, time_zone: Asia/Bagdad", "site.time_zone", 6, "not an IANA time zone"),
        ("[0, 9]]", "[18, 0]]", "site.zones[0].polygon_m", 6, "no area"),
        (
            "[[0, 0], [9, 0], [0, 9]]",
            "[[0, 0], [8, 8], [9, 0], [0, 9]]",
            "site.zones[0].polygon_m",
            6,
            "crosses itself",
        ),
        ("title: A small one\n", "", "", 1, "misses the required key `title`"),
        ("source: [a public page]", "source: *a", "", 3, "aliases"),
        ("source: [a public page]", "source: [a", "", 4, "as YAML"),
        ("source: [a public page]", "source: []", "source", 3, "length >= 1"),
    ],
)
def test_what_is_wrong_is_refused_at_its_place(old: str, new: str, place: str, line: int, says: str) -> None:
    assert old in GOOD
    error = refused(GOOD.replace(old, new, 1))
    assert (error.place, error.line) == (place, line)
    assert says in str(error)


@pytest.mark.parametrize(
    "text", ["", "# nothing", "[]", "12", "a: [", "a: !!python/name:os.system x", "\x00", "- " * 60]
)
def test_what_is_no_scenario_at_all_is_refused(text: str) -> None:
    refused(text)


def test_a_missing_and_a_binary_file_are_refused_by_name(tmp_path) -> None:
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe\x00")
    for name in ("absent.yaml", "b.yaml"):
        with pytest.raises(BadScenario, match=name):
            scenarios.load(tmp_path / name)


KEY = re.compile(r"^(\s*(?:- )?)([a-z_0-9]+):", re.MULTILINE)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_misspelt_key_of_any_shipped_scenario_is_named_with_its_line(data: st.DataObject) -> None:
    text = scenarios.builtin_text(data.draw(st.sampled_from(scenarios.builtin_names())))
    text = text[: text.find("\nvariants:") + 1] if "\nvariants:" in text else text  # its keys are names of one's own
    found = data.draw(st.sampled_from(list(KEY.finditer(text))))
    key = found.group(2)
    at = data.draw(st.integers(0, len(key) - 1))
    wrong = key[:at] + data.draw(st.sampled_from(["", "x", key[at] * 2, "Q_"])) + key[at + 1 :]
    known = set(re.findall(r"'([a-z_]+)'", repr(msgspec.json.schema(Scenario))))
    if wrong in known or not wrong or wrong == "_":
        return
    error = refused(text[: found.start(2)] + wrong + text[found.end(2) :])
    assert error.line == text[: found.start(2)].count("\n") + 1
    assert error.place.split(".")[-1] == wrong
    if len(key) > 6:
        assert f"did you mean {key!r}?" in error.problem


@settings(max_examples=40, deadline=None)
@given(
    st.text(max_size=80) | st.recursive(st.none() | st.floats() | st.text(max_size=5), st.lists, max_leaves=5).map(str)
)
def test_no_text_escapes_as_another_error(text: str) -> None:
    for body in (text, GOOD.replace("A small one", text, 1), GOOD.replace("{id: gun}", text, 1)):
        try:
            scenarios.parse(body)
        except BadScenario:
            continue


def test_every_shipped_scenario_round_trips() -> None:
    assert scenarios.builtin_names() == (
        "ain-al-asad-2021",
        "bdsc-2021",
        "lost-track",
        "mixed-raid",
        "returning-friendly",
    )
    for name in scenarios.builtin_names():
        scenario = scenarios.load_builtin(name)
        assert scenario.name == name
        assert scenarios.parse(scenarios.dump(scenario)) == scenario
        assert scenarios.builtin_text(name).startswith("# ")


def test_an_unknown_scenario_is_told_the_nearest() -> None:
    with pytest.raises(BadScenario, match="did you mean 'bdsc-2021'"):
        scenarios.load_builtin("bsdc-2021")


def test_the_instants_are_the_published_ones() -> None:
    start = datetime.fromisoformat(scenarios.load_builtin("bdsc-2021").start)
    assert start.astimezone(UTC) == datetime(2021, 6, 5, 21, 15, tzinfo=UTC)
    site = scenarios.load_builtin("ain-al-asad-2021").site
    assert (site.lat_deg, site.lon_deg) == (33.7856, 42.4412)


def test_the_mixed_raid_is_the_promised_one() -> None:
    raid = scenarios.load_builtin("mixed-raid")
    kinds = [b.kind for b in raid.ballistic]
    assert (kinds.count("mortar"), kinds.count("rocket")) == (8, 4)
    drones = [f for f in raid.flyers if f.kind != "aircraft"]
    starts = [x.start_s for x in (*raid.ballistic, *drones)]
    assert len(drones) == 6
    assert max(starts) - min(starts) <= 60.0
    assert sum(flow.count for flow in raid.traffic) == 10
    assert sum(flow.with_adsb for flow in raid.traffic) == 6
    assert sum(flock.count for flock in raid.birds) == 40
    assert len({sensor.kind for sensor in raid.sensors}) == len(raid.sensors) == 2
    (begin, end) = next(s.outages_s for s in raid.sensors if s.outages_s)[0]
    assert (begin, end) == (raid.duration_s / 2, raid.duration_s)


def test_variants_drop_what_they_do_not_keep() -> None:
    scenario = scenarios.load_builtin("bdsc-2021")
    assert scenarios.apply_variant(scenario, {}) == scenario
    assert scenarios.apply_variant(scenario, {"effector": "present"}) == scenario
    bare = scenarios.apply_variant(scenario, {"effector": "none"})
    assert bare.engagement.effectors == ()
    assert bare.engagement.sectors == ()
    assert msgspec.structs.replace(bare, engagement=scenario.engagement) == scenario
    with pytest.raises(BadScenario, match="did you mean 'none'"):
        scenarios.apply_variant(scenario, {"effector": "non"})
    with pytest.raises(BadScenario, match="no variant 'gun'"):
        scenarios.apply_variant(scenario, {"gun": "none"})
    two = scenarios.parse(GOOD.replace("present: {}", "present: {sensors: [second]}"))
    assert [s.id for s in scenarios.apply_variant(two, {"effector": "present"}).sensors] == ["second"]


def test_the_zone_grid_tiles_the_square_that_it_states() -> None:
    zones = scenarios.site_of(scenarios.load_builtin("bdsc-2021")).zones
    corners = np.concatenate([zone.polygon_m for zone in zones])
    assert len(zones) >= 50
    assert np.allclose([corners.min(axis=0), corners.max(axis=0)], [[-5000, -5000], [5000, 5000]])
    assert np.isclose(sum(np.prod(np.ptp(zone.polygon_m, axis=0)) for zone in zones), 1e8)
    assert len({zone.zone_id for zone in zones}) == len(zones)
    assert zones[0].zone_id == "A1"
    assert np.allclose(zones[0].polygon_m.min(axis=0), -5000)


def test_sensors_stand_where_the_file_says_in_their_own_axes() -> None:
    scenario = scenarios.parse(GOOD.replace("id: second", "id: second, east_m: 20000, north_m: -5000, height_m: 30"))
    site = scenarios.site_of(scenario)
    table = scenarios.sensors_of(scenario, site)
    assert np.allclose(frames.enu2level(table.position_m, site.radius_m), [10.0, 30.0], atol=1e-6)
    assert np.allclose(table.position_m[1, :2], [20000, -5000])
    origin = np.array([50.0, 8.0, 100.0])
    place = frames.enu2geodetic(table.position_m[1], origin)
    above = frames.geodetic2enu(place + np.array([0, 0, 1000.0]), origin) - table.position_m[1]
    assert np.allclose(table.rotation[1] @ [0, 0, 1000.0], above, atol=1e-3)
    assert np.isnan(table.detection_probability).all()
    assert table.max_range_m.tolist() == [30000.0, 30000.0]


def test_the_dump_is_plain_yaml() -> None:
    scenario = scenarios.load_builtin("mixed-raid")
    assert yaml.safe_load(scenarios.dump(scenario))["engagement"]["effectors"][0]["id"] == "gun-north"
