"""Shipped fakes, one per port; each passes the contract suite of the real thing."""
