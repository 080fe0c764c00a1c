"""The embedded stack and the demonstration that runs on it."""
