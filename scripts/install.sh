#!/bin/sh
# Install one lock and the package itself. uv is quick; pip takes over where uv cannot reach pip's index settings, and uv's
# own words are shown only if pip fails too.
set -eu
lock=$1
said=$(mktemp)
trap 'rm -f "$said"' EXIT
if ! "$BIN/uv" pip install --quiet --compile-bytecode --python "$BIN/python" --require-hashes -r "$lock" 2>"$said"; then
    echo "uv could not install $lock; pip takes over (slower, same versions and hashes)"
    "$BIN/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock" || {
        echo "pip could not install $lock either. uv had said:" >&2
        cat "$said" >&2
        exit 1
    }
fi
"$BIN/python" -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation -e .
"$BIN/python" -m compileall -q src/tocsin
