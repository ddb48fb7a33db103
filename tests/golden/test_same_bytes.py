"""One run in unlike surroundings: the same bytes under every BLAS kernel, number of threads and locale."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SCENARIO = Path(__file__).parent / "two_radars.yaml"
FILES = ("journal.jsonl", "events.jsonl", "tracks.csv", "impacts.csv", "registration.csv", "report.json")
MAIN = "import sys; from tocsin.cli import main; sys.exit(main())"
PRODUCT = """
import hashlib, numpy as np
rng = np.random.default_rng(1)
digest = hashlib.sha256()
for n in (6, 33, 90, 160):
    a, b = rng.normal(size=(56, n)), rng.normal(size=(n, 6))
    for c in (a @ b, a @ b[:, 0], np.linalg.inv(a.T @ a + np.eye(n))):
        digest.update(np.ascontiguousarray(c).tobytes())
print(digest.hexdigest())
"""


def surroundings() -> list[dict[str, str]]:
    """Environments that differ in BLAS kernel, threads and locale; only kernels that this processor can run."""
    simd = " ".join(np.show_config(mode="dicts")["SIMD Extensions"].get("found", ()))
    found = [{"LC_ALL": "C", "NUMBA_NUM_THREADS": "1"}, {"LC_ALL": "C.UTF-8", "OPENBLAS_CORETYPE": "Prescott"}]
    if "X86_V3" in simd or "AVX2" in simd:
        found.append({"LC_ALL": "C.UTF-8", "NUMBA_NUM_THREADS": "2", "OPENBLAS_CORETYPE": "Haswell"})
    if "X86_V4" in simd or "AVX512F" in simd:
        found.append({"LC_ALL": "C", "OPENBLAS_CORETYPE": "SkylakeX"})
    for k, settings in enumerate(found):
        settings["OMP_NUM_THREADS"] = settings["OPENBLAS_NUM_THREADS"] = str(1 + k % 2)
    return found


def python(code: str, settings: dict[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("OPENBLAS_", "OMP_", "NUMBA_NUM", "LC_", "LANG"))}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(
        command, env=clean | settings, capture_output=True, encoding="utf-8", timeout=600, check=False
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folders = []
    for k, settings in enumerate(surroundings()):
        folder = tmp_path_factory.mktemp("run") / str(k)
        done = python(MAIN, settings, "run", SCENARIO, "--seed", "1", "--out", folder)
        assert done.returncode == 0, done.stdout + done.stderr
        folders.append(folder)
    return folders


@pytest.mark.skipif(platform.machine() not in {"x86_64", "AMD64"}, reason="names of BLAS kernels for x86 only")
def test_the_surroundings_do_differ_in_what_a_blas_makes_of_a_product() -> None:
    made = {python(PRODUCT, settings).stdout for settings in surroundings()}
    if len(made) == 1:
        pytest.skip("this NumPy has one BLAS kernel only")
    assert "" not in made


def test_the_run_calls_for_what_a_blas_was_used_for(runs: list[Path]) -> None:
    text = (runs[0] / "events.jsonl").read_text(encoding="utf-8")
    assert '"applied":true' in text  # registration: inverses, products and axes of the belief
    assert '"orders":[{' in (runs[0] / "journal.jsonl").read_text(encoding="utf-8")  # the engagement's ranking of harm
    assert len((runs[0] / "impacts.csv").read_text(encoding="utf-8").splitlines()) > 10


@pytest.mark.parametrize("name", FILES)
def test_every_surrounding_gives_the_same_bytes(runs: list[Path], name: str) -> None:
    recorded = {(folder / name).read_bytes() for folder in runs}
    assert len(recorded) == 1


def test_each_replays_what_another_recorded_to_the_byte(runs: list[Path]) -> None:
    for k, settings in enumerate(surroundings()):
        done = python(MAIN, settings, "replay", runs[k - 1])
        assert done.returncode == 0, done.stdout + done.stderr
        assert "equal to the byte" in done.stdout
