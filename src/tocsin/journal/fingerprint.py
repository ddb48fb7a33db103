"""What the bytes of a recomputed event may hang on: release, compiled sources, libraries, the processor's features."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.metadata import version

import llvmlite.binding  # type: ignore[import-untyped]
import numba

import tocsin
from tocsin._cache import kernel_hash

__all__ = ["Fingerprint", "fingerprint"]


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Two runs with equal fingerprints give equal bytes; otherwise numbers agree to 1e-6."""

    release: str
    kernels: str  # hash of all compiled sources
    numpy: str
    numba: str
    scipy: str
    cpu: str  # name of the processor's kind
    cpu_features: str  # hash of its feature set
    compiled: bool  # False: the kernels run as plain Python


def fingerprint() -> Fingerprint:
    """The fingerprint of this process."""
    features = llvmlite.binding.get_host_cpu_features().flatten()
    return Fingerprint(
        release=tocsin.__version__,
        kernels=kernel_hash(),
        numpy=version("numpy"),
        numba=version("numba"),
        scipy=version("scipy"),
        cpu=llvmlite.binding.get_host_cpu_name(),
        cpu_features=hashlib.sha256(features.encode()).hexdigest()[:16],
        compiled=not numba.config.DISABLE_JIT,  # type: ignore[attr-defined]
    )
