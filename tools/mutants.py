"""Small faults to be put into the code, each of which a test must find: from hand-made lists, and drawn from syntax.

A generated mutant is one change of one node: a comparison is turned round or its border moved, an operator swapped, a
constant changed, min and max or and and or exchanged, a condition or a returned value negated or left out.

Left alone is what no test of behaviour can judge: docstrings, annotations, `__all__`, decorators, messages (f-strings
and whatever is raised), `strict=` of a zip, and constants below 1e-5 in size, which guard a division or a logarithm.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

__all__ = [
    "Argued",
    "Listed",
    "Mutant",
    "StaleMutant",
    "apply",
    "find_argued",
    "generate",
    "is_other_program",
    "read_argued",
    "read_list",
]

GUARD_MAX = 1e-5
"""Constants below this, other than 0, keep a division or logarithm finite: no result depends on them."""
SCALE = 10.0
"""Constants other than small whole numbers are made so many times larger, and smaller: a fault, not a fine tuning."""
SMALL_WHOLE = 10

BORDER = {ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">"}
OPPOSITE = {
    ast.Lt: ">=", ast.LtE: ">", ast.Gt: "<=", ast.GtE: "<", ast.Eq: "!=", ast.NotEq: "==",
    ast.Is: "is not", ast.IsNot: "is", ast.In: "not in", ast.NotIn: "in",
}  # fmt: skip
WRITTEN: dict[type[ast.AST], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
    ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.BitAnd: "&", ast.BitOr: "|", ast.And: "and", ast.Or: "or",
}  # fmt: skip
SWAP: dict[type[ast.AST], str] = {
    ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*", ast.FloorDiv: "*", ast.Mod: "*", ast.Pow: "*",
    ast.BitAnd: "|", ast.BitOr: "&", ast.And: "or", ast.Or: "and",
}  # fmt: skip
PAIRS = {
    "min": "max", "minimum": "maximum", "argmin": "argmax", "nanmin": "nanmax", "fmin": "fmax", "any": "all",
    "sin": "cos", "floor": "ceil", "zeros": "ones",
}  # fmt: skip
EXCHANGE = {**PAIRS, **{new: old for old, new in PAIRS.items()}}


class StaleMutant(ValueError):
    """A listed mutant whose text is not found exactly once in its file."""


class Listed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One hand-made mutant of a list: `old` stands exactly once in `file`; `tests` are the paths that find it."""

    id: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


