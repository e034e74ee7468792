"""Load, link, ask Git, evaluate: the loop that a sync and a report share.

`Case` says on which ledger, by which policy and as of when; everything that decides is pure and
stands in `chain` and `controls`. A sync stores what changed (`decide_and_store`); a report only
reads (`Case.population`, `Case.chains`).
"""

from __future__ import annotations

from evidence.deciding.case import Ask, Case
from evidence.deciding.decide import Summary, decide_and_store
from evidence.deciding.yardstick import record_yardstick, yardstick_text

__all__ = ["Ask", "Case", "Summary", "decide_and_store", "record_yardstick", "yardstick_text"]
