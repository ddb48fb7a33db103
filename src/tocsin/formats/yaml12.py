"""YAML text to plain data that remembers on which line each key stood.

PyYAML reads YAML 1.1, where `no` is false, `00:15` is the number 15 and `1e-6` is text. This loader resolves plain
scalars by the core schema of YAML 1.2.2 (section 10.3.2), in which they mean what a reader sees, and refuses what a
scenario does not need: aliases (which can expand without bound), duplicate keys and tags. How large a text may be and
how deep it may nest is held before it is read.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import yaml

from tocsin.errors import BadScenario

__all__ = ["MAX_BYTES", "Data", "Document", "nearest_line", "read"]

Data = None | bool | int | float | str | list["Data"] | dict[str, "Data"]
MAX_DEPTH = 20  # a scenario nests six deep; deeper text is a mistake or an attack on the recursion below
MAX_BYTES = 2_000_000  # five thousand zones of ten vertices each; the largest one shipped has 6 kB
MAX_NODES = 300_000  # keys, values, lists; that is ten seconds of reading
MAX_KEY = 64  # characters: a place is named by all keys above it, and remembered for each value

_NULL = re.compile(r"null|Null|NULL|~|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


@dataclass(frozen=True, slots=True)
class Document:
    """Plain data and, for each place in it (`sensors[0].max_range_m`), the line (from 1) where it stands."""

    data: Data
    lines: dict[str, int]


class _Loader(yaml.SafeLoader):
    """Refuses aliases, and what nests too deep or holds too much, while it composes."""

    depth, nodes = -1, 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem=f"*{event.anchor}: aliases are not read", problem_mark=event.start_mark)
        if self.depth == MAX_DEPTH or self.nodes == MAX_NODES:
            deep = self.depth == MAX_DEPTH
            problem = f"nested deeper than {MAX_DEPTH}" if deep else f"more than {MAX_NODES:,} values"
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=mark)
        self.depth += 1
        self.nodes += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def read(text: str, *, file: str = "") -> Document:
    """Read one YAML document. Raises BadScenario with the line of what cannot be read."""
    if len(text) > MAX_BYTES:
        raise BadScenario(f"{len(text):,} characters; a scenario has at most {MAX_BYTES:,} bytes", file=file)
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise BadScenario(f"cannot be read as YAML: {error.problem or error.context}", file=file, line=line) from error
    except yaml.YAMLError as error:
        raise BadScenario(f"cannot be read as YAML: {error}", file=file) from error
    if node is None:
        raise BadScenario("the file is empty", file=file, line=1)
    lines: dict[str, int] = {}
    return Document(_data(node, "", file, lines), lines)


def nearest_line(document: Document, place: str) -> int:
    """Line of a place, or of the nearest enclosing place that has one."""
    while place and place not in document.lines:
        place = re.sub(r"(\.?[^.\[\]]+|\[[^\]]*\])$", "", place)
    return document.lines.get(place, 1)


def _data(node: yaml.Node, place: str, file: str, lines: dict[str, int]) -> Data:
    line = node.start_mark.line + 1
    lines.setdefault(place, line)
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node, place, file)
    if isinstance(node, yaml.SequenceNode):
        return [_data(item, f"{place}[{i}]", file, lines) for i, item in enumerate(node.value)]
    result: dict[str, Data] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise BadScenario("a key must be a word", file=file, place=place, line=line)
        key = str(key_node.value)
        if len(key) > MAX_KEY:
            problem = f"a key of {len(key):,} characters; it has at most {MAX_KEY}: {key[:MAX_KEY]!r}…"
            raise BadScenario(problem, file=file, place=place, line=line)
        inner = f"{place}.{key}" if place else key
        if key in result:
            raise BadScenario("the key stands twice", file=file, place=inner, line=line)
        lines[inner] = line
        result[key] = _data(value_node, inner, file, lines)
    return result


def _scalar(node: yaml.ScalarNode, place: str, file: str) -> Data:
    text, line = str(node.value), node.start_mark.line + 1
    if node.style in ("'", '"', "|", ">"):
        return text
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text.lower() == "true"
    if _INT.fullmatch(text) and len(text) < 20:
        return int(text)
    if _SPECIAL.fullmatch(text) or (_FLOAT.fullmatch(text) and not math.isfinite(float(text))):
        raise BadScenario(f"{text} is not a finite number", file=file, place=place, line=line)
    return float(text) if _FLOAT.fullmatch(text) else text
