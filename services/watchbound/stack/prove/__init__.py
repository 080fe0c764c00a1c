"""The standing prover: a deployment with people who are not listed, and a search for what is left of them."""
