"""Camera sites: sources, sampling, health, publishing, and synthetic sites with ground truth."""
