"""`python -m evidence.cli` is the `evidence` program."""

from __future__ import annotations

from evidence.cli.main import main

main()
