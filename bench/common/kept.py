"""Where what is dear to make is kept between runs of the benchmarks: not part of the project."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".make" / "bench"
KEPT.mkdir(parents=True, exist_ok=True)
