"""Where SoftHSM is, and how its token is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

MODULES = [
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    Path("/usr/lib64/pkcs11/libsofthsm2.so"),
    Path("/opt/homebrew/lib/softhsm/libsofthsm2.so"),
]
MODULE = next((path for path in MODULES if path.exists()), None)
softhsm = pytest.mark.skipif(
    MODULE is None or not shutil.which("softhsm2-util"), reason="SoftHSM is not installed"
)


def uri(key: str, *, name: str = "audit", module: object = MODULE) -> str:
    return f"pkcs11:token={name};{key}?module-path={module}&pin-source=env:PIN"
