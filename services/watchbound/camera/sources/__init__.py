"""Where pictures come from: one file a kind. A source is opened anew for each attempt and yields until it ends."""
