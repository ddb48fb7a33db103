#!/bin/sh
# Make the virtual environment and put the pinned installer into it. Some systems ship Python without ensurepip: uv or
# virtualenv then do as well, and only root under CI installs a system package by itself.
set -eu
: "${PYTHON:=python3}" "${VENV:=.venv}"
if ! "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "$PYTHON is no Python of 3.11 or later; name one: make PYTHON=python3.12 ..." >&2
    exit 1
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
made() { "$@" >"$log" 2>&1 && "$VENV/bin/python" -m pip --version >"$log" 2>&1; }
make_one() {
    if made "$PYTHON" -m venv "$VENV"; then return; fi
    rm -rf "$VENV"
    if command -v uv >/dev/null && made uv venv --quiet --seed --python "$PYTHON" "$VENV"; then return; fi
    rm -rf "$VENV"
    if "$PYTHON" -m virtualenv --version >/dev/null 2>&1 && made "$PYTHON" -m virtualenv --quiet "$VENV"; then return; fi
    rm -rf "$VENV"
    return 1
}
if ! make_one; then
    package="python$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    if [ "$(id -u)" -eq 0 ] && [ "${CI:-}" = true ] && command -v apt-get >/dev/null; then
        echo "$PYTHON cannot make a virtual environment: installing the system package $package" >&2
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package"
        make_one || { cat "$log" >&2; exit 1; }
    else
        cat >&2 <<TEXT
$PYTHON cannot make a virtual environment: it came without ensurepip. On Debian and Ubuntu run this, then try again:

    sudo apt-get install $package

Or install uv, or name another Python: make PYTHON=python3.12 ...
TEXT
        exit 1
    fi
fi
"$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/installer.txt
