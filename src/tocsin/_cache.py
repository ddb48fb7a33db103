"""Where compiled kernels are kept between runs.

Numba decides by one file's age whether a compiled function is stale, so a kernel that was edited in one module leaves
its callers in other modules with the old machine code. Each module's folder is therefore named after a hash of its
source and of every kernel source that it imports, directly or not: an edit compiles anew what it reaches, no more.
"""

from __future__ import annotations

import ast
import atexit
import hashlib
import os
import shutil
import stat
import sys
import tempfile
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent
COMPILED = ("kernels", "world")


def cache_folder(module: str) -> str:
    """Folder for the machine code of a module's kernels; the user's NUMBA_CACHE_DIR where that is set."""
    if "NUMBA_CACHE_DIR" in os.environ:
        return os.environ["NUMBA_CACHE_DIR"]
    digest = hashlib.sha256()
    for path in sorted(_reached(_source(module))):
        digest.update(path.read_bytes())
    return str(_base() / f"{module.rpartition('.')[2]}-{digest.hexdigest()[:16]}")


@cache
def _base() -> Path:
    """The user's own folder for machine code; where there can be none, one in the folder for temporary files.

    Who can write there can make this process run their code: a folder of another user, or one that everybody may write
    to, is not used.
    """
    try:
        wanted = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tocsin"
        problem = _problem(wanted)
    except RuntimeError:
        wanted, problem = Path("~/.cache/tocsin"), "this user has no home"
    if not problem:
        return wanted
    kept = Path(tempfile.gettempdir()) / f"tocsin-{os.geteuid()}"
    if kept.is_symlink() or _problem(kept):
        kept = Path(tempfile.mkdtemp(prefix="tocsin-"))
        atexit.register(shutil.rmtree, kept, ignore_errors=True)
    _say(f"tocsin: {wanted} cannot hold compiled kernels ({problem}); they are kept in {kept}\n")
    return kept


def _say(line: str) -> bool:
    """Say it on standard error; False where that is closed, or nobody reads it."""
    try:
        return sys.stderr is not None and sys.stderr.write(line) > 0
    except OSError:
        return False


def _problem(folder: Path) -> str:
    """Why a folder cannot be used for machine code, "" where it can; it is made where it is not there."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            found = folder.stat()
    except OSError as error:
        return error.strerror or "it cannot be written to"
    if found.st_uid != os.geteuid():
        return "it belongs to another user"
    return "everybody may write to it" if found.st_mode & stat.S_IWOTH else ""


def _source(module: str) -> Path:
    """File of a module; of a module outside the package (a test's own kernel) there is none to read."""
    parts = module.split(".")[1:] if module.split(".")[0] == PACKAGE.name else []
    return PACKAGE.joinpath(*parts).with_suffix(".py")


def _reached(start: Path) -> set[Path]:
    reached: set[Path] = set()
    left = [start]
    while left:
        path = left.pop()
        if path not in reached and path.is_file():
            reached.add(path)
            left.extend(_imports(path))
    return reached


@cache
def _imports(path: Path) -> tuple[Path, ...]:
    """Files of the compiled folders that a file imports from."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module, *(f"{node.module}.{name.name}" for name in node.names)]
        elif isinstance(node, ast.Import):
            found += [name.name for name in node.names]
    inside = tuple(f"{PACKAGE.name}.{folder}." for folder in COMPILED)
    return tuple(_source(name) for name in found if name.startswith(inside))
