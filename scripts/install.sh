#!/bin/sh
# Install one lock and the package itself. uv is quick; pip, which knows its own settings of index and certificates, takes
# over where uv fails, and what uv said is shown only when pip fails too.
set -eu
lock=$1
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! "$BIN/uv" pip install --quiet --compile-bytecode --python "$BIN/python" --require-hashes -r "$lock" 2>"$log"; then
    echo "uv could not install $lock; pip does it, which takes longer" >&2
    if ! "$BIN/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"; then
        echo "pip could not install $lock either. uv had said:" >&2
        cat "$log" >&2
        exit 1
    fi
fi
# Python reads the link to the source in the locale's encoding and does not start where it cannot; a relative path is ASCII
# in any checkout. Asked before the link is there, while Python still starts.
here='import os, sysconfig as s; p = s.get_path("purelib"); print(p + "/_tocsin.pth", os.path.relpath("src", p), sep="\n")'
link=$("$BIN/python" -c "$here")
"$BIN/python" -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation -e .
printf '%s\n' "$link" | { IFS= read -r file; IFS= read -r source; printf '%s\n' "$source" >"$file"; }
"$BIN/python" -m compileall -q src/tocsin
