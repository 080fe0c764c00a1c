"""Every setting of every service: read once from the environment, then frozen. Nothing else reads the environment.

Each class has its own prefix, so `WATCHBOUND_KAFKA_BOOTSTRAP` is `KafkaSettings.bootstrap`. Command-line flags of the
same meaning win over the environment.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from watchbound.domain.errors import ConfigurationError
from watchbound.domain.watchlist import ResponseLevel

S = TypeVar("S", bound=BaseSettings)
_LEVELS = "|".join(level.value for level in ResponseLevel)
_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def _prefix(name: str) -> SettingsConfigDict:
    return SettingsConfigDict(env_prefix=f"WATCHBOUND_{name}_", frozen=True, extra="forbid")


class KafkaSettings(BaseSettings):
    """Where the log is."""

    model_config = _prefix("KAFKA")

    bootstrap: str = Field("127.0.0.1:9092", min_length=3, description="host:port, comma-separated")
    session_timeout_ms: int = Field(6000, ge=1000, description="a member silent for so long loses its partitions")
    replication_factor: int = Field(1, ge=1, description="of our topics; 3 where records must outlive a broker")
    min_insync_replicas: int | None = Field(
        None, ge=1, description="brokers that must hold a record before it counts; one less than there are, if not set"
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_SSL"] = Field(
        "PLAINTEXT", description="SSL: who we are is our certificate; SASL_SSL: our name and password, over TLS"
    )
    ca_file: Path | None = Field(
        None, description="who signs brokers' certificates, PEM; unset: whom the system trusts"
    )
    cert_file: Path | None = Field(None, description="our certificate and its chain, PEM")
    key_file: Path | None = Field(None, description="its private key, PEM without password, unreadable for others")
    sasl_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = Field(
        "SCRAM-SHA-512", description="how the password is proved; PLAIN hands it to the broker"
    )
    username: str | None = Field(None, min_length=1, description="our name under SASL_SSL")
    password: SecretStr | None = Field(None, description="its password; or else:")
    password_file: Path | None = Field(None, description="a file that holds the password, unreadable for others")

    @model_validator(mode="after")
    def _goes_together(self) -> KafkaSettings:
        """Refuse what would connect as somebody else than was meant, or in the clear."""
        if (self.cert_file is None) != (self.key_file is None):
            lacking, there = ("CERT_FILE", "KEY_FILE") if self.cert_file is None else ("KEY_FILE", "CERT_FILE")
            msg = f"WATCHBOUND_KAFKA_{lacking}: must be set since WATCHBOUND_KAFKA_{there} is; they are a pair"
            raise ValueError(msg)
        allowed = {
            "PLAINTEXT": frozenset[str](),
            "SSL": frozenset({"ca_file", "cert_file", "key_file"}),
            "SASL_SSL": frozenset({"ca_file", "cert_file", "key_file", "username", "password", "password_file"}),
        }
        for name in sorted(allowed["SASL_SSL"] - allowed[self.security_protocol]):
            if getattr(self, name) is not None:
                msg = (
                    f"WATCHBOUND_KAFKA_{name.upper()}: is set, but WATCHBOUND_KAFKA_SECURITY_PROTOCOL is"
                    f" {self.security_protocol}, which would not use it; expected one of"
                    f" {', '.join(protocol for protocol, names in allowed.items() if name in names)}"
                )
                raise ValueError(msg)
        if self.security_protocol == "SASL_SSL":
            self._require_login()
        return self

    def _require_login(self) -> None:
        if self.username is None:
            msg = "WATCHBOUND_KAFKA_USERNAME: must be set since WATCHBOUND_KAFKA_SECURITY_PROTOCOL is SASL_SSL"
            raise ValueError(msg)
        if (self.password is None) == (self.password_file is None):
            came = "neither" if self.password is None else "both"
            msg = f"WATCHBOUND_KAFKA_PASSWORD: expected it or WATCHBOUND_KAFKA_PASSWORD_FILE, got {came}"
            raise ValueError(msg)

    def acknowledging(self) -> int:
        """How many replicas must hold a record before it is acknowledged."""
        return self.min_insync_replicas or max(1, self.replication_factor - 1)


class MilvusSettings(BaseSettings):
    """Where the gallery is."""

    model_config = _prefix("MILVUS")

    uri: str = Field(
        "http://127.0.0.1:19530",
        min_length=1,
        description="address of a Milvus or milvus-lite server; https:// for TLS",
    )
    token: SecretStr | None = Field(None, description="user:password or API key")
    ca_file: Path | None = Field(None, description="who signs the server's certificate, PEM; unset: the public ones")
    cert_file: Path | None = Field(None, description="our certificate, PEM, for a server that asks for one")
    key_file: Path | None = Field(None, description="its private key, PEM without password, unreadable for others")
    timeout_s: float = Field(5.0, gt=0, description="longest wait for one answer")

    @model_validator(mode="after")
    def _goes_together(self) -> MilvusSettings:
        """Refuse what would send the token or a template in the clear although it was not meant so."""
        address = urlsplit(self.uri)
        for name in ("ca_file", "cert_file", "key_file"):
            if getattr(self, name) is not None and address.scheme != "https":
                msg = (
                    f"WATCHBOUND_MILVUS_{name.upper()}: is set, but WATCHBOUND_MILVUS_URI does not begin with https://"
                )
                raise ValueError(msg)
        if (self.cert_file is None) != (self.key_file is None) or (self.cert_file and not self.ca_file):
            msg = (
                "WATCHBOUND_MILVUS_CERT_FILE: expected it together with WATCHBOUND_MILVUS_KEY_FILE and"
                " WATCHBOUND_MILVUS_CA_FILE"
            )
            raise ValueError(msg)
        if self.token is not None and address.scheme == "http" and address.hostname not in _LOOPBACK:
            msg = (
                f"WATCHBOUND_MILVUS_TOKEN: would cross the network in the clear, since WATCHBOUND_MILVUS_URI names"
                f" {address.hostname} with http://; expected https://"
            )
            raise ValueError(msg)
        return self


class HttpSettings(BaseSettings):
    """Where /metrics, /healthz and /readyz are served."""

    model_config = _prefix("HTTP")

    host: str = Field("127.0.0.1", description="loopback unless configured")
    port: int = Field(0, ge=0, le=65535, description="0 takes a free port and logs it")


class LogSettings(BaseSettings):
    """How much is told."""

    model_config = _prefix("LOG")

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="the least that is written")


class ModelSettings(BaseSettings):
    """Which models see."""

    model_config = _prefix("MODELS")

    cache: Path = Field(Path("~/.cache/watchbound/models"), description="where prepared packs lie")
    pack: str = Field("default", min_length=1, description="name of a pack in the cache, or a folder with a manifest")
    require_signature: bool = Field(False, description="run only packs that a model keeper of the trust list signed")
    use: Literal["operation", "research"] = Field("operation", description="what the models' licences must permit")
    provider: Literal["cpu", "cuda"] = Field("cpu", description="cuda refuses to start where it cannot be had")
    threads: int = Field(1, ge=1, description="intra-op threads of one worker")


class AuthoritySettings(BaseSettings):
    """How authority is followed."""

    model_config = _prefix("AUTHORITY")

    max_age_s: float = Field(5.0, gt=0, description="authority not confirmed for so long permits nothing")


class ClockSettings(BaseSettings):
    """When this machine's clock is trusted: it is compared with the broker's, since windows are judged by it."""

    model_config = _prefix("CLOCK")

    max_offset_s: float = Field(
        2.0, gt=0, description="a clock further from the broker's, doubt included, permits nothing"
    )
    interval_s: float = Field(5.0, gt=0, description="between two comparisons")
    max_age_s: float = Field(20.0, gt=0, description="a clock not compared for so long permits nothing")


class TrustSettings(BaseSettings):
    """Whose signatures count. Every service needs it and refuses to start without."""

    model_config = _prefix("TRUST")

    list: Path = Field(description="the trust list, a JSON file that `watchbound keys trust` writes")


class GuardianSettings(BaseSettings):
    """The key with which a service itself may pause, end and purge."""

    model_config = _prefix("GUARDIAN")

    key: Path | None = Field(None, description="a PEM file made by `watchbound keys generate`, with the mode 0600")


class KeySettings(BaseSettings):
    """Where the data keys are."""

    model_config = _prefix("KEYS")

    ring: Literal["file", "pkcs11"] = Field("file", description="what wraps the data keys: a master key, or a token")
    folder: Path = Field(Path("~/.local/share/watchbound/keys"), description="the key ring: wrapped data keys")
    master_key: Path = Field(
        Path("~/.config/watchbound/master.key"), description="the file that wraps them; keep it elsewhere than the ring"
    )


class PictureSettings(BaseSettings):
    """Where the pictures of listed people rest, sealed."""

    model_config = _prefix("PICTURES")

    folder: Path = Field(Path("~/.local/share/watchbound/pictures"), description="made with mode 0700 when needed")


class Pkcs11Settings(BaseSettings):
    """The hardware security module that holds keys, where one does."""

    model_config = _prefix("PKCS11")

    module: Path | None = Field(None, description="its library, such as /usr/lib/softhsm/libsofthsm2.so")
    token: str | None = Field(None, min_length=1, description="label of the token")
    pin: SecretStr | None = Field(None, description="the user's PIN")


class AuditSettings(BaseSettings):
    """Where every act is recorded: no audit, no action."""

    model_config = _prefix("AUDIT")

    url: SecretStr = Field(
        SecretStr("sqlite:///~/.local/share/watchbound/audit.db"),
        min_length=1,
        description="database of the log: sqlite:////FILE, or postgresql://USER:PASSWORD@HOST/NAME in production",
    )
    log_id: str = Field("watchbound", pattern=_NAME, description="the log's name, in every event and checkpoint")
    timeout_s: float = Field(10.0, gt=0, description="longest wait for the database, other writers included")
    checkpoints: Path = Field(
        Path("~/.local/share/watchbound/checkpoints"),
        description="folder for signed checkpoints; in production a mount of another machine, append-only",
    )
    key: Path | None = Field(
        None, description="the log's signing key, a PEM file with the mode 0600; without it no checkpoint is made"
    )
    public_keys: str = Field(
        "", description="the keys that checkpoints are believed by, NAME+HASH+BASE64, separated by spaces"
    )
    checkpoint_every_s: float = Field(10.0, gt=0, description="how often a service signs for what is new")


class CameraSettings(BaseSettings):
    """How a site samples and publishes, unless its file says otherwise for a camera."""

    model_config = _prefix("CAMERA")

    fps: float = Field(5.0, gt=0, le=60, description="frames sampled a second")
    jpeg_quality: int = Field(85, ge=30, le=100, description="of published frames, as libjpeg counts it")
    buffer_frames: int = Field(8, ge=1, description="frames a camera may hold back before the oldest is shed")


class MatchingSettings(BaseSettings):
    """How workers match."""

    model_config = _prefix("MATCHING")

    group: str = Field("watchbound-matching", min_length=1, description="consumer group that shares the frames")
    workers: int = Field(1, ge=1, description="how many workers to keep alive")
    gpus_per_worker: float = Field(0.0, ge=0.0, description="Ray's num_gpus for one worker; needs provider cuda")
    ray_address: str = Field("local", min_length=1, description="local, auto, or the address of a Ray head")
    ray_token_file: Path | None = Field(
        None, description="the cluster's token, which any address but local needs: Ray runs what it is sent"
    )
    max_frame_age_s: float = Field(5.0, gt=0, description="older live frames are shed")
    max_clock_skew_s: float = Field(1.0, ge=0, description="frames captured further in the future are refused")
    max_frame_bytes: int = Field(2_000_000, ge=1000, description="larger JPEGs are dead-lettered undecoded")
    max_frame_pixels: int = Field(3840 * 2160, ge=10_000, description="larger pictures are dead-lettered undecoded")
    poison_in_a_row: int = Field(50, ge=1, description="poisoned frames in a row that hold their partition")
    poison_share: float = Field(0.5, gt=0, le=1, description="share of poison in the last 200 that holds a partition")
    poison_retry_s: float = Field(30.0, gt=0, description="how long a held partition rests before a record is tried")
    min_eye_distance: float = Field(14.0, ge=4, description="smaller faces are not embedded, in pixels")
    detect_width: int = Field(640, ge=160, description="frames are scaled to this width before detection")
    search_every_s: float = Field(
        0.35, ge=0, le=1, description="a frame sooner after the last one searched rests; 0 searches every frame"
    )

    @model_validator(mode="after")
    def _no_open_cluster(self) -> MatchingSettings:
        """Refuse a cluster that would run anybody's code, and a token that nobody would ask for."""
        if (self.ray_address == "local") != (self.ray_token_file is None):
            msg = (
                "WATCHBOUND_MATCHING_RAY_TOKEN_FILE: expected the file of the cluster's token with every"
                f" WATCHBOUND_MATCHING_RAY_ADDRESS but local, and with no other, got {self.ray_token_file} with"
                f" {self.ray_address}; start the cluster with RAY_AUTH_MODE=token"
            )
            raise ValueError(msg)
        return self


class PurgeSettings(BaseSettings):
    """How data that is due is deleted, and where the proof is kept."""

    model_config = _prefix("PURGE")

    receipts: Path = Field(
        Path("~/.local/share/watchbound/receipts"), description="where deletion receipts are kept; back it up"
    )
    store_folders: str = Field(
        "", description="data folders of the vector store, separated by :, searched for what should be gone"
    )
    accept_unsearched_store: bool = Field(
        False, description="accept receipts that say that nobody could search the vector store's files"
    )
    store_wait_s: float = Field(
        30.0, ge=0, description="how long a purge waits for the vector store to clean up its files"
    )
    windows_topic: str = Field(
        "watchbound-alerting-windows-changelog",
        description="the changelog of alerting's windows: GROUP-windows-changelog",
    )


class GovernanceSettings(BaseSettings):
    """The retention clock."""

    model_config = _prefix("GOVERNANCE")

    every_s: float = Field(5.0, gt=0, description="seconds between two looks at what is due")


class NoticeSettings(BaseSettings):
    """Who speaks to the public."""

    model_config = _prefix("NOTICE")

    controller: str = Field("", description="who is responsible for the data, as a notice names them")
    contact: str = Field("", description="how the public reaches them")
    url: str = Field("", description="where more is said; a notice shows it as a link and a QR code")


