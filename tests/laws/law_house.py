"""Laws 1, 3 and 4: who may import whom, who may see truth, and who may drive the pipeline."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from law_tree import PACKAGE, SOURCE, Edge, Finding, Tree, module_of, part_of, reached, walk

LIVE_STAGES = {"sense", "track", "identify", "forecast", "warn"}
STAGES = LIVE_STAGES | {"assess", "report"}
CORE = {"records", "frames", "kernels", "errors"}
DOORS = {"tracker", "facade"}
WINGS = {"feeds", "deliver", "serve", "web"}
EXERCISE = {"exercise", "world", "engage"}
BENCHES = {"scenes", "bench", "study"}
PRIVATE = {"_cache", "_sources", "_threads"}
HOUSE = (
    STAGES
    | CORE
    | DOORS
    | WINGS
    | EXERCISE
    | BENCHES
    | PRIVATE
    | {"pipeline", "session", "journal", "score", "formats", "cli", "warmup"}
)

MAY: dict[str, set[str]] = {
    "errors": set(),
    "records": set(),
    "frames": {"errors", "records"},
    "kernels": {"_cache"},
    **dict.fromkeys(STAGES, CORE),
    "pipeline": LIVE_STAGES | {"records", "errors"},
    **{door: LIVE_STAGES | CORE | DOORS | {"pipeline", "formats", "_threads"} for door in DOORS},
    "journal": {"records", "errors", "_cache", "_sources"},
    "formats": {"records", "frames", "errors"},
    "score": {"records", "frames", "errors"},
    "engage": CORE,
    "world": CORE,
    **{wing: {"session", "formats", "records", "errors"} for wing in WINGS},
}
"""What a part may import directly, beside itself; a part without a row is held by `NEVER` alone."""

NEVER: dict[str, set[str]] = {
    **{part: EXERCISE | BENCHES | {"cli"} for part in {"formats", "journal", "pipeline", "session"} | WINGS | DOORS},
    **{part: BENCHES | {"cli"} for part in EXERCISE},
    **{part: {"cli"} for part in BENCHES},
    "journal": STAGES | EXERCISE | BENCHES | {"pipeline", "formats", "cli", "offline"},
    "score": STAGES | EXERCISE | BENCHES | {"pipeline", "cli"},
}
"""What a part may not reach, through others either."""

OF_THE_ENGAGEMENT = {"tocsin.records.engagement", "tocsin.records.outcomes"}
TRUTH_SEEN_BY = {"world", "exercise", "scenes", "score", "bench", "study"}
TRUTH_FILE = "tocsin.formats.truth"
BLIND = STAGES | {"engage", "pipeline", "journal"} | DOORS | WINGS
DRIVERS = {"session", "exercise", "pipeline"} | DOORS
WORLD_KERNELS = {"tocsin.kernels", "tocsin.kernels.jit", "tocsin.kernels.sampling"}


def at(tree: Tree, edge: Edge, said: str) -> Finding:
    return Finding(tree.modules[edge.source], edge.line, said)


def imports_allowed(tree: Tree) -> list[Finding]:
    """Direct imports that no row of `MAY` allows or that cannot be read, and parts that have no place in the house."""
    found = [
        Finding(next(p for m, p in tree.modules.items() if part_of(m) == part), 1, f"{part} has no place in the house")
        for part in tree.parts
        if part not in HOUSE
    ]
    for edge in tree.edges:
        part, other = part_of(edge.source), part_of(edge.target)
        foreign = other not in {part, PACKAGE} and other not in MAY.get(part, HOUSE | {other})
        if foreign or (part in MAY and other == PACKAGE and part not in {"journal", PACKAGE}):
            found.append(at(tree, edge, f"{part} imports {edge.target}"))
        elif part == "journal" and edge.target in OF_THE_ENGAGEMENT:
            found.append(at(tree, edge, f"journal imports {edge.target}"))
        elif part == "world" and other == "kernels" and edge.target not in WORLD_KERNELS:
            found.append(at(tree, edge, f"world imports {edge.target}"))
    for path in tree.python(*(set(tree.parts) - BENCHES)):
        found += [
            Finding(path, line, "imports by a name that is made while it runs") for line in _made(tree.parse(path))
        ]
    return found


def _made(syntax: ast.AST) -> Iterator[int]:
    for node in walk(syntax):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            plain = node.args and isinstance(node.args[0], ast.Constant)
            yield from () if plain else (node.lineno,)


def never_reached(tree: Tree) -> list[Finding]:
    """Paths, of any length, from a part to one that it never reaches; named by the import that leaves the part."""
    found = set()
    for module in tree.modules:
        part = part_of(module)
        for target, path in reached(tree, module).items() if part in NEVER else ():
            if part_of(target) in NEVER[part] and part_of(path[0].target) != part:
                way = " -> ".join(dict.fromkeys(part_of(m) for m in (module, *(e.target for e in path), target)))
                found.add(at(tree, path[0], f"{module} reaches {way.split(' -> ', 1)[1]}"))
    return sorted(found)


def no_circle(tree: Tree) -> list[Finding]:
    """Parts that import one another, directly or round about: an arrow upwards, wherever the house is hung."""
    among: dict[str, dict[str, Edge]] = {part: {} for part in tree.parts}
    for edge in tree.edges:
        part, other = part_of(edge.source), part_of(edge.target)
        if part != other and PACKAGE not in {part, other}:
            among[part].setdefault(other, edge)
    below = {part: _below(among, part) for part in among}
    return [
        at(tree, edge, f"{part} and {other} stand in a circle")
        for part, others in among.items()
        for other, edge in others.items()
        if part in below[other]
    ]


def _below(among: dict[str, dict[str, Edge]], part: str) -> set[str]:
    seen: set[str] = set()
    left = [part]
    while left:
        fresh = set(among[left.pop()]) - seen
        seen |= fresh
        left.extend(fresh)
    return seen


def holds_truth(module: str) -> bool:
    return module.startswith(f"{PACKAGE}.") and module.rpartition(".")[2] == "truth" and module != TRUTH_FILE


def truth_unseen(tree: Tree) -> list[Finding]:
    """Imports of truth by those who may not see it, paths of any length for the blind, and detections that carry it."""
    found = [
        at(tree, edge, f"{edge.source} sees {edge.target}")
        for edge in tree.edges
        if holds_truth(edge.target)
        and part_of(edge.source) not in TRUTH_SEEN_BY
        and edge.source not in {TRUTH_FILE, edge.target}
    ]
    for module in tree.modules:
        for target, path in reached(tree, module).items() if part_of(module) in BLIND else ():
            through = part_of(path[0].target) != part_of(module) and len(path) > 1
            if through and (holds_truth(target) or target == TRUTH_FILE):
                found.append(at(tree, path[0], f"{module} reaches {target} through {path[0].target}"))
    for name in ("detections", "scans"):
        file = f"{SOURCE}records/{name}.py"
        for node in walk(tree.parse(file)) if file in tree.texts else ():
            if isinstance(node, ast.AnnAssign) and "tru" in ast.unparse(node.target).lower():
                found.append(Finding(file, node.lineno, f"a detection carries {ast.unparse(node.target)}"))
    return found


def advance_callers(tree: Tree) -> list[Finding]:
    """Uses of `pipeline.advance` outside the session, the exercise and the doors; in tools, too."""
    found = []
    files = [p for p in tree.texts if p.endswith(".py") and p.startswith((SOURCE, "tools/", "bench/"))]
    for path in files:
        if path.startswith(SOURCE) and part_of(module_of(path)) in DRIVERS:
            continue
        found += [Finding(path, line, "drives pipeline.advance") for line in _advances(tree, path)]
    return found


def _advances(tree: Tree, path: str) -> Iterator[int]:
    syntax = tree.parse(path)
    names: set[str | None] = {"tocsin.pipeline"}
    for node in walk(syntax):
        if isinstance(node, ast.ImportFrom) and node.module == "tocsin.pipeline":
            yield from (node.lineno for n in node.names if n.name in {"advance", "*"})
        elif isinstance(node, ast.ImportFrom) and node.module == PACKAGE:
            names |= {n.asname or n.name for n in node.names if n.name == "pipeline"}
        elif isinstance(node, ast.Import):
            names |= {n.asname for n in node.names if n.name == "tocsin.pipeline" and n.asname}
    for node in walk(syntax):
        if isinstance(node, ast.Attribute) and node.attr == "advance" and ast.unparse(node.value) in names:
            yield node.lineno


PARSERS = {"cyclopts", "csv", "gzip", "jinja2", "json", "pyarrow", "rasterio", "rich", "tomllib", "yaml", "zstandard"}


def doors_light(tree: Tree) -> list[Finding]:
    """Nouns and doors that load a parser as soon as they are imported."""
    found = []
    for module, path in tree.modules.items():
        if part_of(module) not in DOORS | {"records", "pipeline", PACKAGE}:
            continue
        for target, way in {module: (), **reached(tree, module, first_only=True)}.items():
            for line, name in _loaded(tree.parse(tree.modules[target])):
                if name in PARSERS:
                    line, through = (way[0].line, f" through {target}") if way else (line, "")
                    found.append(Finding(path, line, f"{module} loads {name}{through}"))
    return sorted(set(found))


def _loaded(syntax: ast.Module) -> Iterator[tuple[int, str]]:
    for node in syntax.body:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, n.name.split(".")[0]) for n in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, (node.module or "").split(".")[0]
