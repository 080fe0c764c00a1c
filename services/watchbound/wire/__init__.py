"""Generated from `proto/` by `make proto`; imported by adapters only."""
