"""The deployment record: built from what the services counted and people decided, and reconciled."""
