"""The hash of a proof's code moves with what can change its figures, and with nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools.code_hash import closure, code_hash
from tools.prove import PROOFS

FILES = {
    "src/tocsin/__init__.py": '"""Package."""\n',
    "src/tocsin/study.py": '"""Study."""\n\nfrom tocsin.kernels import gate\n\n\ndef run():\n    return gate.WIDTH\n',
    "src/tocsin/kernels/__init__.py": "",
    "src/tocsin/kernels/gate.py": "WIDTH = 4.0  # standard deviations\n",
    "src/tocsin/late.py": "LATE = 1\n",
    "src/tocsin/child.py": "CHILD = 1\n",
    "src/tocsin/other.py": "from tocsin import study\n",
    "src/tocsin/formats/__init__.py": "",
    "src/tocsin/formats/scenarios.py": "",
    "src/tocsin/scenarios/raid.yaml": "name: raid\n",
    "tools/__init__.py": "",
    "tools/proof.py": (
        "import numpy\n\nimport tocsin.study as s\n\nCOMMAND = ['-m', 'tocsin.child']\n\n\n"
        "def prove():\n    from tocsin import late\n    from tocsin.formats.scenarios import load\n    return s.run()\n"
    ),
}


@pytest.fixture
def house(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_the_closure_is_what_is_imported_directly_or_not(house: Path) -> None:
    assert set(closure("tools.proof", house)) == {
        "tools", "tools.proof", "tocsin", "tocsin.study", "tocsin.kernels", "tocsin.kernels.gate", "tocsin.late",
        "tocsin.child", "tocsin.formats", "tocsin.formats.scenarios",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("src/tocsin/kernels/gate.py", "4.0", "4.5"),
        ("src/tocsin/study.py", "return gate", "return 2 * gate"),
        ("src/tocsin/late.py", "1", "2"),
        ("src/tocsin/child.py", "1", "2"),
        ("src/tocsin/kernels/__init__.py", "", "X = 1"),
        ("src/tocsin/scenarios/raid.yaml", "raid", "bird"),
        ("tools/proof.py", "s.run()", "-s.run()"),
    ],
)
def test_code_that_figures_come_from_moves_the_hash(house: Path, name: str, old: str, new: str) -> None:
    before, path = code_hash("tools.proof", house), house / name
    path.write_text(path.read_text().replace(old, new, 1))
    assert code_hash("tools.proof", house) != before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("src/tocsin/kernels/gate.py", "standard deviations", "sigmas"),
        ("src/tocsin/study.py", "Study.", "A study."),
        ("src/tocsin/study.py", "return gate.WIDTH", "return (\n        gate.WIDTH\n    )"),
        ("src/tocsin/other.py", "import study", "import late"),
    ],
)
def test_what_changes_no_figure_leaves_it(house: Path, name: str, old: str, new: str) -> None:
    before, path = code_hash("tools.proof", house), house / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    assert code_hash("tools.proof", house) == before


@pytest.mark.parametrize("name", PROOFS)
def test_a_proof_rests_on_its_stages_and_not_on_the_command_line(name: str) -> None:
    found = closure(PROOFS[name].module)
    assert {"tocsin.track.step", "tocsin.kernels.gating", "tools.work", PROOFS[name].module} <= set(found)
    assert not any(each.startswith(("tools.figures", "tools.prove")) for each in found)
    assert any(each.startswith("tocsin.cli") for each in found) == (name == "run-folder"), "it stops commands"
    assert ("tocsin.bench.peers.stonesoup_runner" in found) == (name in {"tracking-peers", "run-folder"})
    assert ("tocsin.world.world" in found) == (
        name in {"bdsc-warning", "identity", "outcomes", "checkpoint", "run-folder"}
    )