class AdjudicationSettings(BaseSettings):
    """Who must say so before something follows from an alert."""

    model_config = _prefix("ADJUDICATION")

    two_person: str = Field(
        "red,amber,green",
        pattern=f"^(none|({_LEVELS})(,({_LEVELS}))*)$",
        description="response levels, comma-separated, where confirming and suppressing take two reviewers; or none",
    )

    lookalike_similarity: float = Field(
        0.70, gt=0, le=1, description="least cosine similarity to a judged lookalike that suppresses; fits the model"
    )

    def two_person_levels(self) -> frozenset[ResponseLevel]:
        """The response levels where confirming and suppressing take two reviewers."""
        return frozenset(ResponseLevel(name) for name in self.two_person.split(",") if name != "none")


class AlertingSettings(BaseSettings):
    """When matches become alerts."""

    model_config = _prefix("ALERTING")

    group: str = Field("watchbound-alerting", min_length=1, description="consumer group that shares the matches")
    passage_gap_s: float = Field(20.0, gt=0, description="an alert without a match for so long expires")
    suppress_s: float = Field(600.0, ge=0, description="after a settled decision the entry raises nothing for so long")
    data: Path = Field(Path("~/.cache/watchbound/alerting"), description="Faust's working folder")


class BudgetSettings(BaseSettings):
    """How many false alerts a deployment may raise before it pauses itself."""

    model_config = _prefix("BUDGET")

    rate: float = Field(0.001, gt=0, lt=1, description="false alerts allowed for each face compared")
    alpha: float = Field(0.05, gt=0, le=0.1, description="chance, at most, that a deployment within it is ever paused")
    minimum_faces: int = Field(300, ge=1, description="with fewer faces compared nothing is paused")


def load(settings: type[S], **flags: Any) -> S:
    """Read one class from the environment, with flags that are not None on top.

    Raises:
        ConfigurationError: a value is not valid; the message names its environment key.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        return settings(**given)
    except ValidationError as error:
        prefix = str(settings.model_config.get("env_prefix", ""))
        msg = "; ".join(_in_words(prefix, problem) for problem in error.errors())
        # Without its cause: pydantic's own text shows the values of all fields, secrets included.
        raise ConfigurationError(msg) from None


def _in_words(prefix: str, problem: ErrorDetails) -> str:
    if not problem["loc"]:
        # About several fields at once: the text names its key itself.
        return problem["msg"].removeprefix("Value error, ")
    key = f"{prefix}{'_'.join(str(part) for part in problem['loc']).upper()}"
    return (
        f"{key}: must be set" if problem["type"] == "missing" else f"{key}: {problem['msg']} (got {problem['input']!r})"
    )
