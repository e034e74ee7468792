"""What scanners and policy engines write: pure parsers, one per format. No network."""
