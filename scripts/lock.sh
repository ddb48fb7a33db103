#!/bin/sh
# Write the locks: versions and hashes for every platform, no address of any index. Extras stay in the lines (pytest-cov asks
# for coverage[toml]), because pip takes a pinned line for a wish with an extra only if the line names it.
set -eu
compile() {
    "$BIN/uv" pip compile --quiet --python-version 3.11 --generate-hashes --no-strip-extras --no-header --no-annotate "$@"
}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
echo uv > "$tmp/installer.in"
"$BIN/python" - > "$tmp/build.in" <<'PY'
import tomllib
print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")
PY
compile --universal "$tmp/installer.in" -o requirements/installer.txt
compile --universal pyproject.toml "$tmp/build.in" -o requirements/run.txt
compile --universal pyproject.toml "$tmp/build.in" --group test -o requirements/test.txt
compile --resolution lowest-direct pyproject.toml "$tmp/build.in" -o requirements/lowest.txt
