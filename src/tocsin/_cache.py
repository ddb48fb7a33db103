"""Where compiled kernels are kept between runs.

Numba keys its cache by one file's age, so that a kernel in another module that was edited leaves its callers stale
(a caller keeps the old callee). The folder is therefore named after a hash of every kernel source, before numba loads.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

PACKAGE = Path(__file__).parent
COMPILED = ("kernels", "world")


def kernel_hash() -> str:
    """Hash of all compiled sources, 16 hex digits; it names the cache folder and stands in the journal's header."""
    digest = hashlib.sha256()
    for folder in COMPILED:
        for path in sorted((PACKAGE / folder).rglob("*.py")):
            digest.update(path.relative_to(PACKAGE).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def place_kernel_cache() -> None:
    """Point numba at a folder of this exact set of kernels, unless the user chose a folder."""
    if "NUMBA_CACHE_DIR" in os.environ:
        return
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = str(base / "tocsin" / f"kernels-{kernel_hash()}")
    os.environ["NUMBA_CACHE_DIR"] = folder
    if "numba" in sys.modules:
        sys.modules["numba"].config.CACHE_DIR = folder
