"""Watchbound: a streaming face-matching cluster that can match only what it has been authorised to match."""

import os

# onnxruntime and Ray tell their makers how they are used, unless they are told not to before they are imported. Set for
# whatever this process starts, too.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
