"""Authorising, enrolling, and knowing at every moment what is permitted."""
