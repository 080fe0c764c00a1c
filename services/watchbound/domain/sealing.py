"""What a data key is for. What expires apart is sealed apart: destroying one key leaves the others readable."""

from __future__ import annotations

from enum import Enum


class Purpose(Enum):
    """What is sealed with a data key, and therefore what becomes unreadable when it is destroyed."""

    FRAMES = "frames"
    """Pictures from cameras; destroyed when the authorisation ends."""

    WATCHLIST = "watchlist"
    """Templates and pictures of listed people; destroyed 24 hours after the end."""

    ALERTS = "alerts"
    """Crops and templates behind alerts; destroyed after 31 days."""
