#!/bin/sh
# The tests twice: as users run the code (compiled kernels), then the kernels' own tests with the JIT off, so that coverage
# sees inside them. The two make one figure, which alone is held to the floor in pyproject.toml.
set -eu
: "${PYTHON:=python}"
"$PYTHON" -m pytest --cov --cov-report= --cov-fail-under=0 -p no:cacheprovider
NUMBA_DISABLE_JIT=1 "$PYTHON" -m pytest -q --cov --cov-append --cov-report= --cov-fail-under=0 -p no:cacheprovider tests/kernels
"$PYTHON" -m coverage report
