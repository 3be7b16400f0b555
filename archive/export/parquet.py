"""Parquet: typed columns, in row groups, so that memory stays flat. Needs the extra ``parquet``."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from archive.errors import ConfigError
from archive.query.table import Kind, columns_named

_GROUP_BYTES = 32_000_000
_GROUP_ROWS = 50_000


def write_parquet(
    path: Path,
    rows: Iterable[Mapping[str, object]],
    columns: Sequence[str],
    meanings: Mapping[str, str],
    *,
    group_bytes: int = _GROUP_BYTES,
) -> None:
    """Write Parquet (zstd): times in UTC to the microsecond, lists as lists, each column's meaning beside its type.

    A row group ends at ``group_bytes`` of text or at 50,000 rows. One release of pyarrow writes the same bytes for the
    same rows; another may not, since each writes its own name into the file.

    Raises:
        ConfigError: pyarrow is not installed.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415  the extra "parquet", slow to import
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(f"pyarrow is missing ({error})", hint="pip install 'vigil-archive[parquet]'") from None
    types = {
        Kind.TEXT: pa.string(),
        Kind.NUMBER: pa.int64(),
        Kind.TRUTH: pa.bool_(),
        Kind.LIST: pa.list_(pa.string()),
        Kind.TIME: pa.timestamp("us", tz="UTC"),
    }
    chosen = columns_named(columns)
    times = {column.name for column in chosen if column.kind is Kind.TIME}
    schema = pa.schema(
        [pa.field(one.name, types[one.kind], metadata={"meaning": meanings[one.name]}) for one in chosen]
    )
    group: list[dict[str, object]] = []
    size = 0
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for row in rows:
            group.append({name: _value(row[name], is_time=name in times) for name in columns})
            size += sum(_bytes(value) for value in group[-1].values() if isinstance(value, str))
            if size >= group_bytes or len(group) >= _GROUP_ROWS:
                writer.write_table(pa.Table.from_pylist(group, schema=schema), row_group_size=len(group))
                group, size = [], 0
        if group:
            writer.write_table(pa.Table.from_pylist(group, schema=schema), row_group_size=len(group))


def _value(value: object, *, is_time: bool) -> object:
    return datetime.fromisoformat(value) if is_time and isinstance(value, str) else value


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())
