"""Whole numbers as text, column by column."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from evenkeel.sandbox.draws import Ints

NEWLINE = "\n"


def decimals(values: Ints, scale: int, least: int = 0, *, is_grouped: bool = False) -> pl.Series:
    """Return whole numbers of 10**-`scale` as text, zeros at the end left out down to `least` decimals; `1,234.50` where grouped."""
    frame = pl.DataFrame({"v": pl.Series(values, dtype=pl.Int64)}).with_columns(pl.col("v").abs().alias("a"))
    whole = pl.col("a") // 10**scale
    fraction = (
        (pl.col("a") % 10**scale).cast(pl.String).str.zfill(scale).str.strip_chars_end("0").str.pad_end(least, "0")
    )
    tail = (
        pl.when(fraction.str.len_chars() > 0).then(pl.lit(".") + fraction).otherwise(pl.lit(""))
        if scale
        else pl.lit("")
    )
    sign = pl.when(pl.col("v") < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    return frame.select((sign + (_grouped(whole) if is_grouped else whole.cast(pl.String)) + tail).alias("t"))["t"]


def _grouped(whole: pl.Expr) -> pl.Expr:
    low = (whole % 1000).cast(pl.String)
    middle = (whole // 1000 % 1000).cast(pl.String)
    high = (whole // 1_000_000).cast(pl.String)
    return (
        pl.when(whole >= 1_000_000)
        .then(high + pl.lit(",") + middle.str.zfill(3) + pl.lit(",") + low.str.zfill(3))
        .when(whole >= 1000)
        .then(middle + pl.lit(",") + low.str.zfill(3))
        .otherwise(low)
    )


def dollars(cents: Ints, *, is_signed: bool = False) -> pl.Series:
    """Return cents as `$1,234.50`, negative ones as `-$1,234.50`; positive ones with a plus where signed."""
    return _with_sign(decimals(np.abs(cents), 2, 2, is_grouped=True), cents, "$", is_signed)


def prices(values: Ints, *, is_signed: bool = False) -> pl.Series:
    """Return ten-thousandths of a dollar as `$48.08`, at least two decimals."""
    return _with_sign(decimals(np.abs(values), 4, 2, is_grouped=True), values, "$", is_signed)


def percents(part: Ints, whole: Ints, *, is_signed: bool = False) -> pl.Series:
    """Return `part` of `whole` as `12.34%`; nothing of nothing is `0%`."""
    hundredths = np.where(whole == 0, 0, part * 10_000 // np.where(whole == 0, 1, whole))
    text = decimals(np.abs(hundredths), 2, 0)
    return _with_sign(text, hundredths, "", is_signed) + "%"


def _with_sign(text: pl.Series, values: Ints, unit: str, is_signed: bool) -> pl.Series:
    frame = pl.DataFrame({"t": text, "v": pl.Series(values, dtype=pl.Int64)})
    plus = "+" if is_signed else ""
    sign = pl.when(pl.col("v") < 0).then(pl.lit("-")).otherwise(pl.lit(plus))
    return frame.select((sign + pl.lit(unit) + pl.col("t")).alias("t"))["t"]


def same(text: str, count: int) -> pl.Series:
    """Return one text `count` times."""
    return pl.repeat(text, count, dtype=pl.String, eager=True)


def taken(texts: Sequence[str], places: Ints) -> pl.Series:
    """Return the texts at these places."""
    return pl.Series(texts, dtype=pl.String).gather(pl.Series(places, dtype=pl.Int64))


def rows(columns: Sequence[pl.Series], separator: str = ",", edge: str = "") -> pl.Series:
    """Return one line a row: the cells joined, `edge` before and after."""
    frame = pl.DataFrame([column.alias(str(place)) for place, column in enumerate(columns)])
    joined = pl.concat_str(pl.all(), separator=separator)
    return frame.select((pl.lit(edge) + joined + pl.lit(edge)).alias("t"))["t"]


def quoted(cells: Sequence[str]) -> str:
    """Return a line with every cell in quotes."""
    return '"' + '","'.join(cells) + '"'


class Lines:
    """Lines that are put in order by account, then by section within it, then by rank within that."""

    def __init__(self) -> None:
        self._parts: list[pl.DataFrame] = []

    def add(self, account: Ints, section: int, text: pl.Series, rank: Ints | None = None) -> None:
        """Add one line a row."""
        ranks = np.arange(len(account), dtype=np.int64) if rank is None else rank
        self._parts.append(
            pl.DataFrame(
                {
                    "account": pl.Series(account, dtype=pl.Int64),
                    "section": pl.repeat(section, len(account), dtype=pl.Int64, eager=True),
                    "rank": pl.Series(ranks, dtype=pl.Int64),
                    "text": text,
                }
            )
        )

    def text(self) -> str:
        """Return all lines in order."""
        lines = pl.concat(self._parts).sort("account", "section", "rank", maintain_order=True)["text"]
        return NEWLINE.join(lines.to_list())


def write(path: Path, text: str) -> int:
    """Write a file and return its size."""
    data = text.encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return len(data)
