"""Argo CD: applications with their bounded history, last operation and present state."""

from __future__ import annotations

from evidence.collectors.argocd.collector import ArgoCdCollector
from evidence.collectors.argocd.history import lost_between, vanished

__all__ = ["ArgoCdCollector", "lost_between", "vanished"]
