"""`tocsin scenarios`: what is shipped to be run, and as what it is written."""

from __future__ import annotations

import sys

from tocsin.cli.show import out, out_json
from tocsin.formats.scenarios import builtin_names, builtin_text, load_builtin

__all__ = ["listing", "show"]


def listing(*, as_json: bool) -> int:
    """Print all scenarios."""
    found = [load_builtin(name) for name in builtin_names()]
    if as_json:
        out_json(
            [
                {
                    "name": s.name,
                    "title": s.title,
                    "start": s.start,
                    "duration_s": s.duration_s,
                    "source": s.source,
                    "variants": {name: list(options) for name, options in s.variants.items()},
                }
                for s in found
            ]
        )
        return 0
    for s in found:
        options = "".join(f"  --{name} {'|'.join(of)}" for name, of in s.variants.items())
        out(f"{s.name:<22} {s.title} ({s.duration_s:.0f} s from {s.start}){options}")
    return 0


def show(name: str) -> int:
    """Print one scenario as it is written."""
    sys.stdout.write(builtin_text(name))
    return 0
