"""Every check of the sources by its name, what it still finds, and one planted breach or more that it has to see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from law_code import (
    codes_decide,
    error_tree_as_drawn,
    implementations_in_tables,
    kernels_in_grammar,
    measured_apart,
    narrow_borders,
    nothing_swallowed,
    nouns_compute_nothing,
    outputs_poisoned,
    protects_only,
    small_enough,
    stages_say_what_they_do,
)
from law_house import advance_callers, doors_light, imports_allowed, never_reached, no_circle, truth_unseen
from law_purity import deterministic, pure_below_the_shell, seeds_come_in
from law_text import comments_tell_no_history, speaks_of_itself, tests_collected
from law_tree import Finding, Tree

CHECKS: dict[str, Callable[[Tree], list[Finding]]] = {
    check.__name__: check
    for check in (
        imports_allowed,
        never_reached,
        no_circle,
        truth_unseen,
        advance_callers,
        doors_light,
        pure_below_the_shell,
        seeds_come_in,
        deterministic,
        narrow_borders,
        nouns_compute_nothing,
        measured_apart,
        protects_only,
        kernels_in_grammar,
        outputs_poisoned,
        stages_say_what_they_do,
        small_enough,
        nothing_swallowed,
        error_tree_as_drawn,
        codes_decide,
        implementations_in_tables,
        speaks_of_itself,
        comments_tell_no_history,
        tests_collected,
    )
}

WHOLE = {
    "imports_allowed", "never_reached", "no_circle", "truth_unseen", "advance_callers", "doors_light",
    "outputs_poisoned", "small_enough", "error_tree_as_drawn", "implementations_in_tables", "tests_collected",
}  # fmt: skip
"""Checks that need more than the one file in which a breach is planted."""


def known(entries: str) -> Counter[str]:
    """Breaches that stand, one a line; each must be found as often as it stands here."""
    return Counter(line.strip() for line in entries.strip().splitlines())


KNOWN: dict[str, Counter[str]] = {
    "imports_allowed": known("""
        src/tocsin/track/gates.py: track imports tocsin._threads
        src/tocsin/track/parts.py: track imports tocsin._threads
        src/tocsin/track/step.py: track imports tocsin._threads
        src/tocsin/tracker.py: tracker imports tocsin.formats.cells
        src/tocsin/tracker.py: tracker imports tocsin.formats.detections
        src/tocsin/tracker.py: tracker imports tocsin.formats.sensors
    """),
    "truth_unseen": known("""
        src/tocsin/formats/outputs.py: tocsin.formats.outputs sees tocsin.records.truth
        src/tocsin/formats/scored.py: tocsin.formats.scored sees tocsin.records.truth
    """),
    "doors_light": known("""
        src/tocsin/tracker.py: tocsin.tracker loads csv through tocsin.formats.csv_dialect
        src/tocsin/tracker.py: tocsin.tracker loads gzip through tocsin.formats.opening
        src/tocsin/tracker.py: tocsin.tracker loads pyarrow through tocsin.formats.opening
        src/tocsin/tracker.py: tocsin.tracker loads pyarrow through tocsin.formats.csv_table
        src/tocsin/tracker.py: tocsin.tracker loads pyarrow through tocsin.formats.parquet_table
    """),
    "kernels_in_grammar": known("""
        src/tocsin/kernels/births.py: bear_tracks takes more than 12 arguments
        src/tocsin/kernels/claims.py: claim_candidates takes more than 12 arguments
        src/tocsin/kernels/gating.py: find_pairs takes more than 12 arguments
        src/tocsin/kernels/identity.py: classify takes more than 12 arguments
        src/tocsin/kernels/identity.py: stand takes more than 12 arguments
        src/tocsin/kernels/imm.py: predict_tracks takes more than 12 arguments
        src/tocsin/kernels/lifecycle.py: begin_tracks takes more than 12 arguments
        src/tocsin/kernels/lifecycle.py: list_tracks takes more than 12 arguments
        src/tocsin/kernels/posterior.py: merge_model takes more than 12 arguments
        src/tocsin/kernels/posterior.py: update_tracks takes more than 12 arguments
        src/tocsin/kernels/registration.py: take_plots takes more than 12 arguments
    """),
    "small_enough": known("""
        src/tocsin/kernels/gating.py: find_pairs has more than 60 lines
        src/tocsin/kernels/posterior.py: update_tracks has more than 60 lines
    """),
    "nothing_swallowed": known("""
        src/tocsin/formats/csv_dialect.py: an error is passed over
        src/tocsin/formats/scored.py: an error is passed over
    """),
    "codes_decide": known("""
        src/tocsin/assess/evidence.py: makes sentences
        src/tocsin/assess/judge.py: makes sentences
        src/tocsin/assess/witnesses.py: makes sentences
        src/tocsin/identify/risk.py: makes sentences
        src/tocsin/identify/step.py: decides by .startswith(CLOSING_CLAIMS)
        src/tocsin/score/causes.py: makes sentences
        src/tocsin/score/impacts.py: makes sentences
        src/tocsin/score/outcomes.py: makes sentences
        src/tocsin/score/tracking.py: decides by .endswith('_by_kind')
        src/tocsin/score/tracking.py: makes sentences
        src/tocsin/sense/advance.py: makes sentences
        src/tocsin/sense/belief.py: makes sentences
        src/tocsin/sense/rows.py: makes sentences
        src/tocsin/session/compare.py: decides by .endswith('why')
        src/tocsin/warn/flyers.py: decides by .startswith(CLOSING_CLAIMS)
        src/tocsin/warn/live.py: decides by .endswith(ELSEWHERE)
        src/tocsin/warn/live.py: makes sentences
    """),
    "implementations_in_tables": known("""
        src/tocsin/world/receivers.py: Receiver: no table holds Broadcasts, Impacts, Sightings
    """),
}
"""What the checks still find. The lists are exact: what is mended is taken out, and nothing is put in."""


@dataclass(frozen=True)
class Break:
    """A breach to plant: `plant` at the end of a file, as a whole new file, or in the place of `instead_of`."""

    check: str
    path: str
    plant: str
    said: str
    here: str = ""  # in the line that is to be named; "": the first line of the plant
    at: int = 0  # that line, where it is not one of the plant
    instead_of: str = ""
    beside: dict[str, str] = field(default_factory=dict)  # files that have to be there, made where they are not

    def text(self, tree: Tree) -> str:
        """The file with the breach in it."""
        text = tree.texts.get(self.path, "")
        if self.instead_of:
            assert text.count(self.instead_of) >= 1, f"{self.path} holds no {self.instead_of!r}"
            return text.replace(self.instead_of, self.plant, 1)
        return f"{text}\n{self.plant}\n" if text else f"{self.plant}\n"

    def line(self, tree: Tree) -> int:
        """The line that has to be named, from 1; the last that fits, since plants stand at the end."""
        if self.at:
            return self.at
        wanted = self.here or self.plant.splitlines()[0]
        rows = self.text(tree).splitlines()
        return max(number for number, row in enumerate(rows, 1) if wanted in row)


S = "src/tocsin/"
ISSUE = {
    "a clock in pipeline.py": Break("pure_below_the_shell", f"{S}pipeline.py", "import time", "imports time"),
    "truth in assess": Break(
        "truth_unseen", f"{S}assess/judge.py", "from tocsin.records.truth import TruthEnd", "tocsin.records.truth"
    ),
    "truth in track": Break("truth_unseen", f"{S}track/step.py", "from tocsin.records import truth", "records.truth"),
    "truth in engage": Break("truth_unseen", f"{S}engage/decide.py", "import tocsin.records.truth", "records.truth"),
    "the file system in frames.py": Break(
        "pure_below_the_shell", f"{S}frames.py", "from pathlib import Path", "imports pathlib"
    ),
    "**kwargs in a stage": Break(
        "narrow_borders", f"{S}warn/step.py", "def told(**kwargs: float) -> None: ...", "told takes **kwargs"
    ),
    "dict[str, object] in a stage": Break(
        "narrow_borders", f"{S}forecast/stage.py", "def told(row: dict[str, object]) -> None: ...", "dict[str, object]"
    ),
    "journal imports offline": Break(
        "imports_allowed",
        f"{S}journal/codec.py",
        "def late() -> None:\n    from tocsin.offline import follow",
        "journal imports tocsin.offline",
        "from tocsin.offline",
        beside={f"{S}offline.py": "follow = 1\n"},
    ),
}
"""The eight breaches that once passed unseen."""

BREAKS = [
    *ISSUE.values(),
    # imports
    Break("imports_allowed", f"{S}track/step.py", "import tocsin.sense", "track imports tocsin.sense"),
    Break("imports_allowed", f"{S}report/build.py", "from tocsin import score", "report imports tocsin.score"),
    Break("imports_allowed", f"{S}sense/rows.py", "from ..formats import cells", "sense imports tocsin.formats.cells"),
    Break("imports_allowed", f"{S}warn/step.py", "from tocsin import Tracker", "warn imports tocsin.tracker"),
    Break("imports_allowed", f"{S}records/site.py", "import tocsin.frames", "records imports tocsin.frames"),
    Break(
        "imports_allowed",
        f"{S}identify/step.py",
        'def late() -> None:\n    __import__("tocsin.journal.chain")',
        "identify imports tocsin.journal.chain",
        "__import__",
    ),
    Break("imports_allowed", f"{S}warn/step.py", "X = importlib.import_module(NAME)", "imports by a name that is made"),
    Break("imports_allowed", f"{S}pipeline.py", "from tocsin import assess", "pipeline imports tocsin.assess"),
    Break("imports_allowed", f"{S}feeds/asterix.py", "import tocsin.pipeline", "feeds imports tocsin.pipeline"),
    Break("imports_allowed", f"{S}helpers.py", "X = 1", "helpers has no place in the house"),
    Break("imports_allowed", f"{S}world/radar.py", "import tocsin.kernels.ballistics", "world imports tocsin.kernels"),
    Break("imports_allowed", f"{S}journal/chain.py", "import tocsin.records.outcomes", "journal imports"),
    Break("never_reached", f"{S}formats/times.py", "from tocsin.world import world", "formats.times reaches world"),
    Break("never_reached", f"{S}pipeline.py", "import tocsin.engage", "pipeline reaches engage"),
    Break(
        "never_reached",
        f"{S}serve/service.py",
        "from tocsin.session.planted import Session",
        "serve.service reaches session -> exercise",
        beside={f"{S}session/planted.py": "from tocsin import exercise\n"},
    ),
    Break("never_reached", f"{S}web/page.py", "from tocsin.study import charts", "web.page reaches study",
          beside={f"{S}study/charts.py": ""}),
    Break("never_reached", f"{S}journal/chain.py", "import tocsin.track.step", "journal.chain reaches track"),
    Break("never_reached", f"{S}score/siap.py", "from tocsin import pipeline", "score.siap reaches pipeline -> warn"),
    Break("no_circle", f"{S}frames.py", "from tocsin.formats import reports", "frames and formats stand in a circle"),
    # truth
    Break("truth_unseen", f"{S}records/run.py", "from tocsin.records import truth", "records.run sees"),
    Break(
        "truth_unseen",
        f"{S}identify/step.py",
        "import tocsin.records\nX = tocsin.records.truth.TruthEnd",
        "identify.step sees tocsin.records.truth",
        "X = tocsin.records.truth",
    ),
    Break("truth_unseen", f"{S}report/build.py", "from tocsin.world.truth import TruthLog", "sees tocsin.world.truth"),
    Break("truth_unseen", f"{S}warn/step.py", "from tocsin.formats.truth import read",
          "warn.step reaches tocsin.records.truth through tocsin.formats.truth",
          beside={f"{S}formats/truth.py": "from tocsin.records.truth import TruthEnd\n"}),
    Break("truth_unseen", f"{S}records/detections.py", "class More:\n    truth_id: str", "a detection carries truth_id",
          "truth_id"),
    # who drives
    Break("advance_callers", f"{S}cli/show.py", "from tocsin.pipeline import advance", "drives pipeline.advance"),
    Break("advance_callers", "tools/late.py", "from tocsin import pipeline as p\nX = p.advance", "drives pipeline",
          "X = p.advance"),
    Break("advance_callers", f"{S}study/calibration.py", "from tocsin import pipeline\nX = pipeline.advance",
          "drives pipeline.advance", "X = "),
    Break("doors_light", f"{S}records/plan.py", "import yaml", "tocsin.records.plan loads yaml"),
    Break("doors_light", f"{S}tracker.py", "from tocsin.formats import planted", "tracker loads yaml through",
          beside={f"{S}formats/planted.py": "import yaml\n"}),
    # purity
    Break("pure_below_the_shell", f"{S}track/step.py", "import socket", "imports socket"),
    Break("pure_below_the_shell", f"{S}report/build.py", 'X = open("x")', "uses open"),
    Break("pure_below_the_shell", f"{S}exercise/loop.py", "import datetime\nX = datetime.datetime.now()", "uses .now",
          "X = "),
    Break("pure_below_the_shell", f"{S}sense/rows.py", 'import numpy as np\nX = np.datetime64("now")', "the clock of",
          "X = "),
    Break("pure_below_the_shell", f"{S}kernels/polar.py", 'X = np.load("x.npy")', "uses .load"),
    Break("pure_below_the_shell", f"{S}world/ground.py", "from numpy import loadtxt", "uses loadtxt"),
    Break("pure_below_the_shell", f"{S}tracker.py", "from concurrent.futures import Future", "imports concurrent"),
    Break("pure_below_the_shell", f"{S}score/siap.py", "import builtins", "imports builtins"),
    Break("pure_below_the_shell", f"{S}assess/judge.py", "from scipy import io", "uses io"),
    Break("pure_below_the_shell", f"{S}report/html.py", "from jinja2 import FileSystemLoader", "uses FileSystemLoader"),
    Break("pure_below_the_shell", f"{S}formats/times.py", "import time", "imports time"),
    Break("pure_below_the_shell", f"{S}formats/times.py", "X = datetime.now()", "uses .now"),
    Break("seeds_come_in", f"{S}world/radar.py", "X = np.random.normal()", "uses np.random.normal"),
    Break("seeds_come_in", f"{S}scenes/family.py", "from numpy.random import rand", "imports numpy.random rand"),
    Break("seeds_come_in", f"{S}engage/operator.py", "from numpy import random", "imports numpy random"),
    Break("seeds_come_in", f"{S}study/bound.py", "X = np.random.default_rng()", "np.random.default_rng without a seed"),
    Break("seeds_come_in", f"{S}score/intervals.py", "X = np.random.default_rng(None)", "without a seed"),
    Break("seeds_come_in", f"{S}formats/cells.py", "import random", "imports random"),
    Break("deterministic", f"{S}kernels/jit.py", "X = numba.njit(fastmath=True)", "fastmath=True"),
    Break("deterministic", f"{S}kernels/polar.py", "from numba import prange", "prange"),
    Break("deterministic", f"{S}kernels/jit.py", "X = numba.prange(3)", "prange"),
    Break("deterministic", f"{S}world/ground.py", "X = dict(parallel=True)", "parallel=True"),
    Break("deterministic", f"{S}sense/rows.py", "import numba", "numba outside kernels.jit"),
    # borders and nouns
    Break("narrow_borders", f"{S}assess/judge.py", "from typing import Any\nX: dict[str, Any] = {}", "dict[str, Any]",
          "X: "),
    Break("narrow_borders", f"{S}tracker.py", "def f(x) -> Any: ...", "holds Any"),
    Break("narrow_borders", f"{S}journal/codec.py", "def f(x: dict[str, Any]) -> None: ...", "holds dict[str, Any]"),
    Break("nouns_compute_nothing", f"{S}records/site.py", "@dataclass\nclass Thing:\n    x_m: float", "is not frozen",
          "class Thing"),
    Break("nouns_compute_nothing", f"{S}records/site.py",
          "@dataclass(frozen=True)\nclass Thing:\n    x_m: float\n    def far(self) -> float: ...",
          "Thing.far computes", "def far"),
    Break("nouns_compute_nothing", f"{S}records/site.py", "@dataclass(frozen=True)\nclass Thing:\n    speed: float",
          "Thing.speed has no unit", "speed: float"),
    Break("measured_apart", f"{S}records/events.py", "class More:\n    cpu_s: float", "would hold cpu_s", "cpu_s"),
    Break("protects_only", f"{S}records/forecasts.py", "class More:\n    launch_point_m: float", "names launch_point_m",
          "launch_point_m"),
    Break("protects_only", f"{S}engage/decide.py", "X = track.aim_point", "names aim_point"),
    Break("protects_only", f"{S}report/build.py", "def f(intercept_point: float): ...", "names intercept_point"),
    Break("protects_only", f"{S}engage/decide.py", "def aim_point(track_id: int) -> None: ...", "names aim_point"),
    # kernels
    Break("kernels_in_grammar", f"{S}kernels/polar.py", "from scipy.special import ndtr", "imports scipy.special"),
    Break("kernels_in_grammar", f"{S}kernels/polar.py", "import tocsin.errors", "imports tocsin.errors"),
    Break("kernels_in_grammar", f"{S}world/ground.py", "@kernel\ndef f(a, b=1): ...", "f: defaults", "def f("),
    Break("kernels_in_grammar", f"{S}kernels/polar.py", "@kernel\ndef f(a_out, b): ...", "f: an input after", "def f("),
    Break("kernels_in_grammar", f"{S}kernels/polar.py", "@kernel\ndef f(b):\n    b[0] = 1.0", "f: writes its input b",
          "def f("),
    Break("kernels_in_grammar", f"{S}kernels/polar.py", "@kernel\ndef f(a, b, c, d, e, f, g, h, i, j, k, l, m): ...",
          "f takes more than 12", "def f("),
    Break("outputs_poisoned", "tests/kernels/test_new.py",
          "def test_it():\n    r = np.zeros(4)\n    residual(z, s, p, r, r)", "residual is handed r", "residual("),
    Break("outputs_poisoned", "tests/kernels/test_new.py", "def test_it(): residual(z, s, p, np.empty(4), v)",
          "residual is handed np.empty(4)"),
    # measures
    Break("stages_say_what_they_do", f"{S}warn/__init__.py", "assume:", "no line of assumes", at=1,
          instead_of="assumes:"),
    Break("small_enough", f"{S}frames.py", "X = 1\n" * 600, "more than 600 lines", at=600),
    Break("small_enough", f"{S}frames.py", "def f() -> None:\n" + "    g()\n" * 61, "f has more than 60 lines"),
    Break("small_enough", f"{S}kernels/polar.py", "@kernel\ndef f(a):\n" + "    a = 1\n" * 61, "f has more than 60",
          "def f("),
    Break("small_enough", f"{S}errors.py", "class Worse(ChainBroken): ...", "Worse inherits more than 2 deep"),
    # errors, words, tables
    Break("nothing_swallowed", f"{S}formats/cells.py", "try: f()\nexcept ValueError: pass", "passed over", "except"),
    Break("nothing_swallowed", f"{S}session/live.py", "try: f()\nexcept Exception as e: g(e)", "every error", "except"),
    Break("nothing_swallowed", f"{S}formats/cells.py", "import contextlib\nwith contextlib.suppress(OSError): f()",
          "is suppressed", "with "),
    Break("error_tree_as_drawn", f"{S}errors.py", "class Stray(Mishap): ...", "Stray is drawn under None"),
    Break("error_tree_as_drawn", f"{S}errors.py", "class BadInput(Mishap, ValueError):", "is drawn under Misuse",
          instead_of="class BadInput(Misuse, ValueError):"),
    Break("error_tree_as_drawn", f"{S}sense/rows.py", "class Odd(ValueError): ...", "Odd is an error outside"),
    Break("codes_decide", f"{S}engage/rules.py", 'X = "a".endswith("b")', "decides by .endswith('b')"),
    Break("codes_decide", f"{S}forecast/stage.py", 'X = f"{1} rounds come down near here"', "makes sentences"),
    Break("implementations_in_tables", f"{S}track/associators.py", "        None, False, True",
          "ASSOCIATORS lacks best_assignment", "ASSOCIATORS = {", instead_of="        best_assignment, False, True"),
    Break("implementations_in_tables", f"{S}formats/sinks.py",
          "class Drain(Protocol):\n    def swallow(self): ...\nclass A:\n    def swallow(self): ...\nclass B:\n"
          "    def swallow(self): ...", "Drain: no table holds A, B"),
    Break("implementations_in_tables", f"{S}formats/sinks.py",
          "class Drain(Protocol):\n    def swallow(self): ...\nclass A:\n    def swallow(self): ...\nclass B:\n"
          '    def swallow(self): ...\nNOBODY_TESTS = {"a": A, "b": B}', "no test runs over NOBODY", "NOBODY_TESTS"),
    Break("implementations_in_tables", f"{S}track/associators.py", "OTHERS = {", "no test runs over OTHERS",
          instead_of="ASSOCIATORS = {"),
    # texts
    Break("speaks_of_itself", "docs/why/world.md", "See /home/" + "someone/notes.md", "names the place"),
    Break("speaks_of_itself", "proofs/impact.json", "/wo" + "rk/main/x", "names the place"),
    Break("speaks_of_itself", "requirements/run.txt", "--index-url https" + "://example.org/simple", "an address"),
    Break("speaks_of_itself", "README.md", "Generated" + " by a machine", "says Generated"),
    Break("comments_tell_no_history", f"{S}frames.py", "x = 1  # TO" + "DO: mend", "a comment says"),
    Break("comments_tell_no_history", f"{S}frames.py", "x = 1  # this was " + "moved from polar", "a comment says"),
    Break("tests_collected", "tests/track/cases_new.py", "def test_x(): ...", "not collected"),
    Break("tests_collected", "tests/track/test_new.py", "def test_x(): ...\ndef test_x() -> None: ...", "namesake",
          "def test_x() ->"),
    Break("tests_collected", "tests/track/test_new.py", "def test_y():\n    def test_x(): ...", "inside a function",
          "def test_x"),
    Break("tests_collected", "tests/track/test_new.py", 'def test_x(): ...\npytest.importorskip("jax")', "skips a",
          "pytest."),
    Break("tests_collected", "tests/track/test_new.py", "X = 1", "holds no test"),
]  # fmt: skip
