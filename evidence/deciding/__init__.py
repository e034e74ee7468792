"""Load, link, ask Git, evaluate: the loop that a sync and a report share.

`case.Case` says on which ledger, by which policy and as of when; everything that decides is pure
and stands in `chain` and `controls`. A sync stores what changed (`decide.decide_and_store`); a
report only reads (`Case.population`, `Case.chains`).
"""
