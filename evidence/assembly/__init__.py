"""Fills the packet's front matter: scope, controls, yardsticks, receipts and reconciliations."""

from __future__ import annotations

from evidence.assembly.packet import assemble

__all__ = ["assemble"]
