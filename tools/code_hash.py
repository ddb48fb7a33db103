"""Which code a program's figures come from, as a hash: of its file and of every file of ours that it imports, directly
or not.

What is hashed is the code, not its text: comments, docstrings and layout change no figure. A module that is named in a
string ("tocsin.bench.peers.child", which another process loads) counts as imported. Built-in scenarios are data that
figures come from, and count wherever the module that reads them does.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

__all__ = ["closure", "code_hash"]

ROOT = Path(__file__).parents[1]
HOMES = {"tocsin": "src", "tools": "."}
"""Our packages, and where each lies below the root."""
DATA = {"tocsin.formats.scenarios": "src/tocsin/scenarios/*.yaml"}


def code_hash(module: str, root: Path = ROOT) -> str:
    """Hash of what a module's figures can come from, 16 hex digits."""
    digest = hashlib.sha256()
    found = closure(module, root)
    for name in sorted(found):
        digest.update(f"{name}\n{_code(found[name].read_text(encoding='utf-8'))}\n".encode())
        for path in sorted(root.glob(DATA[name])) if name in DATA else ():
            digest.update(path.relative_to(root).as_posix().encode() + b"\n" + path.read_bytes())
    return digest.hexdigest()[:16]


def closure(module: str, root: Path = ROOT) -> dict[str, Path]:
    """The module and what it imports of ours, by name; packages above a module are imported with it."""
    found: dict[str, Path] = {}
    left = [module]
    while left:
        name = left.pop()
        path = _file_of(name, root)
        if path is None or name in found:
            continue
        found[name] = path
        left += [name.rpartition(".")[0]]
        left += _named(path.read_text(encoding="utf-8"))
    return found


def _file_of(name: str, root: Path) -> Path | None:
    """The file of one of our modules; None for anything else."""
    parts = name.split(".")
    if parts[0] not in HOMES:
        return None
    base = root.joinpath(HOMES[parts[0]], *parts)
    return next((path for path in (base / "__init__.py", base.with_suffix(".py")) if path.is_file()), None)


@cache
def _named(text: str) -> tuple[str, ...]:
    """Every name in a file that may be a module's: `from a import b` gives a and a.b."""
    return tuple(dict.fromkeys(_names(ast.parse(text))))


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.split(".")[0] in HOMES:
            yield node.value


@cache
def _code(text: str) -> str:
    """A file's code without what changes no figure, in a form that is the same in every version of Python."""
    return _shape(ast.parse(text))


def _shape(node: object) -> str:
    if isinstance(node, list):
        return f"[{','.join(_shape(each) for each in node if not _documents(each))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    parts = []
    for name, value in ast.iter_fields(node):
        if value not in (None, []):  # fields that only some versions have are empty in ours
            parts.append(f"{name}={_shape(value)}")
    return f"{type(node).__name__}({','.join(parts)})"


def _documents(node: object) -> bool:
    """Whether a statement is a string that stands alone."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
