"""A business's own tables, as they come: CSV, Parquet, xlsx or a query on PostgreSQL."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.io import AbstractDataset

from salespipe.datasets.engine import handed_over, literal, local, numbered
from salespipe.datasets.formats import FORMATS, is_source_file
from salespipe.datasets.previews import first_of, rows_preview
from salespipe.errors import SalespipeError
from salespipe.params_source import ReadParams, SourceParams

PARQUET = "Parquet"

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa
    from kedro_datasets._typing import TablePreview


class SourceTables(AbstractDataset[Any, "dict[str, ir.Table]"]):
    """Loads each table that `source.yml` maps; each row has its number (from 1) in `_row`.

    Args:
        folder: where the files are, `data/01_raw/<env>`.
        source: the content of `conf/<env>/source.yml`.
    """

    def __init__(
        self, *, folder: str, source: dict[str, Any], metadata: dict[str, Any] | None = None
    ) -> None:
        self._folder = Path(folder)
        self._source = source
        self.metadata = metadata

    def load(self) -> dict[str, ir.Table]:
        tables = SourceParams.model_validate(self._source).tables()
        return {name: read_source(name, self._folder, t.read) for name, t in tables.items()}

    def preview(self, nrows: int = 5) -> TablePreview:
        """The first rows of one table; a database is not asked for a preview."""
        import pandas as pd

        tables = SourceParams.model_validate(self._source).tables()
        files = {name: t.read for name, t in tables.items() if t.read.query is None}
        if (name := first_of(files)) is None:
            return rows_preview(pd.DataFrame())
        return rows_preview(read_source(name, self._folder, files[name]).limit(nrows).execute())

    def save(self, data: Any) -> None:
        del data
        raise SalespipeError("A source is read, never written.")

    def _describe(self) -> dict[str, Any]:
        return {"folder": self._folder.as_posix(), "tables": sorted(self._source)}


def read_source(name: str, folder: Path, read: ReadParams) -> ir.Table:
    """Read one source table.

    Raises:
        SalespipeError: there is no such file, several might be meant, or it can't be read.
    """
    if read.query is not None:
        return handed_over(_read_query(name, read))
    path = None if read.path else find_file(name, folder, read.file)
    try:
        if path is None or _kind(path) == PARQUET:
            return numbered(str(path or read.path))
        return handed_over(_read(path, read))
    except SalespipeError:
        raise
    except Exception as error:  # each engine has its own errors; the person needs one sentence
        reason = " ".join(str(error).split("\n\n")[0].split())
        kind = _kind(path) if path else PARQUET
        raise SalespipeError(f"{path or read.path} can't be read as {kind}: {reason}") from error


def find_file(name: str, folder: Path, pattern: str | None) -> Path:
    """The file of a table: by conf's pattern, by its name, or the only one there.

    Raises:
        SalespipeError: none or several fit.
    """
    present = [f for f in folder.glob("*") if is_source_file(f)]
    if pattern is not None:
        found = [f for f in present if f.match(pattern)]
    else:
        found = [f for f in present if f.name.split(".")[0] == name] or present
    if len(found) == 1:
        return found[0]
    env = folder.name
    if not found:
        raise SalespipeError(
            f"No {name} file in {folder}: run `make run ENV={env} DATA=<file>` "
            f"(one of {', '.join(FORMATS)})."
        )
    names = ", ".join(sorted(f.name for f in found))
    raise SalespipeError(
        f"Several files in {folder} could be {name}: {names}. "
        f"Keep one, or name it in conf/{env}/source.yml under {name}: read: file."
    )


def _kind(path: Path) -> str:
    return {".parquet": PARQUET, ".xlsx": "an xlsx workbook"}.get(path.suffix, "CSV")


def _read(path: Path, read: ReadParams) -> ir.Table:
    if path.suffix == ".xlsx":
        return _read_xlsx(path, read)
    return _read_csv(path, read)


def _read_csv(path: Path, read: ReadParams) -> ir.Table:
    """Every value as text: what it is, the mapping decides, so that nothing is guessed.

    A line that can't be split into the header's columns is a row too, with its text in `_line`.
    """
    if read.encoding:
        return _scan_csv(path, read.separator, read.encoding)
    try:
        return _scan_csv(path, read.separator, "utf-8")
    except UnicodeError:
        return _scan_csv(path, read.separator, "latin-1")


def _scan_csv(path: Path, separator: str | None, encoding: str) -> ir.Table:
    """Raises UnicodeError where the file is not in that encoding."""
    backend = local()
    header, delimiter = _header(path, separator, encoding)
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in header)
    name, rejects = _fresh_name(), _fresh_name()
    backend.raw_sql(
        f"create temp table {name} as select * from read_csv({literal(path)}, "
        f"auto_detect = false, columns = {{{columns}}}, header = true, "
        f"delim = {literal(delimiter)}, quote = '\"', escape = '\"', "
        f"encoding = {literal(encoding)}, store_rejects = true, "
        f"rejects_table = '{rejects}', rejects_scan = '{rejects}_scan')"
    )
    kinds = backend.raw_sql(f"select distinct cast(error_type as varchar) from {rejects}")
    if any("ENCODING" in kind for (kind,) in kinds.fetchall()):
        raise UnicodeError(path)
    return _numbered(
        f"select *, null as _line from {name} union all by name "
        f"from (select trim(any_value(csv_line), chr(13) || chr(10)) as _line from {rejects} "
        "group by line order by line)"
    )


def _header(path: Path, separator: str | None, encoding: str) -> tuple[list[str], str]:
    """The names in the first line, and what separates them."""
    import csv
    import gzip

    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding=encoding.replace("utf-8", "utf-8-sig"), newline="") as file:
        line = file.readline()
        if not line.strip():
            raise SalespipeError(f"{path} is empty: its first line must name the columns.")
        delimiter = separator or max(",;\t|", key=line.count)
        header = next(csv.reader([line], delimiter=delimiter))
    if repeated := sorted({name for name in header if header.count(name) > 1}):
        raise SalespipeError(f"{path} names a column twice: {', '.join(repeated)}.")
    return header, delimiter


def _read_xlsx(path: Path, read: ReadParams) -> ir.Table:
    import fastexcel

    workbook = fastexcel.read_excel(path)
    sheet = read.sheet or workbook.sheet_names[0]
    return _from_arrow(workbook.load_sheet(sheet, dtypes="string").to_arrow())


def _read_query(name: str, read: ReadParams) -> ir.Table:
    url = os.environ.get(read.url or "")
    if not url:
        raise SalespipeError(
            f"source.yml reads {name} from a database, but the environment variable "
            f"{read.url or '(none is named: set read: url)'} holds no URL."
        )
    try:
        from adbc_driver_postgresql import dbapi
    except ImportError as error:
        raise SalespipeError(
            "Reading PostgreSQL needs the extra: install salespipe[postgres]."
        ) from error
    try:
        with dbapi.connect(url) as connection, connection.cursor() as cursor:
            cursor.execute(read.query)
            table = cursor.fetch_arrow_table()
    except dbapi.Error as error:
        reason = str(error).splitlines()[0]
        raise SalespipeError(f"The database of {name} refused ({read.url}): {reason}") from error
    return _from_arrow(table)


def _from_arrow(table: pa.Table) -> ir.Table:
    stored = local().create_table(_fresh_name(), _plain(table), temp=True)
    return _numbered(f"select * from {stored.get_name()}")


def _plain(table: pa.Table) -> pa.Table:
    """Types that Arrow does not know, such as PostgreSQL's numeric, as the text they came in."""
    import pyarrow as pa

    for i, field in enumerate(table.schema):
        if isinstance(field.type, pa.BaseExtensionType):
            chunks = [chunk.storage for chunk in table.column(i).chunks]
            column = pa.chunked_array(chunks, type=field.type.storage_type)
            table = table.set_column(i, field.name, column)
    return table


def _numbered(query: str) -> ir.Table:
    return local().sql(f"select *, row_number() over () as _row from ({query})")


def _fresh_name() -> str:
    from ibis.util import gen_name

    return str(gen_name("source"))
