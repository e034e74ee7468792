"""The emergency procedure, condition by condition: what CM-12 tests (controls reference, 3.5)."""
