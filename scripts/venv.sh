#!/bin/sh
# Make the virtual environment and put the pinned installer into it. Where Python came without venv, another maker serves; the
# system's packages are touched only by root in CI, and anyone else is told the command.
set -eu
: "${PYTHON:=python3}" "${VENV:=.venv}"
make_venv() {
    "$PYTHON" -m venv "$VENV" >/dev/null 2>&1 && return
    rm -rf "$VENV"
    "$PYTHON" -m virtualenv --quiet "$VENV" >/dev/null 2>&1 && return
    rm -rf "$VENV"
    uv venv --quiet --seed --python "$PYTHON" "$VENV" >/dev/null 2>&1 && return
    rm -rf "$VENV"
    return 1
}
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Tocsin needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3.11" >&2
    exit 1
}
if ! make_venv; then
    version=$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    install="apt-get install python$version-venv"
    if [ "$(id -u)" -ne 0 ] || [ "${CI:-}" != true ]; then
        echo "$PYTHON can make no virtual environment. On Debian or Ubuntu run: sudo $install" >&2
        exit 1
    fi
    echo "$PYTHON can make no virtual environment: root in CI, so running $install" >&2
    apt-get update -qq
    apt-get install -y -qq "python$version-venv"
    "$PYTHON" -m venv "$VENV"
fi
"$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/installer.txt