class Argued(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A generated mutant that no test can find, and why: the line as it stands, and as it is mutated."""

    file: str
    old: str
    new: str
    why: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one file: the bytes from `start` to `stop` become `text`."""

    id: str
    package: str
    file: str
    line: int
    start: int
    stop: int
    text: str
    old: str  # for people: the line, or the listed text, before and after
    new: str
    tests: tuple[str, ...]
    listed: bool


def apply(source: bytes, mutant: Mutant) -> bytes:
    """The file's bytes with the mutant in them."""
    return source[: mutant.start] + mutant.text.encode() + source[mutant.stop :]


def read_list(path: Path, root: Path) -> list[Mutant]:
    """The mutants of one list, named after its package; raises StaleMutant for those that the code has left behind."""
    found, stale = [], []
    for entry in msgspec.json.decode(path.read_bytes(), type=list[Listed]):
        file = root / entry.file
        source, old = file.read_bytes() if file.is_file() else b"", entry.old.encode()
        missing = [name for name in entry.tests if not (root / name.partition("::")[0]).exists()]
        if source.count(old) != 1 or not entry.tests or missing or entry.old == entry.new:
            stale.append(f"{entry.id}: old text {source.count(old)} times in {entry.file}, tests missing: {missing}")
            continue
        start = source.index(old)
        line = source.count(b"\n", 0, start) + 1
        found.append(
            Mutant(
                entry.id, path.stem, entry.file, line, start, start + len(old), entry.new, entry.old, entry.new,
                entry.tests, True,
            )
        )  # fmt: skip
    if stale:
        raise StaleMutant(f"{path}: " + "; ".join(stale))
    return found


def read_argued(path: Path, root: Path) -> list[Argued]:
    """The argued list; raises StaleMutant where a line no longer stands in its file."""
    entries = msgspec.json.decode(path.read_bytes(), type=list[Argued]) if path.is_file() else []
    for entry in entries:
        file = root / entry.file
        lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
        if entry.old not in {line.strip() for line in lines} or len(entry.why) < 20:
            raise StaleMutant(f"{path}: {entry.file} has no line {entry.old!r}, or the argument is missing")
    return entries


def find_argued(mutant: Mutant, argued: list[Argued]) -> Argued | None:
    """The argument why a generated mutant changes nothing, None for none."""
    if mutant.listed:
        return None
    return next((a for a in argued if (a.file, a.old, a.new) == (mutant.file, mutant.old, mutant.new)), None)


def generate(source: bytes, file: str, package: str, tests: tuple[str, ...]) -> list[Mutant]:
    """Every mutant of a file, in order of place; `is_other_program` tells whether one is a program at all."""
    starts = [0]
    for row in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(row))
    found: dict[tuple[int, int, str], Mutant] = {}
    for line, start, stop, text, kind in _Walker(source, starts).changes(ast.parse(source)):
        changed = source[:start] + text.encode() + source[stop:]
        before, after = (code.splitlines()[line - 1].decode().strip() for code in (source, changed))
        name = f"{Path(file).name}:{line}:{start - starts[line - 1]}:{kind}:{text}"
        mutant = Mutant(name, package, file, line, start, stop, text, before, after, tests, False)
        found.setdefault((start, stop, text), mutant)
    return [found[key] for key in sorted(found)]


def is_other_program(source: bytes, mutant: Mutant) -> bool:
    """Whether the mutated file parses and says something else than the file does."""
    try:
        return ast.dump(ast.parse(apply(source, mutant))) != ast.dump(ast.parse(source))
    except SyntaxError:
        return False


Change = tuple[int, int, int, str, str]
"""Line, first byte, byte behind the last, new text, kind."""


