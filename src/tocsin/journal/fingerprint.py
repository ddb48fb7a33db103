"""What the bytes of a recomputed event may hang on: release, sources, libraries, the processor's features.

No event hangs on a BLAS (a law of the test run), so none is named here.
"""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import cast

import llvmlite.binding  # type: ignore[import-untyped]
import numba
import numpy as np

import tocsin
from tocsin._sources import code_hash

__all__ = ["Fingerprint", "fingerprint"]


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Two runs with equal fingerprints give equal bytes; otherwise numbers agree to 1e-6.

    What a journal's header does not name is "", which equals nothing that is made here.
    """

    release: str
    numpy: str
    numba: str
    scipy: str
    cpu: str  # name of the processor's kind
    cpu_features: str  # hash of the feature set and settings for which kernels are compiled
    compiled: bool  # False: the kernels run as plain Python
    code: str = ""  # hash of every source whose code may reach an event
    python: str = ""
    libm: str = ""  # the C library, whose functions kernels and Python call
    llvmlite: str = ""
    pymap3d: str = ""
    pyarrow: str = ""  # writes tracks.csv and impacts.csv
    numpy_features: str = ""  # those of the processor that NumPy may use: they choose its exp, log and sin
    kernels: str = ""  # hash of the compiled sources alone, in journals that have no `code`


@cache
def fingerprint() -> Fingerprint:
    """The fingerprint of this process."""
    return Fingerprint(
        release=tocsin.__version__,
        numpy=version("numpy"),
        numba=version("numba"),
        scipy=version("scipy"),
        cpu=llvmlite.binding.get_host_cpu_name(),
        cpu_features=_hash(_compiled_for()),
        compiled=not numba.config.DISABLE_JIT,  # type: ignore[attr-defined]
        code=code_hash(),
        python=platform.python_version(),
        libm=" ".join(platform.libc_ver()) if platform.libc_ver()[0] else platform.platform(),
        llvmlite=version("llvmlite"),
        pymap3d=version("pymap3d"),
        pyarrow=version("pyarrow"),
        numpy_features=_hash(_numpy_features()),
    )


def _compiled_for() -> list[str]:
    """The processor's features, and what the environment makes of them for Numba."""
    settings = ("CPU_NAME", "CPU_FEATURES", "OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "USING_SVML", "ENABLE_AVX")
    chosen = [f"{name}={getattr(numba.config, name, None)}" for name in settings]
    return [llvmlite.binding.get_host_cpu_features().flatten(), *chosen]


def _numpy_features() -> list[str]:
    """Instruction sets that NumPy was built for and finds here; NPY_DISABLE_CPU_FEATURES takes some away."""
    config = cast("dict[str, dict[str, list[str]]]", np.show_config(mode="dicts"))
    simd = config.get("SIMD Extensions", {})
    return [f"{kind}={' '.join(simd.get(kind, ()))}" for kind in ("baseline", "found")]


def _hash(parts: list[str]) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
