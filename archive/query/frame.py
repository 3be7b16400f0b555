"""Rows of ``Archive.table`` as a pandas data frame. Needs the extra ``pandas``."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from archive.errors import ConfigError
from archive.query.table import COLUMNS, Kind, columns_named

if TYPE_CHECKING:
    import pandas as pd


def data_frame(rows: Iterable[Mapping[str, object]], names: Sequence[str] | None) -> "pd.DataFrame":
    """Make the frame: times as ``datetime64[us, UTC]``, numbers whole, truths as bool, lists as lists; unknown is NA.

    Raises:
        ConfigError: pandas is not installed.
        UsageError: there is no such column, or one is named twice.
    """
    try:
        import pandas as pd  # noqa: PLC0415  the extra "pandas", slow to import
    except ImportError as error:
        raise ConfigError(f"pandas is missing ({error})", hint="pip install 'vigil-archive[pandas]'") from None
    columns = COLUMNS if names is None else columns_named(names)
    values: dict[str, list[object]] = {column.name: [] for column in columns}
    for row in rows:
        for name, kept in values.items():
            kept.append(row[name])
    types = {Kind.TEXT: "string", Kind.NUMBER: "int64", Kind.TRUTH: "bool", Kind.LIST: "object"}
    made = {}
    for column in columns:
        held = values[column.name]
        if column.kind is Kind.TIME:
            made[column.name] = pd.Series(pd.to_datetime(held, utc=True, format="ISO8601")).astype(
                "datetime64[us, UTC]"
            )
        else:
            made[column.name] = pd.Series(held, dtype=types[column.kind])
    return pd.DataFrame(made)
