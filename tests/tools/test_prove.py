"""`make prove`: a proof's file holds the hash of its code, and `stale` tells which are behind."""

from __future__ import annotations

import json
import shutil
from importlib import import_module
from pathlib import Path

import pytest
from tools import prove
from tools.code_hash import code_hash
from tools.prove import PROOFS, standing

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", PROOFS)
def test_each_proof_has_a_module_and_a_file(name: str) -> None:
    assert callable(import_module(PROOFS[name].module).prove)
    assert json.loads((ROOT / "proofs" / f"{name}.json").read_text())["proof"] == name
    assert set(PROOFS) == {path.stem for path in (ROOT / "proofs").glob("*.json")}
    files = {path.stem for path in (ROOT / "tools" / "proofs").glob("[!_]*.py")}
    assert files == {proof.module.rpartition(".")[2] for proof in PROOFS.values()}


def test_a_proof_without_a_hash_is_behind(tmp_path: Path) -> None:
    proof = PROOFS["impact"]
    assert standing(proof, tmp_path).behind == "not made yet"
    (tmp_path / "impact.json").write_text(json.dumps({"proof": "impact", "commit": "abc", "result": []}))
    assert "before proofs held the hash" in standing(proof, tmp_path).behind


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(ROOT / "proofs", tmp_path / "proofs")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_proof_is_written_with_its_hash_and_goes_on_where_it_was(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert prove.main(["bdsc-warning", "--seeds", "2"]) == 0
    written = json.loads((here / "proofs" / "bdsc-warning.json").read_text())
    code = code_hash(PROOFS["bdsc-warning"].module)
    assert (written["code"], written["result"]["seeds"]) == (code, [20_000, 20_001])
    assert written["seconds"] >= 0
    cells = sorted((here / "out" / "proofs" / f"bdsc-warning-{code}" / "warning" / "cells").iterdir())
    before = [path.stat().st_mtime_ns for path in cells]
    assert prove.main(["bdsc-warning", "--seeds", "3"]) == 0
    assert [path.stat().st_mtime_ns for path in cells] == before
    again = json.loads((here / "proofs" / "bdsc-warning.json").read_text())
    assert again["result"]["seeds"] == [20_000, 20_001, 20_002]
    assert again["seconds"] >= written["seconds"]
    capsys.readouterr()
    assert prove.main(["stale"]) == 0
    told = capsys.readouterr()
    names = [line.split()[0] for line in told.out.splitlines()]
    assert "bdsc-warning" not in names
    assert set(names) <= set(PROOFS)
    (here / "proofs" / "bdsc-warning.json").write_text(json.dumps({**again, "code": "0" * 16, "seconds": 600.0}))
    assert prove.main(["stale"]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("bdsc-warning"))
    assert "10 min" in line
    assert f"made by other code, at {again['commit']}" in line


def test_quick_prints_and_writes_nothing(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (here / "proofs" / "bdsc-warning.json").read_bytes()
    assert prove.main(["bdsc-warning", "--quick", "--seeds", "1"]) == 0
    assert '"seeds": [\n  20000\n ]' in capsys.readouterr().out
    assert (here / "proofs" / "bdsc-warning.json").read_bytes() == before
    assert not (here / "out").exists()
