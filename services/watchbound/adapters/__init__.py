"""The only code that imports client libraries: one file per library and port."""
