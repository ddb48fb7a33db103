"""The way in: what is raised becomes one line on standard error and an exit code.

A standard stream may be closed, may be a pipe whose reader has gone, or may lack the characters of a name: none of
these is a fault of the command, and none changes what it does.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tocsin.cli.stopping import Terminated
from tocsin.errors import Mishap, Misuse, visible

__all__ = ["FAULT", "INTERRUPTED", "MISHAP", "MISUSE", "OK", "TERMINATED", "main"]

OK, FAULT, MISUSE, MISHAP, INTERRUPTED, TERMINATED = 0, 1, 2, 3, 130, 143


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. The exit code is also what the console script ends with."""
    _ready_streams()
    from tocsin.cli.app import app

    try:
        code = app(sys.argv[1:] if arguments is None else list(arguments), result_action="return_value")
        sys.stdout.flush()
        return code if isinstance(code, int) else OK
    except SystemExit as stop:
        if isinstance(stop.__context__, BrokenPipeError):  # raised by the printer of the help, whose reader has gone
            return OK
        return stop.code if isinstance(stop.code, int) else MISUSE
    except Terminated:
        return _told("terminated; what was written so far stays", TERMINATED)
    except KeyboardInterrupt:
        return _told("interrupted; what was written so far stays", INTERRUPTED)
    except BrokenPipeError:
        _lead_nowhere(sys.stdout)  # the reader of our output has gone
        return OK
    except Misuse as error:
        return _told(str(error), MISUSE)
    except Mishap as error:
        return _told(str(error), MISHAP)
    except OSError as error:
        return _told(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}", MISUSE)
    except MemoryError:
        return _told("out of memory; use a smaller file or a machine with more", MISUSE)
    except Exception as error:
        problem = f"a fault of the program ({type(error).__name__}: {error})"
        return _told(f"{problem}; TOCSIN_TRACEBACK=1 shows where", FAULT)


def _ready_streams() -> None:
    """Let closed streams lead nowhere, and write what an encoding lacks as JSON does, `\\u00d7` for a times sign."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        # the lowest free descriptor is taken, so that no file of a run gets the number of a closed stream
        stream = getattr(sys, name) or Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115 - until the end
        setattr(sys, name, stream)
        if mode == "w" and isinstance(stream, io.TextIOWrapper):
            codecs.register_error("tocsin.escape", _escape)
            stream.reconfigure(errors="tocsin.escape")


def _escape(error: UnicodeError) -> tuple[str, int]:
    """Handler of characters that a stream cannot take; JSON stays JSON by it."""
    import json

    if not isinstance(error, UnicodeEncodeError):
        raise error
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


def _lead_nowhere(stream: object) -> None:
    """Give the interpreter somewhere to flush to when the process ends."""
    with suppress(OSError, ValueError):
        if isinstance(stream, io.TextIOWrapper):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _told(problem: str, code: int) -> int:
    if os.environ.get("TOCSIN_TRACEBACK") == "1" and code not in (INTERRUPTED, TERMINATED):
        import traceback

        traceback.print_exc()
    try:
        sys.stderr.write(f"tocsin: {visible(problem)}\n")
        sys.stderr.flush()
    except OSError:
        _lead_nowhere(sys.stderr)
    return code
