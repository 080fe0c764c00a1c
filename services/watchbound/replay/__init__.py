"""Dead letters: what could not be handled, and what a person does about it."""
