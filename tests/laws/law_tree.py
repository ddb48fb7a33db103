"""The sources as the laws read them: parsed files, who imports whom, and what a check found."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

PACKAGE = "tocsin"
SOURCE = f"src/{PACKAGE}/"
WATCHED = ("src", "tests", "tools", "bench", "scripts", "docs", "proofs", "requirements", ".ci", ".github")
TEXTS = {".py", ".md", ".txt", ".toml", ".yaml", ".yml", ".json", ".jsonl", ".sh", ".cfg", ".ini", ".html", ".csv", ""}
BUILT = {"__pycache__", "build", "dist", "out"}


@dataclass(frozen=True, order=True, slots=True)
class Finding:
    """A breach of a law at its place."""

    file: str  # from the root of the repository
    line: int
    said: str

    @property
    def key(self) -> str:
        """What a list of known breaches holds: without the line, which moves with every edit above it."""
        return f"{self.file}: {self.said}"


@dataclass(frozen=True, order=True, slots=True)
class Edge:
    """An import: at the top of a module (`first`), or in a function or for the type checker alone."""

    source: str
    target: str
    line: int
    first: bool


@dataclass(frozen=True, eq=False)
class Tree:
    """Texts of a repository by path from its root; parsed when first asked for."""

    texts: Mapping[str, str]
    _parsed: dict[str, ast.Module] = field(default_factory=dict)
    _imports: dict[str, tuple[Edge, ...]] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Tree of {len(self.texts)} files"

    def planted(self, path: str, text: str) -> Tree:
        """This tree with one file more, which none of the others imports, or with another text in one of them."""
        parsed = {p: t for p, t in self._parsed.items() if p != path}
        imports = {p: e for p, e in self._imports.items() if p != path}
        return Tree({**self.texts, path: text}, parsed, imports)

    def alone(self, path: str) -> Tree:
        """The tree of one file, or of none when there is no such file."""
        return Tree({p: t for p, t in self.texts.items() if p == path})

    def parse(self, path: str) -> ast.Module:
        """Syntax tree of a Python file."""
        if path not in self._parsed:
            self._parsed[path] = ast.parse(self.texts[path], path)
        return self._parsed[path]

    def python(self, *parts: str) -> list[str]:
        """Python files of parts of the package (`track`, `pipeline`), of all of it without any."""
        return [p for m, p in self.modules.items() if not parts or part_of(m) in parts]

    @cached_property
    def modules(self) -> dict[str, str]:
        """Module name to file, of the package."""
        return {module_of(p): p for p in sorted(self.texts) if p.startswith(SOURCE) and p.endswith(".py")}

    @cached_property
    def parts(self) -> list[str]:
        """Folders and modules directly below the package."""
        return sorted({part_of(m) for m in self.modules} - {PACKAGE})

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """All imports inside the package."""
        for module, path in self.modules.items():
            if path not in self._imports:
                self._imports[path] = tuple(sorted(set(imports(self, module, self.parse(path)))))
        return tuple(e for p in self.modules.values() for e in self._imports[p])

    @cached_property
    def edges_from(self) -> dict[str, list[Edge]]:
        """Imports by the module that makes them; to import a module is to run its packages, too."""
        found: dict[str, list[Edge]] = {module: [] for module in self.modules}
        for edge in self.edges:
            found[edge.source].append(edge)
        return found


def walk(node: ast.AST) -> Sequence[ast.AST]:
    """All nodes below one; of a whole file they are kept."""
    if not isinstance(node, ast.Module):
        return list(ast.walk(node))
    kept: list[ast.AST] | None = node.__dict__.get("walked")
    if kept is None:
        kept = node.__dict__["walked"] = list(ast.walk(node))
    return kept


def read_tree(root: Path) -> Tree:
    """Every text below a root that the laws watch."""
    files = [p for folder in WATCHED for p in (root / folder).rglob("*")] + list(root.iterdir())
    return Tree(
        {
            p.relative_to(root).as_posix(): p.read_text(encoding="utf-8", errors="replace")
            for p in sorted(files)
            if p.is_file() and p.suffix in TEXTS and not BUILT & set(p.parts) and p.name not in {".git", ".coverage"}
        }
    )


def module_of(path: str) -> str:
    """Module name of a source file."""
    name = path.removeprefix("src/").removesuffix(".py").replace("/", ".")
    return name.removesuffix(".__init__")


def part_of(module: str) -> str:
    """`track` of `tocsin.track.step`; the package itself is its own part."""
    return module.split(".")[1] if "." in module else module


def imports(tree: Tree, module: str, syntax: ast.Module) -> Iterator[Edge]:
    """Imports of our own modules that a module makes: by statement, by attribute of a package, by name in a call."""
    names = set(tree.modules)
    top = {id(node) for node in syntax.body}
    bound: dict[str, str] = {}
    for node in walk(syntax):
        if isinstance(node, ast.Import):
            for name in node.names:
                if inside := longest(name.name, names):
                    yield Edge(module, inside, node.lineno, id(node) in top)
                    bound[name.asname or PACKAGE] = inside if name.asname else PACKAGE
        elif isinstance(node, ast.ImportFrom):
            base = absolute(node, module, tree)
            for name in node.names if base.split(".")[0] == PACKAGE else ():
                full = f"{base}.{name.name}"
                target = full if full in names else offered(tree, name.name) if base == PACKAGE else base
                if inside := longest(target, names):
                    yield Edge(module, inside, node.lineno, id(node) in top)
                    if full in names:
                        bound[name.asname or name.name] = full
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            for value in node.args[:1]:
                if isinstance(value, ast.Constant) and (inside := longest(str(value.value), names)):
                    yield Edge(module, inside, node.lineno, False)
    for node in walk(syntax):
        if isinstance(node, ast.Attribute):
            root, *rest = ast.unparse(node).split(".")
            if root in bound and (inside := longest(".".join([bound[root], *rest]), names)) != bound[root]:
                yield Edge(module, inside, node.lineno, False)


def absolute(node: ast.ImportFrom, module: str, tree: Tree) -> str:
    """The module that is imported from, a relative one made absolute."""
    if not node.level:
        return node.module or ""
    base = module.split(".")
    is_package = tree.modules[module].endswith("__init__.py")
    base = base[: len(base) - node.level + is_package]
    return ".".join([*base, *([node.module] if node.module else [])])


def offered(tree: Tree, name: str) -> str:
    """The module behind a name that the package root offers; the root itself for what is its own."""
    for node in walk(tree.parse(tree.modules[PACKAGE])):
        if isinstance(node, ast.ImportFrom) and node.module and any(n.name == name for n in node.names):
            return node.module
    return PACKAGE


def longest(name: str, modules: set[str]) -> str:
    """The longest beginning of a dotted name that is one of our modules, "" when there is none."""
    parts = name.split(".") if name.split(".")[0] == PACKAGE else []
    for size in range(len(parts), 0, -1):
        if ".".join(parts[:size]) in modules:
            return ".".join(parts[:size])
    return ""


def packages(module: str) -> Iterator[str]:
    """The packages around a module, which run when it is imported; the root offers its names lazily and is left out."""
    parts = module.split(".")
    yield from (".".join(parts[:size]) for size in range(2, len(parts)))


def reached(tree: Tree, start: str, *, first_only: bool = False) -> dict[str, tuple[Edge, ...]]:
    """Modules that a module reaches, directly or not, each with the imports that lead there."""
    found: dict[str, tuple[Edge, ...]] = {start: ()}
    left = [start]
    while left:
        module = left.pop(0)
        for edge in tree.edges_from[module] if module != PACKAGE else ():
            if first_only and not edge.first:
                continue
            for target in (edge.target, *packages(edge.target)):
                if target not in found and target in tree.modules:
                    found[target] = (*found[module], edge)
                    left.append(target)
    del found[start]
    return found
