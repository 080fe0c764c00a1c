"""Bytes to faces to embeddings: decode, detect, track, assess quality, align, embed. No client library."""
