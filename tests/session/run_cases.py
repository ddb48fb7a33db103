"""Commands as a user types them, here or in a process of their own, over a short recording."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.cli.cli_cases import HEADER

COMMAND = "import sys; from tocsin.cli import main; sys.exit(main())"


def begun(*arguments: str | Path, before: str = "") -> subprocess.Popen[str]:
    """Start a command in a process of its own; `before` is Python that runs first in it."""
    return subprocess.Popen(
        [sys.executable, "-c", f"{before}\n{COMMAND}", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"NO_COLOR": "1"},
        text=True,
    )


def recording(folder: Path, scans: int = 12) -> tuple[str | Path, ...]:
    """A recording in a folder; gives the command that tracks it, to be followed by `--out`."""
    (folder / "sensors.csv").write_text("sensor_id,lat,lon,alt_m\nradar-1,33.7856,42.4412,188.0\n")
    rows = [f"{k},radar-1,{3000 - 30 * k},90,3,10,0.15,0.15" for k in range(scans)]
    (folder / "detections.csv").write_text("\n".join((HEADER, *rows)) + "\n")
    return "track", folder / "detections.csv", "--sensors", folder / "sensors.csv"


def files(folder: Path) -> dict[str, bytes]:
    """Every file of a folder and below, links as their targets' names."""
    return {
        str(path.relative_to(folder)): str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }
