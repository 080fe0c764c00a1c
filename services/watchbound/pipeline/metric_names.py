"""Every metric, defined once. `docs/metrics.md` is generated from here (`make docs`)."""

from __future__ import annotations

from watchbound.ports import Metric, MetricKind

PREFIX = "watchbound_"

_STAGE_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
_LATENCY_SECONDS = (0.05, 0.1, 0.15, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)


def _counter(name: str, meaning: str, *labels: str, unit: str = "1") -> Metric:
    return Metric(name, MetricKind.COUNTER, unit, meaning, labels)


def _gauge(name: str, meaning: str, *labels: str, unit: str = "1") -> Metric:
    return Metric(name, MetricKind.GAUGE, unit, meaning, labels)


def _histogram(name: str, meaning: str, buckets: tuple[float, ...], *labels: str) -> Metric:
    return Metric(name, MetricKind.HISTOGRAM, "seconds", meaning, labels, buckets)


# Camera sites
FRAMES_CAPTURED = _counter("frames_captured", "Frames sampled from a source.", "camera")
FRAMES_PUBLISHED = _counter("frames_published", "Frames acknowledged by the broker.", "camera")
FRAMES_SHED = _counter("frames_shed", "Live frames let go on purpose, at the site or at a worker.", "camera", "reason")
FRAMES_REFUSED = _counter("frames_refused", "Frames that no authority permitted.", "camera", "reason")
CAMERA_STATE = _gauge("camera_state", "1 for the state that a camera is in, 0 for the others.", "camera", "state")
CAMERA_RECONNECTS = _counter("camera_reconnects", "Attempts to open a source again after it failed.", "camera")
PUBLISH_SECONDS = _histogram(
    "publish_seconds", "From a frame's capture to its acknowledgement.", _LATENCY_SECONDS, "camera"
)

# Matching workers
FRAMES_RECEIVED = _counter("frames_received", "Frame records read from the log by a worker.")
FRAMES_PROCESSED = _counter(
    "frames_processed", "Frames in which faces were looked for, or need not be (frames_rested).", "camera"
)
FRAMES_RESTED = _counter(
    "frames_rested",
    "Processed frames that were not searched: soon after the last, or still and empty.",
    "camera",
    "reason",
)
FRAMES_DEAD_LETTERED = _counter("frames_dead_lettered", "Frame records that no retry can make valid.", "reason")
FACES_DETECTED = _counter("faces_detected", "Faces found in frames.", "camera")
FACES_SKIPPED = _counter("faces_skipped", "Faces not embedded, by quality component.", "reason")
TRACKS_OPENED = _counter("tracks_opened", "Passing faces that began to be followed.", "camera")
TRACKS_OPEN = _gauge("tracks_open", "Passing faces that are followed now; what is held of each ends with it.")
TRACKS_SPLIT = _counter("tracks_split", "Tracks ended because their face turned out to be another person's.", "camera")
EMBEDDINGS_MADE = _counter("embeddings_made", "Face templates computed.")
MATCHES_PUBLISHED = _counter("matches_published", "Matches acknowledged by the broker.", "camera")
MATCHES_UNSEALABLE = _counter(
    "matches_unsealable", "Matches let go since their authorisation has no key to seal the crop with.", "camera"
)
STAGE_SECONDS = _histogram("stage_seconds", "Wall time of one stage for one frame or batch.", _STAGE_SECONDS, "stage")
SEARCH_SECONDS = _histogram("search_seconds", "Wall time of one gallery search.", _STAGE_SECONDS)
CAPTURE_TO_MATCH_SECONDS = _histogram(
    "capture_to_match_seconds", "From a frame's capture to the match it completed.", _LATENCY_SECONDS
)
CONSUMER_LAG = _gauge(
    "consumer_lag", "Records that wait: not read yet, and in alerting not committed yet.", "topic", "partition"
)
WORKERS = _gauge("workers", "Matching workers by state.", "state")
WORKER_RESTARTS = _counter("worker_restarts", "Workers started again after they died.")
MODEL_INFO = _gauge("model_info", "1, with the models and the execution provider in use.", "role", "digest", "provider")

# Alerting
MATCHES_RECEIVED = _counter("matches_received", "Matches read by alerting.")
ALERTS_EMITTED = _counter("alerts_emitted", "Alert events published.", "event")
MATCHES_SUPPRESSED = _counter("matches_suppressed", "Matches that raised nothing, by reason.", "reason")
CAPTURE_TO_ALERT_SECONDS = _histogram(
    "capture_to_alert_seconds",
    "From the capture of the frame that opened an alert to its publication.",
    _LATENCY_SECONDS,
)
DECISIONS_RECEIVED = _counter("decisions_received", "Decisions read by alerting.", "verdict")
DECISIONS_REFUSED = _counter("decisions_refused", "Decisions that count for nothing, by reason.", "reason")

# Retention
RETENTION_OVERDUE = _gauge(
    "retention_overdue_seconds",
    "How long ago something should have been deleted that is not known to be gone; 0 is well, alarm above minutes.",
    "purpose",
    unit="seconds",
)
PURGES = _counter("purges", "Purges tried by the retention clock: clean, incomplete, or failed.", "outcome")

# The false-alert budget
BUDGET_FACES = _gauge("budget_faces", "Faces compared since the deployment began or was resumed.", "authorisation")
BUDGET_FALSE_ALERTS = _gauge(
    "budget_false_alerts", "Of these, faces that raised an alert which people decided to be false.", "authorisation"
)
BUDGET_LOWER_BOUND = _gauge(
    "budget_lower_bound", "With confidence the rate of false alerts is above this share of faces.", "authorisation"
)
BUDGET_PAUSES = _counter("budget_pauses", "Deployments paused because they broke their false-alert budget.")

# Every service
CPU_SECONDS = _gauge("cpu_seconds", "CPU time that the process has used, its threads included.", unit="seconds")
MEMORY_BYTES = _gauge("memory_bytes", "Resident memory of the process.", unit="bytes")
AUTHORITY_AGE = _gauge(
    "authority_age_seconds", "Since the authorisations were last known to be up to date.", unit="seconds"
)
AUTHORISATIONS_IN_FORCE = _gauge("authorisations_in_force", "Authorisations that permit something now.")
AUDIT_EVENTS = _gauge("audit_events", "Events of the audit log that a checkpoint vouches for.")
AUDIT_CHECKPOINT_AGE = _gauge(
    "audit_checkpoint_age_seconds", "Since the audit log was last found signed for to its end.", unit="seconds"
)
AUDIT_CHECKPOINT_FAILURES = _counter("audit_checkpoint_failures", "Checkpoints of the audit log that were not made.")
CLOCK_OFFSET_SECONDS = _gauge(
    "clock_offset_seconds", "How far this machine's clock is ahead of the broker's.", unit="seconds"
)
CLOCK_UNCERTAINTY_SECONDS = _gauge(
    "clock_uncertainty_seconds", "How far the true offset may lie from the one shown.", unit="seconds"
)
CLOCK_TRUSTED = _gauge("clock_trusted", "1 while the clock may be trusted; 0 permits nothing.")
DEAD_LETTERS = _counter("dead_letters", "Records sent to the dead-letter topic.", "topic", "reason")
PARTITIONS_HELD = _gauge(
    "partitions_held", "1 while a partition is held since too much of it is poison: alarm.", "topic", "partition"
)

ALL_METRICS: tuple[Metric, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Metric))
