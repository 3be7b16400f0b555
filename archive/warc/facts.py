"""Facts of a run as JSON, for records of their own; read back leniently, so that older and newer archives open."""

from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from archive.errors import DamagedRecordError

Fact = TypeVar("Fact")
_adapters: dict[type[object], TypeAdapter[Any]] = {}
"""Each takes some milliseconds to make."""


def dump(fact: object) -> bytes:
    """Write a dataclass of the model as JSON; times in UTC."""
    return _adapter(type(fact)).dump_json(fact, indent=2)


def load(kind: type[Fact], block: bytes, where: str) -> Fact:
    """Read a dataclass of the model from JSON; fields unknown to this software are passed over.

    ``where`` names the record in errors.

    Raises:
        DamagedRecordError: it is not that fact.
    """
    try:
        fact: Fact = _adapter(kind).validate_json(block)
    except ValidationError as error:
        raise DamagedRecordError(
            f"{where}: it is no {kind.__name__}: {error.errors()[0]['msg']}",
            hint="The record was altered, or newer software wrote it. Run `vigil verify`.",
        ) from None
    return fact


def _adapter(kind: type[object]) -> TypeAdapter[Any]:
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]
