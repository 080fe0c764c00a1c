"""When matches become alerts, and when they do not."""
