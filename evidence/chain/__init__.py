"""The chain of one change: request, approval, validation, deployment. Pure: records to records."""
