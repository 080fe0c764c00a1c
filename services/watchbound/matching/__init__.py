"""Search, decide and the worker that does it."""
