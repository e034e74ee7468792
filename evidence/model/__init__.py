"""Frozen records that every room speaks: one module per family, no behaviour beyond naming."""
