"""A simulated organisation, never real data: worlds, their Git repositories and loopback servers.

`organisation` holds the worlds that ship, `simulation` runs one, `world` and `steps` describe the
format, `load` makes big ones, `load_rows` rows without a world.
"""

from __future__ import annotations
