"""What all sections of the configuration share: how they are read, and what an id looks like."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, StringConstraints

CLOSED = ConfigDict(extra="forbid", frozen=True)
"""An unknown key is an error, and nothing changes a value once it is read."""

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
"""How sources, repositories, applications, automations and builders are called."""
