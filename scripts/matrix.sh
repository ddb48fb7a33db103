#!/bin/sh
# Smoke on every Python that is admitted and found: the wheel beside the newest lock, and on 3.11 the oldest bounds too. Each
# leg installs outside the tree, runs, replays and tracks. A Python that is not found is named in the table.
set -eu
: "${BIN:=.venv/bin}"
BIN=$(cd "$BIN" && pwd)
tree=$(pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

find_python() {
    for candidate in "python$1" "$HOME/.pyenv/versions/$1".*/bin/python "$("$BIN/uv" python find "$1" 2>/dev/null || :)"; do
        [ -n "$candidate" ] || continue
        found=$("$candidate" -c "import sys; '%d.%d' % sys.version_info[:2] == '$1' and print(sys.executable)" 2>/dev/null || :)
        [ -z "$found" ] || { echo "$found"; return; }
    done
}

install_lock() {
    "$BIN/uv" pip install --quiet --python "$1/bin/python" --require-hashes -r "$tree/requirements/$2" 2>/dev/null ||
        "$1/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$tree/requirements/$2"
}

{
    echo sensor_id,lat,lon,alt_m
    echo radar-1,33.7856,42.4412,188
} > "$work/sensors.csv"

{
    echo t,sensor_id,range_m,azimuth_deg,elevation_deg,sigma_range_m,sigma_azimuth_deg,sigma_elevation_deg
    awk 'BEGIN { for (t = 0; t < 20; t++) printf "%d,radar-1,%d,53.3,3.1,10,0.15,0.15\n", t, 5000 - 40 * t }'
} > "$work/detections.csv"

leg() { # python, lock, folder
    set -e
    mkdir -p "$3"
    echo "virtual environment" > "$3/step"
    "$1" -m venv "$3/venv" || "$1" -m virtualenv "$3/venv" || "$BIN/uv" venv --seed --python "$1" "$3/venv"
    echo "install $2" > "$3/step"
    install_lock "$3/venv" "$2"
    cp -R "$tree/src" "$tree/pyproject.toml" "$tree/README.md" "$tree/LICENSE" "$3/"
    cd "$3"
    export NUMBA_CACHE_DIR="$3/cache"
    unset PYTHONPATH
    echo "pip install ." > step
    venv/bin/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation .
    venv/bin/python -m pip uninstall --quiet --yes tocsin
    echo wheel > step
    venv/bin/python -m pip wheel --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation -w wheel .
    venv/bin/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps wheel/*.whl
    rm -rf src
    for command in "run bdsc-2021 --seed 1 --out raid" "replay raid" \
        "track $work/detections.csv --sensors $work/sensors.csv --out tracks"; do
        echo "tocsin ${command%% *}" > step
        # shellcheck disable=SC2086
        venv/bin/tocsin $command
    done
    echo pass > step
}

pids=
for pair in 3.11/run.txt 3.11/lowest.txt 3.12/run.txt 3.13/run.txt 3.14/run.txt; do
    python=$(find_python "${pair%%/*}")
    [ -n "$python" ] || continue
    mkdir -p "$work/${pair%%/*}"
    (leg "$python" "${pair#*/}" "$work/$pair") > "$work/$pair.log" 2>&1 &
    pids="$pids $!"
done
for pid in $pids; do wait "$pid" || :; done

failed=0
printf '%-8s %-12s %s\n' Python lock result
for pair in 3.11/run.txt 3.11/lowest.txt 3.12/run.txt 3.13/run.txt 3.14/run.txt; do
    if [ ! -d "$work/$pair" ]; then
        result="not found on this machine: not tested"
    elif [ "$(cat "$work/$pair/step")" = pass ]; then
        result=pass
    else
        result="FAILED at: $(cat "$work/$pair/step")"
        failed=1
        tail -n 20 "$work/$pair.log" >&2
    fi
    printf '%-8s %-12s %s\n' "${pair%%/*}" "${pair#*/}" "$result"
done
exit "$failed"
