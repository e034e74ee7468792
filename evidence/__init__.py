"""Collects SOC 2 change-management evidence, judges it and seals it into a verifiable packet."""

__version__ = "0.1.0"
