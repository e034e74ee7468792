"""Hands the collectors' contract suite to the test modules of each collector."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


def _load(name: str) -> ModuleType:
    known = sys.modules.get(name)
    if known is not None:
        return known
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("contract.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


_CONTRACT = _load("collector_contract")


@pytest.fixture(params=_CONTRACT.PROMISES, ids=lambda promise: promise.__name__)
def promise(request: pytest.FixtureRequest) -> object:
    """One promise of the contract; the test hands it a maker of collectors."""
    return request.param


@pytest.fixture(scope="session")
def contract() -> ModuleType:
    """The contract suite, for what a single promise does not cover."""
    return _CONTRACT
