"""How a collection lies in Milvus: its name, its columns, and an image as a row.

Milvus allows letters, digits and underscores in names, 255 at most; ids are encoded so that two never share a name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pymilvus import DataType, MilvusClient
from pymilvus.milvus_client.index import IndexParams

from watchbound.domain.embedding import Embedding
from watchbound.domain.errors import InvalidValue
from watchbound.domain.watchlist import Category, EnrolledImage, ResponseLevel, WatchlistEntry

KEY = "key"
ENTRY_COLUMNS = ("reference", "category", "response_level")
COLLECTION_PREFIX = "authorisation_"
TEMPLATE_PREFIX = "template_"
METRIC = "IP"
"""Inner product: on unit vectors it is the cosine, and milvus-lite need not normalise again."""

_LONGEST = 200


def encode(text: str) -> str:
    """The text with every byte that Milvus would refuse as `_xx`.

    Raises:
        InvalidValue: it would be too long for a name.
    """
    encoded = "".join(chr(byte) if byte < 128 and chr(byte).isalnum() else f"_{byte:02x}" for byte in text.encode())
    if len(encoded) > _LONGEST:
        msg = f"a name must be at most {_LONGEST} letters and digits (others count for 3), got {text[:80]!r}…"
        raise InvalidValue(msg)
    return encoded


def decode(encoded: str) -> str:
    """The inverse of `encode`."""
    first, *rest = encoded.split("_")
    data = first.encode() + b"".join(bytes.fromhex(part[:2]) + part[2:].encode() for part in rest)
    return data.decode()


def collection_name(authorisation_id: str) -> str:
    """The collection of an authorisation."""
    return COLLECTION_PREFIX + encode(authorisation_id)


def template_field(model_digest: str) -> str:
    """The vector field of a collection names the model that its templates come from.

    Milvus Lite keeps neither descriptions nor properties, and a record beside the collection could disagree with it;
    a field's name is part of the collection, and the store itself then refuses the templates of another model.
    """
    return TEMPLATE_PREFIX + encode(model_digest)


def schema(client: MilvusClient, model_digest: str, dimension: int) -> Any:
    """The columns of a collection."""
    columns = client.create_schema(auto_id=False, enable_dynamic_field=False)
    columns.add_field(KEY, DataType.VARCHAR, max_length=1024, is_primary=True)
    columns.add_field("reference", DataType.VARCHAR, max_length=512)
    columns.add_field("image_id", DataType.VARCHAR, max_length=256)
    columns.add_field("category", DataType.VARCHAR, max_length=64)
    columns.add_field("response_level", DataType.VARCHAR, max_length=32)
    columns.add_field(template_field(model_digest), DataType.FLOAT_VECTOR, dim=dimension)
    return columns


def index(client: MilvusClient, model_digest: str) -> IndexParams:
    """An exact index: a watchlist of tens of thousands is searched in milliseconds, and nobody on it is overlooked."""
    params = client.prepare_index_params()
    params.add_index(template_field(model_digest), index_type="FLAT", metric_type=METRIC)
    return params


def to_entry(authorisation_id: str, found: Mapping[str, Any]) -> WatchlistEntry:
    """The entry of a row."""
    return WatchlistEntry(
        authorisation_id, found["reference"], Category(found["category"]), ResponseLevel(found["response_level"])
    )


def to_image(authorisation_id: str, found: Mapping[str, Any]) -> EnrolledImage:
    """The inverse of `to_row`."""
    field = next(name for name in found if name.startswith(TEMPLATE_PREFIX))
    template = Embedding(np.asarray(found[field], dtype=np.float32), decode(field.removeprefix(TEMPLATE_PREFIX)))
    return EnrolledImage(to_entry(authorisation_id, found), found["image_id"], template)


def to_row(image: EnrolledImage) -> dict[str, Any]:
    """An image as a row of its collection."""
    return {
        KEY: f"{image.entry.reference}/{image.image_id}",
        "reference": image.entry.reference,
        "image_id": image.image_id,
        "category": image.entry.category.value,
        "response_level": image.entry.response_level.value,
        template_field(image.embedding.model_digest): image.embedding.vector,
    }
