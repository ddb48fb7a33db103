"""Laws 2 and 5: no clock, file, socket or global random state below the shell; the same bytes with any threads."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from law_house import CORE, DOORS, EXERCISE, STAGES
from law_tree import PACKAGE, Finding, Tree, part_of, walk

BELOW_THE_SHELL = STAGES | CORE | DOORS | EXERCISE | {"pipeline", "score"}
SEEDED = BELOW_THE_SHELL | {"formats", "scenes", "bench", "study"}

PURE = {
    "__future__", "abc", "bisect", "collections", "dataclasses", "datetime", "enum", "functools", "heapq", "itertools",
    "jinja2", "markupsafe", "math", "msgspec", "numba", "numpy", "operator", "pymap3d", "re", "scipy", "string",
    "types", "typing", "typing_extensions", "zlib", "zoneinfo", PACKAGE,
}  # fmt: skip
"""Libraries that compute; every other needs the shell."""
AT_A_DOOR = {"copy", "pandas", "pathlib", "polars", "threading"}
"""What a door needs for the arguments and results of its callers; `doors_light` holds what it loads."""

IMPURE = {"scipy.datasets", "scipy.io"}
LOADERS = {"FileSystemLoader", "ModuleLoader"}

CLOCKS_AND_SOCKETS = {
    "asyncio", "http", "multiprocessing", "random", "sched", "secrets", "select", "selectors", "socket", "socketserver",
    "ssl", "subprocess", "threading", "time", "urllib", "uuid",
}  # fmt: skip
"""What formats, which read files, may not use."""

BUILTINS = {"__import__", "breakpoint", "eval", "exec", "input", "open", "print"}
CLOCK = {"now", "today", "utcnow"}
FILES = {
    "DataSource", "fromfile", "genfromtxt", "load", "loadtxt", "memmap", "open_memmap", "read_bytes", "read_text",
    "save", "savetxt", "savez", "savez_compressed", "tofile", "write_bytes", "write_text",
}  # fmt: skip
GENERATORS = {"BitGenerator", "Generator", "PCG64", "PCG64DXSM", "Philox", "SeedSequence", "default_rng"}
UNSEEDED = {"PCG64", "PCG64DXSM", "Philox", "SeedSequence", "default_rng"}
NUMPY_RANDOM = {"np.random", "numpy.random"}


def imported(syntax: ast.AST) -> Iterator[tuple[int, str, str]]:
    """Line, module and name of each import; "" for the module as a whole."""
    for node in walk(syntax):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name, "") for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, node.module or "", name.name) for name in node.names)


def pure_below_the_shell(tree: Tree) -> list[Finding]:
    """Clocks, files, sockets and processes below the shell; clocks and sockets in formats."""
    found = []
    for module, path in tree.modules.items():
        part, syntax = part_of(module), tree.parse(path)
        if part in BELOW_THE_SHELL:
            may = PURE | AT_A_DOOR if part in DOORS else PURE
            names = {(n, m) for n, m, _ in imported(syntax) if m.split(".")[0] not in may or m in IMPURE}
            found += [Finding(path, line, f"imports {name}") for line, name in sorted(names)]
            found += [Finding(path, line, f"uses {what}") for line, what in effects(syntax)]
        elif part == "formats":
            names = {(n, m) for n, m, _ in imported(syntax) if m.split(".")[0] in CLOCKS_AND_SOCKETS}
            found += [Finding(path, line, f"imports {name}") for line, name in sorted(names)]
            found += [Finding(path, line, f"uses {what}") for line, what in clocks(syntax)]
    return found


def effects(syntax: ast.AST) -> Iterator[tuple[int, str]]:
    """Uses of a clock or of a file that need no import."""
    yield from clocks(syntax)
    for node in walk(syntax):
        if isinstance(node, ast.Name) and node.id in BUILTINS and isinstance(node.ctx, ast.Load):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and node.attr in FILES:
            yield node.lineno, f".{node.attr}"
    for line, module, name in imported(syntax):
        if (module.split(".")[0] == "numpy" and name in FILES) or name in LOADERS | {m.split(".")[1] for m in IMPURE}:
            yield line, name


def clocks(syntax: ast.AST) -> Iterator[tuple[int, str]]:
    """Uses of a clock that need no import but datetime's or numpy's."""
    for node in walk(syntax):
        if isinstance(node, ast.Attribute) and node.attr in CLOCK:
            yield node.lineno, f".{node.attr}"
        elif isinstance(node, ast.Call) and "datetime64" in ast.unparse(node.func):
            texts = {value.value for value in node.args if isinstance(value, ast.Constant)}
            yield from ((node.lineno, "the clock of datetime64") for _ in texts & CLOCK)


def seeds_come_in(tree: Tree) -> list[Finding]:
    """Random numbers without a seed that came in as an argument."""
    found = []
    for module, path in tree.modules.items():
        if part_of(module) not in SEEDED:
            continue
        syntax = tree.parse(path)
        for line, name, part in imported(syntax):
            if name.split(".")[0] in {"random", "secrets"}:
                found.append(Finding(path, line, f"imports {name}"))
            elif (name == "numpy.random" and part not in GENERATORS) or (name, part) == ("numpy", "random"):
                found.append(Finding(path, line, f"imports {name} {part}".rstrip()))
        for node in walk(syntax):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) in NUMPY_RANDOM:
                if node.attr not in GENERATORS:
                    found.append(Finding(path, node.lineno, f"uses np.random.{node.attr}"))
            elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in UNSEEDED:
                given = [*node.args, *(k.value for k in node.keywords)]
                if not given or ast.unparse(given[0]) == "None":
                    found.append(Finding(path, node.lineno, f"{ast.unparse(node.func)} without a seed"))
    return found


def deterministic(tree: Tree) -> list[Finding]:
    """Fastmath, loops shared among threads, and kernels compiled in any other way than the one of `kernels.jit`."""
    found = []
    for module, path in tree.modules.items():
        syntax = tree.parse(path)
        for node in walk(syntax):
            if isinstance(node, ast.keyword) and node.arg in {"fastmath", "parallel"}:
                if ast.unparse(node.value) != "False":
                    found.append(Finding(path, node.value.lineno, f"{node.arg}={ast.unparse(node.value)}"))
            elif isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node).split(".")[-1] == "prange":
                found.append(Finding(path, node.lineno, "prange"))
        for line, name, part in imported(syntax):
            if "prange" in {name, part}:
                found.append(Finding(path, line, "prange"))
            if name.split(".")[0] == "numba" and module not in {"tocsin.kernels.jit", "tocsin.journal.fingerprint"}:
                found.append(Finding(path, line, "numba outside kernels.jit"))
    return found
