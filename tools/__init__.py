"""What the repository needs to look after itself: code and documents made from their one source."""
