"""From a camera's configuration to its source."""

from __future__ import annotations

from watchbound.camera.site import CameraConfig, ImagesSource, StreamSource, SyntheticSource, VideoSource
from watchbound.camera.sources.images import ImageFolder
from watchbound.camera.sources.source import Source
from watchbound.camera.sources.video import LiveStream, VideoFile
from watchbound.domain.errors import ConfigurationError, InvalidValue


def source_of(camera: CameraConfig) -> Source:
    """The source that a camera's configuration describes; nothing is opened yet.

    Raises:
        ConfigurationError: synthetic people were asked for where they are not installed, or by a name unknown.
    """
    match camera.source:
        case VideoSource(path=path, loop=loop):
            return VideoFile(path, loop=loop)
        case StreamSource(url=url) as stream:
            return LiveStream(url.get_secret_value(), stream.label())
        case ImagesSource(path=path, loop=loop):
            return ImageFolder(path, camera.fps, loop=loop)
        case SyntheticSource() as synthetic:
            return _synthetic(camera, synthetic)


def _synthetic(camera: CameraConfig, config: SyntheticSource) -> Source:
    try:
        # Synthetic people come with the extra "embedded", which a site in production does without.
        from watchbound.camera.sources.synthetic import SyntheticWalkBy
    except ModuleNotFoundError as error:
        msg = f"camera {camera.id}: source.kind: synthetic needs {error.name}; install watchbound[embedded]"
        raise ConfigurationError(msg) from error
    try:
        return SyntheticWalkBy(camera.id, camera.fps, config)
    except InvalidValue as error:
        msg = f"camera {camera.id}: source: {error}"
        raise ConfigurationError(msg) from error
