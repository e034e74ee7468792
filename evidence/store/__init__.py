"""The store: ledger, payloads, versions of facts, derived rows. The only room with SQLAlchemy."""
