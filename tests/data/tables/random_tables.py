"""Random tables, ways to write them in every format, and what the libraries read of them.

A table is a mapping of names to `Values`; a missing cell is None.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from dataclasses import dataclass, replace

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
from astropy.io import fits
from astropy.table import MaskedColumn, Table

UNITS = ("deg", "mas", "mas / yr", "km / s", "kpc", None, None)
NAMES = ("ra", "RA", "Ra", "source_id", "x", "X", "pm_ra", "a.b", "B-V", "flag", "n", "T", "vlos")
WORDS = ("Gaia DR3 4295806720", "NGC 104", "ω Cen", "12", "1.5", "x,y", 'a "quote"', "#1", "o'x")


@dataclass(frozen=True)
class Values:
    """The cells of a column: Python numbers or texts, None where missing."""

    dtype: str
    cells: list
    unit: str | None = None

    @property
    def hidden(self):
        return np.array([cell is None for cell in self.cells], dtype=bool)

    @property
    def filled(self):
        """An array with something under the mask that must not come through."""
        under = "under" if self.dtype == "str" else True if self.dtype == "bool" else 77
        cells = [under if cell is None else cell for cell in self.cells]
        return np.array(cells, dtype=None if self.dtype == "str" else self.dtype)


def random_table(rng, *, missing=True, texts=WORDS, names=NAMES, dtypes=None, units=True):
    """Give a table of 1 to 6 columns and 1 to 40 rows."""
    n = int(rng.integers(1, 41))
    kinds = dtypes or ("f8", "f8", "f4", "i2", "i4", "i8", "i8", "bool", "str")
    chosen = rng.permutation(list(names))[: int(rng.integers(1, 7))]
    table = {}
    for name in chosen:
        dtype = str(rng.choice(kinds))
        cells = _cells(rng, dtype, n, texts)
        if missing and rng.random() < 0.6:
            gone = rng.random(n) < rng.choice([0.1, 0.5, 1.0])
            cells = [None if out else cell for cell, out in zip(cells, gone, strict=True)]
        unit = rng.choice(UNITS) if units and dtype not in ("bool", "str") else None
        table[str(name)] = Values(dtype, cells, unit)
    return table


def _cells(rng, dtype, n, texts):
    if dtype == "str":
        return [str(text) for text in rng.choice(texts, n)]
    if dtype == "bool":
        return [bool(value) for value in rng.integers(0, 2, n)]
    if dtype.startswith("f"):
        values = rng.normal(0, 10.0 ** rng.integers(-5, 9), n)
        return np.asarray(values, dtype).tolist()
    info = np.iinfo(dtype)
    low, high = (info.max - 10**4, info.max) if rng.random() < 0.3 else (info.min + 1, info.max)
    return rng.integers(low, high, n, dtype=dtype, endpoint=True).tolist()


def as_astropy(table):
    """Give an astropy table, with masks only where cells are missing."""
    columns = []
    for name, values in table.items():
        mask = values.hidden if values.hidden.any() else None
        column = MaskedColumn(values.filled, name=name, mask=mask, unit=values.unit)
        columns.append(column)
    made = Table(columns, masked=False)
    assert made.colnames == list(table)
    return made


def as_arrow(table, *, rng=None):
    """Give an Arrow table; some columns coded by dictionaries, integers sometimes as decimals."""
    arrays, fields = [], []
    for name, values in table.items():
        type_ = {"str": pa.string(), "bool": pa.bool_(), "f8": pa.float64(), "f4": pa.float32()}
        type_ |= {"i2": pa.int16(), "i4": pa.int32(), "i8": pa.int64()}
        array = pa.array(values.cells, type_[values.dtype])
        if rng is not None and rng.random() < 0.3 and values.dtype != "bool":
            array = array.dictionary_encode()
        elif rng is not None and values.dtype == "i8" and rng.random() < 0.3:
            array = array.cast(pa.decimal128(19, 0))
        arrays.append(array)
        metadata = {"unit": values.unit} if values.unit else None
        fields.append(pa.field(name, array.type, metadata=metadata))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def as_pandas(table):
    """Give a frame of nullable columns."""
    kinds = {"str": "string", "bool": "boolean", "f8": "Float64", "f4": "Float32"}
    kinds |= {"i2": "Int16", "i4": "Int32", "i8": "Int64"}
    return pd.DataFrame(
        {name: pd.array(v.cells, dtype=kinds[v.dtype]) for name, v in table.items()}
    )


def written_text(values):
    """Give the cells as a text file has them; none where missing."""
    return [
        ""
        if cell is None
        else str(np.asarray(cell, None if values.dtype in ("str", "bool") else values.dtype))
        for cell in values.cells
    ]


def write_fits(table, path, rng):
    as_astropy(table).write(path, format="fits")


def write_scaled_fits(table, path, rng):
    """Unsigned integers with nulls, logical nulls and doubles as scaled integers."""
    columns, n = [], len(next(iter(table.values())).cells)
    raw = {}
    for i, (name, values) in enumerate(table.items()):
        extra = {"unit": values.unit} if values.unit else {}
        if values.dtype == "bool":
            columns.append(fits.Column(name, "L", array=values.filled, **extra))
            raw[i] = [0 if c is None else ord("T") if c else ord("F") for c in values.cells]
        elif values.dtype.startswith("i"):
            code = {"i2": "I", "i4": "J", "i8": "K"}[values.dtype]
            info = np.iinfo(values.dtype)
            null = info.min
            columns.append(
                fits.Column(name, code, null=null, array=np.zeros(n, values.dtype), **extra)
            )
            raw[i] = [null if c is None else c for c in values.cells]
        else:
            columns.append(
                fits.Column(
                    name,
                    "D",
                    array=np.array([np.nan if c is None else c for c in values.cells]),
                    **extra,
                )
            )
    hdu = fits.BinTableHDU.from_columns(columns)
    hdu.writeto(path)
    if not raw:
        return
    with fits.open(path, mode="update") as hdus:
        start, width = hdus[1].fileinfo()["datLoc"], hdus[1].header["NAXIS1"]
        formats = [column.dtype.newbyteorder(">") for column in hdus[1].columns]
        rows = hdus[1].header["NAXIS2"]
    offsets = np.concatenate([[0], np.cumsum([f.itemsize for f in formats])])
    with path.open("r+b") as file:
        for i, cells in raw.items():
            for row, cell in enumerate(cells[:rows]):
                file.seek(start + row * width + offsets[i])
                file.write(
                    np.array(cell, formats[i] if formats[i].kind != "b" else "i1").tobytes()
                )


def write_ascii_fits(table, path, rng):
    columns = []
    for name, values in table.items():
        code = {"f8": "D25.17", "f4": "E17.9", "i2": "I6", "i4": "I11", "i8": "I20", "str": "A40"}
        extra = {"unit": values.unit} if values.unit else {}
        columns.append(
            fits.Column(name, code[values.dtype], array=values.filled, ascii=True, **extra)
        )
    fits.TableHDU.from_columns(columns).writeto(path)


def write_colfits(table, path, rng):
    columns, n = [], len(next(iter(table.values())).cells)
    for name, values in table.items():
        code = {"f8": "D", "f4": "E", "i2": "I", "i4": "J", "i8": "K", "bool": "L"}[values.dtype]
        extra = {"unit": values.unit} if values.unit else {}
        columns.append(fits.Column(name, f"{n}{code}", array=values.filled[None, :], **extra))
    fits.BinTableHDU.from_columns(columns).writeto(path)


def write_votable(table, path, rng):
    forms = ["tabledata", "binary2"]
    if not any(v.hidden.any() and v.dtype[0] in "ib" for v in table.values()):
        forms.append("binary")  # which has no null for integers
    # astropy takes no text for missing but an empty one, on purpose
    table = {
        name: replace(v, cells=[c or "" for c in v.cells]) if v.dtype == "str" else v
        for name, v in table.items()
    }
    form = str(rng.choice(forms))
    as_astropy(table).write(path, format="votable", tabledata_format=form)


def write_ecsv(table, path, rng):
    methods = {"str": "data_mask"} if rng.random() < 0.3 else {}
    delimiter = str(rng.choice([" ", ","]))
    kept = as_astropy(table)
    if methods:
        for column in kept.itercols():
            column.info.serialize_method["ecsv"] = "data_mask"
    kept.write(path, format="ascii.ecsv", delimiter=delimiter)


def write_csv(table, path, rng):
    as_pandas(table).to_csv(path, index=False, na_rep=str(rng.choice(["", "nan", "NULL"])))


def write_tsv(table, path, rng):
    as_pandas(table).to_csv(path, index=False, sep="\t")


def write_european(table, path, rng):
    as_pandas(table).to_csv(path, index=False, sep=";", decimal=",")


def write_commented(table, path, rng):
    as_astropy(table).write(path, format="ascii.commented_header", fill_values=[("", "--")])


def write_basic(table, path, rng):
    as_astropy(table).write(path, format="ascii.basic", fill_values=[("", "--")])


def write_mrt(table, path, rng):
    as_astropy(table).write(path, format="ascii.mrt")


def write_ipac(table, path, rng):
    as_astropy(table).write(path, format="ascii.ipac")


def write_vizier(table, path, rng):
    """The tab-separated form of VizieR, with lines of units and dashes and padded cells."""
    texts = {name: written_text(values) for name, values in table.items()}
    width = {name: max(map(len, (*cells, name))) for name, cells in texts.items()}
    lines = ["#", "#RESOURCE=yCat_0", "#Name: I/0", "#Table\tI_0_random:", "#Name: I/0/random"]
    lines += ["\t".join(table), "\t".join(v.unit or " " for v in table.values())]
    lines.append("\t".join("-" * n for n in width.values()))
    for row in zip(*texts.values(), strict=True):
        lines.append("\t".join(c.rjust(n) for c, n in zip(row, width.values(), strict=True)))
    path.write_text("\n".join([*lines, "", "#END#", ""]), encoding="utf-8")


def write_parquet(table, path, rng):
    pq.write_table(as_arrow(table, rng=rng), path, row_group_size=int(rng.integers(1, 50)))


def write_pandas_parquet(table, path, rng):
    frame = as_pandas(table)
    if rng.random() < 0.5:
        frame.index = np.arange(len(frame)) * 3
    frame.to_parquet(path)


def write_astropy_parquet(table, path, rng):
    as_astropy(table).write(path, format="parquet")


def write_feather(table, path, rng):
    feather.write_feather(as_arrow(table, rng=rng), path, chunksize=int(rng.integers(1, 50)))


def write_arrow_stream(table, path, rng):
    made = as_arrow(table)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, made.schema) as stream:
        stream.write_table(made, max_chunksize=int(rng.integers(1, 50)))


def write_astropy_hdf5(table, path, rng):
    as_astropy(table).write(path, format="hdf5", path="group/stars", serialize_meta=True)


def write_vaex(table, path, rng):
    """One group a column, with a mask or bits beside the data."""
    with h5py.File(path, "w") as file:
        columns = file.create_group("table/columns")
        for name, values in table.items():
            group = columns.create_group(name)
            if values.unit:
                group.attrs["unit"] = values.unit
            bits = np.packbits(~values.hidden, bitorder="little")
            if values.dtype == "str":
                texts = [str(text).encode() for text in values.filled]
                group["data"] = np.frombuffer(b"".join(texts), "S1")
                group["indices"] = np.cumsum([0, *map(len, texts)])
                group["null_bitmap"] = bits
            else:
                group["data"] = values.filled
                if rng.random() < 0.5:
                    group["mask"] = values.hidden
                else:
                    group["null_bitmap"] = bits


def write_pandas_fixed(table, path, rng):
    """The layout of DataFrame.to_hdf(format="fixed")."""
    with h5py.File(path, "w") as file:
        group = file.create_group("frame")
        group.attrs["pandas_type"] = np.bytes_("frame")
        group.attrs["axis0_variety"] = group.attrs["axis1_variety"] = np.bytes_("regular")
        group["axis0"] = np.array([name.encode() for name in table])
        group["axis1"] = np.arange(len(next(iter(table.values())).cells))
        types = sorted({values.dtype for values in table.values()})
        group.attrs["nblocks"] = len(types)
        for i, dtype in enumerate(types):
            same = {name: values for name, values in table.items() if values.dtype == dtype}
            group[f"block{i}_items"] = np.array([name.encode() for name in same])
            group[f"block{i}_values"] = np.stack([_with_nan(v) for v in same.values()], axis=1)
            group[f"block{i}_values"].attrs["transposed"] = np.uint8(1)


def write_pandas_table(table, path, rng):
    """The layout of DataFrame.to_hdf(format="table"); names are pickled, as PyTables does."""
    import pickle

    n = len(next(iter(table.values())).cells)
    types = sorted({values.dtype for values in table.values()})
    blocks = {t: {k: v for k, v in table.items() if v.dtype == t} for t in types}
    members = [("index", "i8")]
    members += [(f"values_block_{i}", t, (len(blocks[t]),)) for i, t in enumerate(types)]
    rows = np.zeros(n, members)
    rows["index"] = np.arange(n)
    with h5py.File(path, "w") as file:
        group = file.create_group("frame")
        group.attrs["pandas_type"] = np.bytes_("frame_table")
        group.attrs["table_type"] = np.bytes_("appendable_frame")
        group.attrs["non_index_axes"] = np.bytes_(pickle.dumps([(1, list(table))], 0))
        for i, type_ in enumerate(types):
            rows[f"values_block_{i}"] = np.stack(
                [_with_nan(v) for v in blocks[type_].values()], axis=1
            )
        group["table"] = rows
        about = group["table"].attrs
        about["index_kind"] = np.bytes_("integer")
        for i, type_ in enumerate(types):
            about[f"values_block_{i}_kind"] = np.bytes_(pickle.dumps(list(blocks[type_]), 0))
            about[f"values_block_{i}_dtype"] = np.bytes_(np.dtype(type_).name)


def _with_nan(values):
    if values.dtype.startswith("f"):
        return np.array([np.nan if c is None else c for c in values.cells], values.dtype)
    return values.filled


SOME = {"missing": False}
FLOATS_MISSING = {"dtypes": ("f8", "f4", "f8")}
PLAIN_NAMES = tuple(n for n in NAMES if n.isidentifier())
NO_NUMBERS = tuple(w for w in WORDS if not w[0].isdigit())
ASCII = ("Gaia DR3 4295806720", "NGC 104", "12", "1.5", "o'x")
ONE_CASE = ("ra", "source_id", "x", "pm_ra", "flag", "n", "vlos")
WRITERS = {
    # name: (ending, writer, how the table may be)
    "fits": (
        ".fits",
        write_fits,
        {"texts": ASCII, "names": ONE_CASE, "dtypes": ("f8", "f4", "i2", "i4", "i8", "str")},
    ),
    "fits-scaled": (
        ".fits",
        write_scaled_fits,
        {"dtypes": ("f8", "i2", "i4", "i8", "bool"), "names": ONE_CASE},
    ),
    "fits-ascii": (
        ".fits",
        write_ascii_fits,
        {
            "texts": ASCII,
            "names": ONE_CASE,
            "missing": False,
            "dtypes": ("f8", "f4", "i2", "i4", "i8", "str"),
        },
    ),
    "colfits": (
        ".fits",
        write_colfits,
        {"missing": False, "dtypes": ("f8", "f4", "i2", "i4", "i8", "bool"), "names": ONE_CASE},
    ),
    "votable": (".vot", write_votable, {}),
    "ecsv": (".ecsv", write_ecsv, {"texts": [w for w in WORDS if w[0] != "#"]}),
    "csv": (".csv", write_csv, {"units": False, "texts": NO_NUMBERS}),
    "tsv": (".tsv", write_tsv, {"units": False, "texts": NO_NUMBERS}),
    "european": (
        ".csv",
        write_european,
        {"units": False, "dtypes": ("f8", "f8", "i8", "bool"), "missing": True},
    ),
    "commented": (
        ".dat",
        write_commented,
        {"units": False, "names": PLAIN_NAMES, "dtypes": ("f8", "f4", "i4", "i8")},
    ),
    "basic": (
        ".txt",
        write_basic,
        {"units": False, "names": PLAIN_NAMES, "texts": NO_NUMBERS[:4]},
    ),
    "mrt": (
        ".mrt",
        write_mrt,
        {
            "missing": False,
            "texts": NO_NUMBERS[:2],
            "names": ONE_CASE,
            "dtypes": ("f8", "i2", "i4", "i8", "str"),
        },
    ),
    "ipac": (
        ".tbl",
        write_ipac,
        {
            "texts": NO_NUMBERS[:2],
            "names": ONE_CASE,
            "dtypes": ("f8", "f4", "i2", "i4", "i8", "str"),
        },
    ),
    "vizier": (
        ".tsv",
        write_vizier,
        {"texts": NO_NUMBERS[:2], "dtypes": ("f8", "f4", "i2", "i4", "i8", "str")},
    ),
    "parquet": (".parquet", write_parquet, {}),
    "parquet-pandas": (".parquet", write_pandas_parquet, {"units": False}),
    "parquet-astropy": (".parquet", write_astropy_parquet, {}),
    "feather": (".feather", write_feather, {}),
    "arrow": (".arrow", write_arrow_stream, {}),
    "hdf5-astropy": (".h5", write_astropy_hdf5, {}),
    "hdf5-vaex": (".hdf5", write_vaex, {}),
    "hdf5-pandas": (".h5", write_pandas_fixed, {"units": False, **FLOATS_MISSING}),
    "hdf5-pandas-ints": (
        ".h5",
        write_pandas_fixed,
        {"units": False, "missing": False, "dtypes": ("i8", "i4", "f8")},
    ),
    "hdf5-pandas-table": (
        ".h5",
        write_pandas_table,
        {"units": False, "missing": False, "dtypes": ("i8", "i4", "f8")},
    ),
}
PACKERS = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


def packed(path, rng):
    """Pack a file, sometimes under a name that does not say so."""
    ending = str(rng.choice(list(PACKERS)))
    content = PACKERS[ending](path.read_bytes())
    new = path if rng.random() < 0.5 else path.with_name(path.name + ending)
    new.write_bytes(content)
    return new


def read_by_library(path, form):
    """Give what astropy, pandas or pyarrow read of a file: names to cells, and units."""
    if form in ("parquet", "parquet-pandas"):
        table = pq.read_table(path)
        return {n: table.column(n).to_pylist() for n in table.column_names}, None
    if form in ("csv", "tsv"):
        frame = pd.read_csv(path, sep="\t" if form == "tsv" else ",", dtype=str)
        return {n: [None if pd.isna(v) else v for v in frame[n]] for n in frame}, None
    formats = {"fits": "fits", "votable": "votable", "ecsv": "ascii.ecsv", "mrt": "ascii.mrt"}
    formats |= {"ipac": "ascii.ipac", "parquet-astropy": "parquet", "hdf5-astropy": "hdf5"}
    formats |= {"commented": "ascii.commented_header", "basic": "ascii.basic"}
    if form not in formats:
        return None
    table = Table.read(
        path, format=formats[form], **({"path": "group/stars"} if form == "hdf5-astropy" else {})
    )
    cells = {}
    for column in table.itercols():
        hidden = np.ma.getmaskarray(column)
        values = np.ma.getdata(column).tolist()
        values = [v.decode() if isinstance(v, bytes) else v for v in values]
        cells[column.name] = [None if h else v for v, h in zip(values, hidden, strict=True)]
    return cells, {c.name: str(c.unit) for c in table.itercols() if c.unit is not None}


__all__ = ["WRITERS", "Values", "io", "packed", "random_table", "read_by_library", "replace"]
