"""What counts and scores say, and how surely: pure functions over numpy arrays, in the terms of ISO/IEC 19795-1."""
