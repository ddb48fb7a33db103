#!/bin/sh
# The quick tier, at most 60 CPU seconds once the kernels are compiled: the laws, records on disk and their readers, frames,
# errors, identities, assessment, the page of the report and the lifecycle of a warning. It leaves out what runs
# the pipeline for long: sensing, golden run, raids, studies, tracker, docs, the world's physics.
set -eu
: "${PYTHON:=python}"
export HYPOTHESIS_PROFILE="${HYPOTHESIS_PROFILE:-quick}"
exec "$PYTHON" -m pytest -q -p no:cacheprovider tests/laws tests/formats tests/identify tests/assess \
    tests/journal/test_journal_codec.py tests/journal/test_journal_chain.py tests/report tests/warn/test_warn_lifecycle.py \
    tests/test_errors.py tests/test_frames.py
