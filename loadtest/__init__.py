"""Load: the plain pipeline that ours is measured against, and the benchmark."""
