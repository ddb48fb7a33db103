#!/bin/sh
# Make the virtual environment and put the pinned installer into it. Where Python came without venv, get it from Debian.
set -eu
: "${PYTHON:=python3}" "${VENV:=.venv}"
if ! "$PYTHON" -m venv "$VENV" 2>/dev/null; then
    rm -rf "$VENV"
    sudo=; [ "$(id -u)" -eq 0 ] || sudo=sudo
    $sudo apt-get update -qq && $sudo apt-get install -y -qq python3-venv
    "$PYTHON" -m venv "$VENV"
fi
"$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/installer.txt
