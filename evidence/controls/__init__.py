"""Controls: what is tested on one change or deployment. Pure: records in, determinations out."""
