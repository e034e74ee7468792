"""One control per file: each has a `determine` that `evidence.controls.evaluate` names."""
