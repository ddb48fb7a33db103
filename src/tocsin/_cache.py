"""Where compiled kernels are kept between runs.

Numba decides by one file's age whether a compiled function is stale, so a kernel that was edited in one module leaves
its callers in other modules with the old machine code. Each module's folder is therefore named after a hash of its
source and of every kernel source that it imports, directly or not: an edit compiles anew what it reaches, no more.
"""

from __future__ import annotations

import ast
import hashlib
import os
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent
COMPILED = ("kernels", "world")


def cache_folder(module: str) -> str:
    """Folder for the machine code of a module's kernels; the user's NUMBA_CACHE_DIR where that is set."""
    if "NUMBA_CACHE_DIR" in os.environ:
        return os.environ["NUMBA_CACHE_DIR"]
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    digest = hashlib.sha256()
    for path in sorted(_reached(_source(module))):
        digest.update(path.read_bytes())
    return str(base / "tocsin" / f"{module.rpartition('.')[2]}-{digest.hexdigest()[:16]}")


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
