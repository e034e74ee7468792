"""Path patterns of the policy, where rules look for them."""

from __future__ import annotations

from evidence.model.globs import all_match, compiled, matches

__all__ = ["all_match", "compiled", "matches"]
