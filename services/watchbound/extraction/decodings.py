"""The forms of a detector's answer that can be read, by the name that a manifest gives them. The list is closed."""

from __future__ import annotations

from typing import Literal

from watchbound.extraction.decoding import Decoding
from watchbound.extraction.scrfd import SCRFD
from watchbound.extraction.yunet import YUNET

DecodingName = Literal["yunet", "scrfd"]

DECODINGS: dict[DecodingName, Decoding] = {"yunet": YUNET, "scrfd": SCRFD}
