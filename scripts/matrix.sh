#!/bin/sh
# Smoke matrix: each Python that the project admits and that is here, with the newest dependencies (the lock) and the
# oldest (requirements/lowest.txt). Each cell is a fresh environment outside the tree that holds a built wheel. The wheel is
# built from a copy whose path has umlauts, in the C locale. One more cell is `pip install .` as a user does it.
set -eu
: "${BIN:=.venv/bin}" "${VERSIONS:=3.11 3.12 3.13 3.14}" "${JOBS:=2}"
BIN=$(cd "$BIN" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C
unset PYTHONPATH VIRTUAL_ENV

find_python() {
    for candidate in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/python \
        "$("$BIN/uv" python find --no-python-downloads "$1" 2>/dev/null || true)"; do
        found=$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2], sys.executable)' 2>/dev/null) || continue
        [ "${found%% *}" = "$1" ] && echo "${found#* }" && return
    done
    return 1
}

tree="$work/Übung"
mkdir "$tree"
cp -R src scripts requirements pyproject.toml README.md LICENSE "$tree"
cd "$tree"
"$BIN/python" -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index \
    --wheel-dir "$work/wheel" .

cat > "$work/cell.sh" <<'CELL'
set -eu
python=$1 name=$2 lock=$3
cell="$work/$name"
log="$work/$name.log"
mkdir "$cell"
{
    "$BIN/uv" venv --quiet --python "$python" "$cell/env" &&
        "$BIN/uv" pip install --quiet --python "$cell/env/bin/python" --require-hashes -r "$lock" &&
        "$BIN/uv" pip install --quiet --python "$cell/env/bin/python" --no-deps --no-index "$work"/wheel/*.whl &&
        "$cell/env/bin/tocsin" --help &&
        XDG_CACHE_HOME="$cell" "$cell/env/bin/python" -W error scripts/smoke.py "$cell"
} >"$log" 2>&1 || { echo "$name: failed"; tail -n 30 "$log"; exit 1; }
echo "$name: passed"
rm -rf "$cell"
CELL
cat > "$work/pip.sh" <<'CELL'
set -eu
python=$1
log="$work/pip.log"
{
    "$python" -m venv "$work/pip" && "$work/pip/bin/python" -m pip install --quiet --disable-pip-version-check . &&
        cd "$work" && "$work/pip/bin/tocsin" --help && "$work/pip/bin/tocsin" scenarios --json
} >"$log" 2>&1 || { echo "pip install .: failed"; tail -n 30 "$log"; exit 1; }
echo "pip install . with $python: passed"
CELL

cells="$work/cells" last=
for version in $VERSIONS; do
    if python=$(find_python "$version"); then
        printf 'sh %s/cell.sh "%s" %s-newest requirements/run.txt\n' "$work" "$python" "$version" >>"$cells"
        printf 'sh %s/cell.sh "%s" %s-lowest requirements/lowest.txt\n' "$work" "$python" "$version" >>"$cells"
        last=$python
    else
        echo "Python $version: skipped, no such interpreter on this machine"
    fi
done
[ -n "$last" ] || { echo "no interpreter found for any of: $VERSIONS" >&2; exit 1; }
printf 'sh %s/pip.sh "%s"\n' "$work" "$last" >>"$cells"
export BIN work
tr '\n' '\0' <"$cells" | xargs -0 -n 1 -P "$JOBS" sh -c
