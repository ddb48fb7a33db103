#!/bin/sh
# Install one lock and the package itself. uv is quick; pip takes over where uv cannot reach pip's index settings.
set -eu
lock=$1
if ! "$BIN/uv" pip install --quiet --compile-bytecode --python "$BIN/python" --require-hashes -r "$lock"; then
    "$BIN/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
fi
"$BIN/python" -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation -e .
"$BIN/python" -m compileall -q src/tocsin
