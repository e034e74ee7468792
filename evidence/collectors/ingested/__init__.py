"""Evidence that somebody hands over by `evidence ingest`: files that no source was asked for."""
