"""The first place at which two recorded values differ, to the byte or to 1e-6."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from tocsin.journal.codec import Json

__all__ = ["RELATIVE", "Difference", "difference", "text_difference"]

RELATIVE = 1e-6  # design law 5: across releases, libraries and processors
_ABSOLUTE = 1e-9  # a nanometre, a nanosecond: what is nought on one processor need not be on another
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?")


@dataclass(frozen=True, slots=True)
class Difference:
    """Where, and the two values there."""

    path: str
    recorded: str
    recomputed: str

    def __str__(self) -> str:
        return f"{self.path or 'the record'}: recorded {self.recorded}, recomputed {self.recomputed}"


def difference(recorded: Json, recomputed: Json, *, exact: bool, path: str = "") -> Difference | None:
    """The first difference, depth first; None when there is none. With `exact` off, numbers may be 1e-6 apart."""
    if isinstance(recorded, dict) and isinstance(recomputed, dict):
        for key in [*recomputed, *(key for key in recorded if key not in recomputed)]:
            place = f"{path}.{key}" if path else key
            if key not in recorded or key not in recomputed:
                return Difference(place, _shown(recorded.get(key, "nothing")), _shown(recomputed.get(key, "nothing")))
            found = difference(recorded[key], recomputed[key], exact=exact, path=place)
            if found is not None:
                return found
        return None
    if isinstance(recorded, list) and isinstance(recomputed, list):
        for k, (a, b) in enumerate(zip(recorded, recomputed, strict=False)):
            found = difference(a, b, exact=exact, path=f"{path}[{k}]")
            if found is not None:
                return found
        if len(recorded) == len(recomputed):
            return None
        return Difference(f"{path} (length)", str(len(recorded)), str(len(recomputed)))
    if _same(recorded, recomputed, exact=exact, path=path):
        return None
    return Difference(path, _shown(recorded), _shown(recomputed))


def text_difference(recorded: str, recomputed: str) -> bool:
    """Whether two texts differ in more than their numbers."""
    return _NUMBER.sub("#", recorded) != _NUMBER.sub("#", recomputed)


def _same(a: Json, b: Json, *, exact: bool, path: str) -> bool:
    if type(a) is not type(b):
        return False
    if isinstance(a, float) and isinstance(b, float):
        if exact:
            return a == b and math.copysign(1.0, a) == math.copysign(1.0, b)
        return abs(a - b) <= max(RELATIVE * max(abs(a), abs(b)), _ABSOLUTE)
    if isinstance(a, str) and isinstance(b, str) and not exact and path.endswith("why"):
        return not text_difference(a, b)
    return a == b


def _shown(value: Json) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:80] + "…"
