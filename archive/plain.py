"""Model values as what JSON knows."""

import dataclasses
from datetime import date, datetime
from enum import Enum
from pathlib import Path


def plain(value: object) -> object:
    """Turn model values into what JSON knows: objects by field name, times as ISO 8601 in UTC."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return spell(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (date, Path)):
        return str(value)
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return value


def spell(time: datetime) -> str:
    """Spell a UTC time as WARC-Date does, without empty fractions of a second."""
    return time.isoformat().replace("+00:00", "Z")
