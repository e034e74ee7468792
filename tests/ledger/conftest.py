"""The invented captures of the store's tests, for the ledger's."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

_PATH = Path(__file__).parent.parent / "store" / "conftest.py"
_spec = importlib.util.spec_from_file_location("store_captures", _PATH)
_captures = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = _captures  # its dataclasses look themselves up
_spec.loader.exec_module(_captures)


@pytest.fixture
def shop():
    """Builds captures, says what they mean, and writes them as pages."""
    return _captures.Shop()