class _Walker:
    """Goes through a syntax tree and gives the changes, each as places in the file's bytes."""

    def __init__(self, source: bytes, starts: list[int]) -> None:
        self.source = source
        self.starts = starts
        self.sizes: set[int] = set()

    def changes(self, node: ast.AST) -> Iterator[Change]:
        """The changes of a node and of all below it that may be changed."""
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("np.empty", "np.zeros", "np.full"):
            self.sizes |= {id(part) for part in ast.walk(node.args[0])}
        yield from self._of(node)
        for child in _children(node):
            yield from self.changes(child)

    def _span(self, node: ast.expr) -> tuple[int, int]:
        first, last = node.lineno, node.end_lineno or node.lineno
        return self.starts[first - 1] + node.col_offset, self.starts[last - 1] + (node.end_col_offset or 0)

    def _whole(self, node: ast.expr, text: str, kind: str) -> Change:
        start, stop = self._span(node)
        return node.lineno, start, stop, text, kind

    def _text(self, node: ast.expr) -> str:
        start, stop = self._span(node)
        return self.source[start:stop].decode()

    def _between(self, left: int, right: int, old: str, new: str, kind: str) -> Iterator[Change]:
        """The operator `old` between two bytes, replaced."""
        place = self.source[left:right].find(old.encode())
        if place >= 0:
            start = left + place
            yield self.source.count(b"\n", 0, start) + 1, start, start + len(old), new, kind

    def _of(self, node: ast.AST) -> Iterator[Change]:
        if isinstance(node, ast.Compare):
            yield from self._compare(node)
        elif isinstance(node, ast.BinOp) and type(node.op) in SWAP:
            left, right = self._span(node.left)[1], self._span(node.right)[0]
            yield from self._between(left, right, WRITTEN[type(node.op)], SWAP[type(node.op)], "operator")
        elif isinstance(node, ast.AugAssign) and type(node.op) in SWAP:
            left, right = self._span(node.target)[1], self._span(node.value)[0]
            old, new = WRITTEN[type(node.op)] + "=", SWAP[type(node.op)] + "="
            yield from self._between(left, right, old, new, "operator")
        elif isinstance(node, ast.BoolOp):
            old, new = WRITTEN[type(node.op)], SWAP[type(node.op)]
            for before, after in zip(node.values, node.values[1:], strict=False):
                yield from self._between(self._span(before)[1], self._span(after)[0], old, new, "and-or")
        elif isinstance(node, ast.UnaryOp) and not isinstance(node.operand, ast.Constant):
            yield self._whole(node, f"({self._text(node.operand)})", "unary")
        elif isinstance(node, ast.Constant):
            smaller = id(node) in self.sizes
            yield from (self._whole(node, text, "constant") for text in _other_constants(node.value, smaller))
        elif isinstance(node, ast.Call):
            yield from self._call(node.func)
        elif isinstance(node, ast.If | ast.While | ast.IfExp):
            if isinstance(node.test, ast.Name | ast.Call | ast.Attribute | ast.Subscript):
                yield self._whole(node.test, f"(not {self._text(node.test)})", "condition")
        elif isinstance(node, ast.FunctionDef):
            yield from self._returns(node)

    def _compare(self, node: ast.Compare) -> Iterator[Change]:
        sides = [node.left, *node.comparators]
        for before, after, op in zip(sides, sides[1:], node.ops, strict=False):
            left, right, old = self._span(before)[1], self._span(after)[0], WRITTEN[type(op)]
            if type(op) in BORDER:
                yield from self._between(left, right, old, BORDER[type(op)], "border")
            yield from self._between(left, right, old, OPPOSITE[type(op)], "comparison")

    def _call(self, name: ast.expr) -> Iterator[Change]:
        if isinstance(name, ast.Name) and name.id in EXCHANGE:
            yield self._whole(name, EXCHANGE[name.id], "exchange")
        elif isinstance(name, ast.Attribute) and name.attr in EXCHANGE:
            stop = self._span(name)[1]
            yield name.lineno, stop - len(name.attr), stop, EXCHANGE[name.attr], "exchange"

    def _returns(self, node: ast.FunctionDef) -> Iterator[Change]:
        kind = ast.unparse(node.returns) if node.returns else ""
        for inner in _own_statements(node):
            if isinstance(inner, ast.Return) and inner.value is not None:
                text = self._text(inner.value)
                new = {"bool": f"not ({text})", "float": f"-({text})", "int": f"({text}) + 1", "str": '""'}.get(kind)
                yield self._whole(inner.value, new or "None", "return")


def _other_constants(value: object, size: bool) -> list[str]:
    """What a constant is changed to; the size of an array to one less, for what is too large harms nothing."""
    if isinstance(value, bool):
        return [str(not value)]
    if size and isinstance(value, int) and 0 < value < SMALL_WHOLE:
        return [str(value - 1)]
    if isinstance(value, int) and value < SMALL_WHOLE:
        return [str(value + 1)]
    if isinstance(value, int):
        return [str(round(value * SCALE)), str(round(value / SCALE))]
    if not isinstance(value, float) or 0.0 < value < GUARD_MAX:
        return []
    return ["1.0"] if value == 0.0 else [repr(value * SCALE), repr(value / SCALE)]


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a node that may be changed."""
    if isinstance(node, ast.Raise | ast.JoinedStr | ast.Import | ast.ImportFrom):
        return
    if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_params"):
            continue
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, ast.AST) and not (isinstance(part, ast.keyword) and part.arg == "strict"):
                yield part


def _own_statements(node: ast.AST) -> Iterator[ast.AST]:
    """What stands in a function, without the functions inside it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            yield child
            yield from _own_statements(child)
