"""The way in: what is raised becomes one line on standard error and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from tocsin.cli.stopping import Terminated
from tocsin.errors import Mishap, Misuse, visible

__all__ = ["FAULT", "INTERRUPTED", "MISHAP", "MISUSE", "OK", "TERMINATED", "main"]

OK, FAULT, MISUSE, MISHAP, INTERRUPTED, TERMINATED = 0, 1, 2, 3, 130, 143


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. The exit code is also what the console script ends with."""
    from tocsin.cli.app import app

    try:
        code = app(sys.argv[1:] if arguments is None else list(arguments), result_action="return_value")
        sys.stdout.flush()
        return code if isinstance(code, int) else OK
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else MISUSE
    except Terminated:
        return _told("terminated; what was written so far stays", TERMINATED)
    except KeyboardInterrupt:
        return _told("interrupted; what was written so far stays", INTERRUPTED)
    except BrokenPipeError:
        # the reader of our output has gone: give the interpreter somewhere to flush to
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
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


def _told(problem: str, code: int) -> int:
    if os.environ.get("TOCSIN_TRACEBACK") == "1" and code not in (INTERRUPTED, TERMINATED):
        import traceback

        traceback.print_exc()
    sys.stderr.write(f"tocsin: {visible(problem)}\n")
    return code
