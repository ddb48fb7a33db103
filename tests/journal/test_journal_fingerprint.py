"""The fingerprint sees what last digits hang on, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict

import numpy as np
import pytest

from tocsin.journal.codec import from_json, to_json
from tocsin.journal.fingerprint import Fingerprint, fingerprint

SHOWN = (
    "import json; from dataclasses import asdict; from tocsin.journal.fingerprint import fingerprint;"
    "print(json.dumps(asdict(fingerprint())))"
)


def seen(**settings: str) -> dict[str, object]:
    """The fingerprint of a process with these settings."""
    names = ("NPY_", "NUMBA_", "OPENBLAS_", "OMP_")
    clean = {key: value for key, value in os.environ.items() if not key.startswith(names)}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SHOWN],
        env=clean | settings,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def plain() -> dict[str, object]:
    return seen()


def moved(before: dict[str, object], after: dict[str, object]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


def test_a_blas_kernel_threads_and_locale_leave_it(plain: dict[str, object]) -> None:
    other = seen(OPENBLAS_CORETYPE="Prescott", OPENBLAS_NUM_THREADS="2", NUMBA_NUM_THREADS="1", LC_ALL="C")
    assert moved(plain, other) == set()


def test_instruction_sets_taken_from_numpy_are_seen(plain: dict[str, object]) -> None:
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", ())
    if not found:
        pytest.skip("this NumPy finds nothing here beyond what it was built for")
    assert moved(plain, seen(NPY_DISABLE_CPU_FEATURES=" ".join(found))) == {"numpy_features"}


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("NUMBA_CPU_NAME", "generic", "cpu_features"),
        ("NUMBA_OPT", "1", "cpu_features"),
        ("NUMBA_DISABLE_JIT", "1", "compiled"),
    ],
)
def test_what_kernels_are_compiled_for_is_seen(plain: dict[str, object], name: str, value: str, field: str) -> None:
    assert moved(plain, seen(**{name: value})) == {field}


def test_every_part_is_given() -> None:
    made = asdict(fingerprint())
    assert {name for name, value in made.items() if value == ""} == {"kernels"}


def test_a_header_that_names_fewer_parts_is_read_and_equals_none_made_here() -> None:
    here = fingerprint()
    named = asdict(here)
    old = {name: named[name] for name in ("release", "numpy", "numba", "scipy", "cpu", "cpu_features", "compiled")}
    read = from_json(Fingerprint, {**old, "kernels": "4d97a5af41fe87c2"})
    assert read != here
    assert (read.code, read.kernels) == ("", "4d97a5af41fe87c2")
    assert from_json(Fingerprint, to_json(here)) == here
