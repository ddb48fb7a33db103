"""The command line: what a person types, what they read, and what a script gets as exit code and JSON.

takes:   arguments, files and the clock
gives:   files, text on standard output, progress and errors on standard error
assumes: nothing is imported before it is needed, so that `--help` is quick
fails:   0 done, 1 a fault of the program, 2 misuse or unusable input, 3 a replay that differs, 130 interrupted
"""

from __future__ import annotations

from tocsin.cli.entry import main

__all__ = ["main"]
