"""How records flow: topics, the runner, dead letters and the names of what is measured. No client library."""
