"""How well faces are told apart, on whose pictures, and how sure that is. Nothing here matches anybody live."""
