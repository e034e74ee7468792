"""The organisation that is read while the reader is killed: five collectors, two moments."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from shop_world import STORY, Rehearsal, pull, shop, write_configuration

from evidence.seal import keys

JIRA = """
jira = "cloud"
[[issue]]
key = "wanted"
tracker = "jira"
author = "carl"
title = "Gift cards, please"
number = 17
[[issue.events]]
do = "transition"
by = "dora"
name = "Approved"
at = "+1h"
[[issue]]
key = "unwanted"
tracker = "jira"
author = "ada"
title = "Something else"
number = 18
[[issue.events]]
do = "label"
by = "ada"
name = "later"
at = "+9d"
"""
FLUX = """
[[application]]
key = "flux-shop"
deployer = "flux"
namespace = "flux-system"
sources = [{ repository = "deploy", path = "apps/shop-prod" }]
[[push]]
key = "quick"
repository = "deploy"
by = "ada"
at = "+4d"
files = { "apps/shop-prod/extra.yaml" = "a: 1\\n" }
[[deploy]]
app = "flux-shop"
revision = "quick"
at = "+4d30m"
"""
EDITED = """
[[change]]
key = "argued"
author = "dora"
title = "SHOP-18: Argued over"
requested_by = "carl"
steps = [
  { do = "push", files = { "shop/argued.py" = "VALUE = 1\\n" } },
  { do = "checks" },
  { do = "review", by = "bert" },
  { do = "push", files = { "shop/argued.py" = "VALUE = 2\\n" } },
  { do = "checks" },
  { do = "review", by = "bert" },
  { do = "merge", by = "carl", method = "squash" },
]
"""
GAP = '[access]\nflux_forbidden = ["ocirepositories"]\n'
"""One thing that may not be read: the same gap is met by every run."""
WORLD = JIRA + GAP + STORY + EDITED + pull("last", "SHOP-17: The last one") + FLUX
MIDDLE = "+3d12h"
"""Where the store stands that the second half of the runs starts from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A world that stands at its end, and what a program needs to read it."""

    rehearsal: Rehearsal
    configuration: Path
    middle: Path
    """A data directory of a sync that was taken in the middle of the story."""
    trust: Path
    """The file by which packets of its keys are verified."""


@contextmanager
def served(directory: Path, *, store_url=None):
    """Serves the world at its end; `store_url` is where the store of the middle goes."""
    overrides = {"store": {"url": store_url}} if store_url else {}
    with shop(directory, WORLD, **overrides) as rehearsal:
        trust = directory / "trust.txt"
        trust.write_text(
            keys.trust_file(keys.init(rehearsal.keys, name="Example Shop")), encoding="utf-8"
        )
        rehearsal.sync_at(MIDDLE)
        rehearsal.simulation.end()
        yield Served(
            rehearsal=rehearsal,
            configuration=write_configuration(rehearsal, directory / "evidence.toml"),
            middle=rehearsal.home,
            trust=trust,
        )
