"""The site file: which cameras there are, and where their pictures come from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails

from watchbound.domain.errors import ConfigurationError
from watchbound.domain.frame import require_name
from watchbound.plain_yaml import load_yaml
from watchbound.settings import CameraSettings

_SCHEMES = ("rtsp", "rtsps", "http", "https")
_SECRET_KEYS = frozenset({"url"})


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class VideoSource(_Strict):
    """A video file, played at the pace of its own timestamps; paths are relative to the site file."""

    kind: Literal["video"]
    path: Path
    loop: bool = False

    def label(self) -> str:
        """For people and logs."""
        return self.path.name


class StreamSource(_Strict):
    """A live RTSP or HTTP stream. The address may hold a password, so it is never shown whole."""

    kind: Literal["stream"]
    url: SecretStr

    @field_validator("url")
    @classmethod
    def _check(cls, url: SecretStr) -> SecretStr:
        if urlsplit(url.get_secret_value()).scheme.lower() not in _SCHEMES or not _host(url):
            msg = f"expected an address such as rtsp://camera.example:554/stream, with one of {', '.join(_SCHEMES)}"
            raise ValueError(msg)
        return url

    def label(self) -> str:
        """Scheme and host only: cameras take passwords in the path and the query too."""
        return f"{urlsplit(self.url.get_secret_value()).scheme}://{_host(self.url)}/…"


class ImagesSource(_Strict):
    """A folder of JPEG and PNG images, in natural order of their names, one at each tick of the camera's rate."""

    kind: Literal["images"]
    path: Path
    loop: bool = False

    def label(self) -> str:
        """For people and logs."""
        return f"{self.path.name}/"


class SyntheticSource(_Strict):
    """People that do not exist walk by, the same for the same seed."""

    kind: Literal["synthetic"]
    seed: int = Field(ge=0)
    people: tuple[str, ...] = ()
    seconds: float = Field(60.0, gt=0, le=3600)

    def label(self) -> str:
        """For people and logs."""
        return f"synthetic, seed {self.seed}"


SourceConfig = Annotated[VideoSource | StreamSource | ImagesSource | SyntheticSource, Field(discriminator="kind")]


class CameraConfig(_Strict):
    """One camera of a site; what its file leaves out comes from `CameraSettings`."""

    id: str
    source: SourceConfig
    fps: float = Field(gt=0, le=60)
    jpeg_quality: int = Field(ge=30, le=100)
    buffer_frames: int = Field(ge=1)

    @field_validator("id")
    @classmethod
    def _name(cls, value: str) -> str:
        require_name(value, "a camera id")
        return value


class SiteConfig(_Strict):
    """Every camera that one process runs."""

    cameras: tuple[CameraConfig, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _distinct(self) -> SiteConfig:
        ids = [camera.id for camera in self.cameras]
        twice = sorted({camera for camera in ids if ids.count(camera) > 1})
        if twice:
            msg = f"each camera needs an id of its own, given more than once: {', '.join(twice)}"
            raise ValueError(msg)
        return self


def load_site(path: Path, defaults: CameraSettings) -> SiteConfig:
    """Read and check a site file.

    Raises:
        ConfigurationError: it cannot be read, or something in it is wrong; names file, camera and key, and never
            repeats an address.
    """
    document = _read(path)
    cameras = document.get("cameras") if isinstance(document, dict) else None
    if not isinstance(cameras, list):
        msg = f"{path}: expected a list of cameras under the key 'cameras'; see docs/cameras.md for an example"
        raise ConfigurationError(msg)
    inherited = defaults.model_dump(include={"fps", "jpeg_quality", "buffer_frames"})
    filled = [{**inherited, **_without_nulls(camera)} if isinstance(camera, dict) else camera for camera in cameras]
    try:
        site = SiteConfig.model_validate({**document, "cameras": filled})
    except ValidationError as error:
        problems = "; ".join(_problem(detail, cameras) for detail in error.errors())
        msg = f"{path}: {problems}"
        raise ConfigurationError(msg) from None
    return SiteConfig.model_construct(cameras=tuple(_located(camera, path) for camera in site.cameras))


def _read(path: Path) -> Any:
    try:
        return load_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        msg = f"{path}: expected a site file, {error.strerror}"
        raise ConfigurationError(msg) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        msg = f"{path}: not YAML{where}: {getattr(error, 'problem', None) or 'unreadable text'}"
        raise ConfigurationError(msg) from None


def _without_nulls(camera: dict[str, Any]) -> dict[str, Any]:
    """A key without a value means the default, as people expect of YAML."""
    return {key: value for key, value in camera.items() if value is not None}


def _problem(detail: ErrorDetails, cameras: list[Any]) -> str:
    """One complaint as `camera entrance-1: source.path: Field required`."""
    place = list(detail["loc"])
    named = "site"
    if len(place) > 1 and place[0] == "cameras" and isinstance(place[1], int):
        named = _camera_name(cameras[place[1]], place[1])
        # The union's tag stands between `source` and its key; it is not a key of the file.
        place = [part for n, part in enumerate(place[2:]) if not (n == 1 and place[2] == "source" and len(place) > 4)]
    message = detail["msg"].removeprefix("Value error, ")
    shown = detail["type"] not in ("missing", "union_tag_not_found") and not _SECRET_KEYS & set(place)
    value = detail["input"]
    got = f" (got {value!r})" if shown and isinstance(value, str | int | float | bool) else ""
    key = ".".join(str(part) for part in place)
    return f"{named}: {key}: {message}{got}" if key else f"{named}: {message}{got}"


def _camera_name(camera: Any, index: int) -> str:
    name = camera.get("id") if isinstance(camera, dict) else None
    return f"camera {name}" if isinstance(name, str) and name else f"camera number {index + 1}"


def _located(camera: CameraConfig, site: Path) -> CameraConfig:
    """With its path taken from the site file's folder, and there."""
    source = camera.source
    if not isinstance(source, VideoSource | ImagesSource):
        return camera
    path = site.parent / source.path.expanduser()
    wanted, there = ("a folder", path.is_dir()) if isinstance(source, ImagesSource) else ("a file", path.is_file())
    if not there:
        msg = f"{site}: camera {camera.id}: source.path: expected {wanted}, there is none at {path}"
        raise ConfigurationError(msg)
    return camera.model_copy(update={"source": source.model_copy(update={"path": path})})


def _host(url: SecretStr) -> str:
    """Host and port, without a user."""
    return urlsplit(url.get_secret_value()).netloc.rpartition("@")[2]
