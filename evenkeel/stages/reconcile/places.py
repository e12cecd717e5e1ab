"""Accounts and instruments as one number, so that the figures of millions of holdings can be held against each other quickly.

A place is the rank of an account's id and of an instrument's (a security of the book, or `CASH:` and a currency), in one integer: it
sorts as the two names do. It exists inside reconcile only; what is stored has names.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

_SHIFT = 1 << 24
"""More instruments than any book has; more accounts than fit beside them would be a hundred billion."""

PLACE = "place"


class Places:
    """The places of a date: its enabled accounts and the instruments that its sources name."""

    def __init__(self, accounts: pl.Series, instruments: Iterable[pl.Series]) -> None:
        self._rank(
            accounts.drop_nulls().unique().sort(),
            pl.concat([names.drop_nulls().unique() for names in instruments]).unique().sort(),
        )

    @classmethod
    def in_order(cls, accounts: pl.Series, instruments: pl.Series) -> Places:
        """Return the places of these names, each once, that sort as the names are given."""
        places = cls.__new__(cls)
        places._rank(accounts, instruments)
        return places

    def _rank(self, accounts: pl.Series, instruments: pl.Series) -> None:
        self._accounts, self._instruments = accounts, instruments
        self._account_type, self._instrument_type = pl.Enum(accounts), pl.Enum(instruments)

    def placed(self, frame: pl.DataFrame, instrument: str = "instrument") -> pl.DataFrame:
        """Return the rows of known accounts and instruments with their `place` instead of the two names."""
        account = pl.col("account_id").cast(self._account_type, strict=False).to_physical().cast(pl.UInt64)
        number = pl.col(instrument).cast(self._instrument_type, strict=False).to_physical().cast(pl.UInt64)
        placed = frame.with_columns((account * _SHIFT + number).alias(PLACE)).drop("account_id", instrument)
        return placed.filter(pl.col(PLACE).is_not_null()) if placed[PLACE].null_count() else placed

    def named(self, frame: pl.DataFrame, instrument: str = "instrument") -> pl.DataFrame:
        """Return the frame with `account_id` and the instrument in front, instead of `place`."""
        account = self._accounts.gather((frame[PLACE] // _SHIFT).cast(pl.UInt32)).alias("account_id")
        number = self._instruments.gather((frame[PLACE] % _SHIFT).cast(pl.UInt32)).alias(instrument)
        return frame.select(account, number, pl.exclude(PLACE))

    def is_cash(self) -> pl.Expr:
        """Return whether a place's instrument is cash."""
        cash = [number for number, name in enumerate(self._instruments.to_list()) if name.startswith("CASH:")]
        return instrument_number().is_in(cash)

    def instrument(self, name: str) -> int | None:
        """Return the number of an instrument, None where nobody names it."""
        return self._instruments.index_of(name)

    def instruments(self, names: Iterable[str]) -> list[int]:
        """Return the numbers of those instruments that somebody names."""
        return [number for name in names if (number := self.instrument(name)) is not None]

    def accounts(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of known accounts with the account's `number` instead of `account_id`."""
        number = pl.col("account_id").cast(self._account_type, strict=False).to_physical().cast(pl.UInt64)
        return frame.with_columns(number.alias("number")).filter(pl.col("number").is_not_null()).drop("account_id")


def account_number() -> pl.Expr:
    """Return the number of a place's account."""
    return pl.col(PLACE) // _SHIFT


def instrument_number() -> pl.Expr:
    """Return the number of a place's instrument."""
    return pl.col(PLACE) % _SHIFT
