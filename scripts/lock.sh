#!/bin/sh
# Write the locks: versions and hashes for every platform, no address of any index.
set -eu
compile() {
    "$BIN/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
        "$@"
}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
echo uv > "$tmp/installer.in"
"$BIN/python" - > "$tmp/build.in" <<'PY'
import tomllib
print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")
PY
compile "$tmp/installer.in" -o requirements/installer.txt
compile pyproject.toml "$tmp/build.in" -o requirements/run.txt
compile pyproject.toml "$tmp/build.in" --group test -o requirements/test.txt
