#!/bin/sh
# Write the locks: versions and hashes for every platform and every Python from 3.11 on, no address of any index. Versions
# that a lock holds stay; only lowest.txt, the oldest direct dependencies that pyproject.toml admits, is made anew.
set -eu
compile() {
    # pip, which takes over where uv cannot, asks for the extras of a requirement by name
    "$BIN/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
        --no-strip-extras "$@"
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
compile pyproject.toml "$tmp/build.in" --resolution lowest-direct --upgrade -o requirements/lowest.txt
