"""Collects SOC 2 change-management evidence, judges it and seals it into a verifiable packet."""

from __future__ import annotations

__version__ = "0.1.0"
