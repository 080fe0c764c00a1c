"""The nouns of the field as frozen values that cannot exist in a wrong state. Standard library and numpy only."""
