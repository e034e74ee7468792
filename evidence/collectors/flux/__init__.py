"""Flux: Kustomizations and HelmReleases with their sources, through the Kubernetes API."""

from __future__ import annotations

from evidence.collectors.flux.collector import FluxCollector, probe

__all__ = ["FluxCollector", "probe"]
