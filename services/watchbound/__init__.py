"""Watchbound: a streaming face-matching cluster that can match only what it has been authorised to match."""
