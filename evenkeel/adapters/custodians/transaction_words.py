"""Brokers' words for transactions, as `vocab.TransactionType`.

A word that is not here is `other`, with the source's word kept beside it: never guessed, never a reject. Words that go both ways
(a transfer, a cash movement) are decided by the sign of the row's cash, or of its units where it has no cash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from data_contracts.vocab import TransactionType as T

DEPOSIT_OR_WITHDRAWAL = "deposit|withdrawal"
TRANSFER_EITHER_WAY = "transfer_in|transfer_out"

BUYS = (T.BUY, T.BUY_TO_OPEN, T.BUY_TO_CLOSE, T.REINVEST)
SELLS = (T.SELL, T.SELL_TO_OPEN, T.SELL_TO_CLOSE)

# "Reinvest Dividend", "Qual Div Reinvest" and their like are the cash that comes in; the purchase is "Reinvest Shares".
SCHWAB_ACTIONS: Mapping[str, str] = {
    "ADR Mgmt Fee": T.FEE,
    "Advisor Fee": T.FEE,
    "Assigned": T.EXERCISE,
    "Auto S1 Credit": T.JOURNAL,
    "Auto S1 Debit": T.JOURNAL,
    "Bank Interest": T.INTEREST,
    "Bank Transfer": DEPOSIT_OR_WITHDRAWAL,
    "Bond Interest": T.INTEREST,
    "Buy": T.BUY,
    "Buy to Close": T.BUY_TO_CLOSE,
    "Buy to Open": T.BUY_TO_OPEN,
    "Cash Dividend": T.DIVIDEND,
    "Cash In Lieu": T.OTHER,
    "Cash Merger": T.MERGER,
    "Conversion": T.MERGER,
    "Credit Interest": T.INTEREST,
    "Div Adjustment": T.DIVIDEND,
    "Exchange or Exercise": T.EXERCISE,
    "Expired": T.EXPIRED,
    "Foreign Tax Paid": T.TAX,
    "Full Redemption": T.SELL,
    "Funds Paid": T.WITHDRAWAL,
    "Funds Received": T.DEPOSIT,
    "Interest Adj": T.INTEREST,
    "Internal Transfer": TRANSFER_EITHER_WAY,
    "Journal": T.JOURNAL,
    "Journaled Shares": T.JOURNAL,
    "Long Term Cap Gain": T.CAPITAL_GAIN,
    "Long Term Cap Gain Reinvest": T.CAPITAL_GAIN,
    "Margin Interest": T.INTEREST,
    "Misc Cash Entry": T.OTHER,
    "MoneyLink Deposit": T.DEPOSIT,
    "MoneyLink Transfer": DEPOSIT_OR_WITHDRAWAL,
    "NRA Tax Adj": T.TAX,
    "NRA Withholding": T.TAX,
    "Name Change": T.NAME_CHANGE,
    "Non-Qualified Div": T.DIVIDEND,
    "Pr Yr Cash Div": T.DIVIDEND,
    "Pr Yr Div Reinvest": T.DIVIDEND,
    "Pr Yr Non Qual Div": T.DIVIDEND,
    "Pr Yr Non-Qual Div": T.DIVIDEND,
    "Pr Yr Special Div": T.DIVIDEND,
    "Promotional Award": T.DEPOSIT,
    "Qual Div Reinvest": T.DIVIDEND,
    "Qualified Dividend": T.DIVIDEND,
    "Reinvest Dividend": T.DIVIDEND,
    "Reinvest Shares": T.REINVEST,
    "Return Of Capital": T.RETURN_OF_CAPITAL,
    "Returned Check": DEPOSIT_OR_WITHDRAWAL,
    "Reverse Split": T.SPLIT,
    "Security Transfer": TRANSFER_EITHER_WAY,
    "Sell": T.SELL,
    "Sell Short": T.SELL_TO_OPEN,
    "Sell to Close": T.SELL_TO_CLOSE,
    "Sell to Open": T.SELL_TO_OPEN,
    "Service Fee": T.FEE,
    "Short Term Cap Gain": T.CAPITAL_GAIN,
    "Short Term Cap Gain Reinvest": T.CAPITAL_GAIN,
    "Special Dividend": T.DIVIDEND,
    "Special Non Qual Div": T.DIVIDEND,
    "Special Qual Div": T.DIVIDEND,
    "Spin-off": T.SPIN_OFF,
    "Stock Div Dist": T.SPLIT,
    "Stock Merger": T.MERGER,
    "Stock Plan Activity": TRANSFER_EITHER_WAY,
    "Stock Split": T.SPLIT,
    "Wire Received": T.DEPOSIT,
    "Wire Sent": T.WITHDRAWAL,
}

# Fidelity's action is a sentence; the first of these that it contains decides.
FIDELITY_PHRASES: Sequence[tuple[str, str]] = (
    ("bought opening transaction", T.BUY_TO_OPEN),
    ("bought closing transaction", T.BUY_TO_CLOSE),
    ("sold opening transaction", T.SELL_TO_OPEN),
    ("sold closing transaction", T.SELL_TO_CLOSE),
    ("core account", T.JOURNAL),
    ("reinvestment", T.REINVEST),
    ("non-resident tax", T.TAX),
    ("foreign tax", T.TAX),
    ("tax withheld", T.TAX),
    ("fee charged", T.FEE),
    ("advisory fee", T.FEE),
    ("advisor fee", T.FEE),
    ("service fee", T.FEE),
    ("long-term cap gain", T.CAPITAL_GAIN),
    ("short-term cap gain", T.CAPITAL_GAIN),
    ("return of capital", T.RETURN_OF_CAPITAL),
    ("in lieu", T.OTHER),
    ("dividend received", T.DIVIDEND),
    ("interest earned", T.INTEREST),
    ("muni exempt int", T.INTEREST),
    ("margin interest", T.INTEREST),
    ("interest", T.INTEREST),
    ("reverse split", T.SPLIT),
    ("stock split", T.SPLIT),
    ("spin-off", T.SPIN_OFF),
    ("spinoff", T.SPIN_OFF),
    ("name change", T.NAME_CHANGE),
    ("merger", T.MERGER),
    ("expired", T.EXPIRED),
    ("assigned", T.EXERCISE),
    ("exercised", T.EXERCISE),
    ("redemption payout", T.SELL),
    ("journaled", T.JOURNAL),
    ("transfer of assets", TRANSFER_EITHER_WAY),
    ("electronic funds transfer", DEPOSIT_OR_WITHDRAWAL),
    ("wire transfer", DEPOSIT_OR_WITHDRAWAL),
    ("transferred from", TRANSFER_EITHER_WAY),
    ("transferred to", TRANSFER_EITHER_WAY),
    ("exchange in", T.TRANSFER_IN),
    ("exchange out", T.TRANSFER_OUT),
    ("direct deposit", T.DEPOSIT),
    ("check received", T.DEPOSIT),
    ("deposit", T.DEPOSIT),
    ("contribution", T.DEPOSIT),
    ("direct debit", T.WITHDRAWAL),
    ("debit card", T.WITHDRAWAL),
    ("check paid", T.WITHDRAWAL),
    ("bill payment", T.WITHDRAWAL),
    ("cash advance", T.WITHDRAWAL),
    ("distribution", T.OTHER),
    ("you bought", T.BUY),
    ("you sold", T.SELL),
    ("bought", T.BUY),
    ("sold", T.SELL),
)

VANGUARD_TYPES: Mapping[str, str] = {
    "Buy": T.BUY,
    "Buy (exchange)": T.BUY,
    "Exchange from": T.SELL,
    "Exchange to": T.BUY,
    "Sell": T.SELL,
    "Sell (exchange)": T.SELL,
    "Buy to open": T.BUY_TO_OPEN,
    "Buy to close": T.BUY_TO_CLOSE,
    "Sell to open": T.SELL_TO_OPEN,
    "Sell to close": T.SELL_TO_CLOSE,
    "Dividend": T.DIVIDEND,
    "Dividend Received": T.DIVIDEND,
    "Reinvestment": T.REINVEST,
    "Dividend Reinvestment": T.REINVEST,
    "Reinvestment (LT gain)": T.REINVEST,
    "Reinvestment (ST gain)": T.REINVEST,
    "Capital gain": T.CAPITAL_GAIN,
    "Capital gain (LT)": T.CAPITAL_GAIN,
    "Capital gain (ST)": T.CAPITAL_GAIN,
    "Return of capital": T.RETURN_OF_CAPITAL,
    "Interest": T.INTEREST,
    "Fee": T.FEE,
    "Advisory fee": T.FEE,
    "Account fee": T.FEE,
    "Sweep in": T.JOURNAL,
    "Sweep out": T.JOURNAL,
    "Transfer": TRANSFER_EITHER_WAY,
    "Transfer (incoming)": T.TRANSFER_IN,
    "Transfer (outgoing)": T.TRANSFER_OUT,
    "Rollover (incoming)": T.TRANSFER_IN,
    "Rollover (outgoing)": T.TRANSFER_OUT,
    "Conversion (incoming)": T.TRANSFER_IN,
    "Conversion (outgoing)": T.TRANSFER_OUT,
    "Funds Received": T.DEPOSIT,
    "Contribution": T.DEPOSIT,
    "Distribution": T.WITHDRAWAL,
    "Withdrawal": T.WITHDRAWAL,
    "Stock split": T.SPLIT,
    "Reverse split": T.SPLIT,
    "Merger": T.MERGER,
    "Spin-off": T.SPIN_OFF,
    "Spinoff": T.SPIN_OFF,
    "Expired": T.EXPIRED,
    "Assignment": T.EXERCISE,
    "Exercise": T.EXERCISE,
    "Tax withholding": T.TAX,
    "Foreign tax": T.TAX,
}

IBKR_TYPES: Mapping[str, str] = {
    "Buy": T.BUY,
    "Sell": T.SELL,
    "Dividend": T.DIVIDEND,
    "Dividends": T.DIVIDEND,
    "Payment in Lieu": T.DIVIDEND,
    "Payment In Lieu Of Dividends": T.DIVIDEND,
    "Foreign Tax Withholding": T.TAX,
    "Withholding Tax": T.TAX,
    "871(m) Withholding": T.TAX,
    "Transaction Fees": T.FEE,
    "Sales Tax": T.TAX,
    "Credit Interest": T.INTEREST,
    "Debit Interest": T.INTEREST,
    "Broker Interest Paid": T.INTEREST,
    "Broker Interest Received": T.INTEREST,
    "Bond Interest Paid": T.INTEREST,
    "Bond Interest Received": T.INTEREST,
    "Investment Interest Received": T.INTEREST,
    "Investment Interest Paid": T.INTEREST,
    "Other Fee": T.FEE,
    "Other Fees": T.FEE,
    "Advisor Fees": T.FEE,
    "Advisor Fee": T.FEE,
    "Commission Adjustment": T.FEE,
    "Commission Adjustments": T.FEE,
    "Forex Trade Component": T.FX,
    "Deposit": T.DEPOSIT,
    "Withdrawal": T.WITHDRAWAL,
    "Deposits/Withdrawals": DEPOSIT_OR_WITHDRAWAL,
    "Deposits & Withdrawals": DEPOSIT_OR_WITHDRAWAL,
    "Electronic Fund Transfer": DEPOSIT_OR_WITHDRAWAL,
    "Cash Transfer": TRANSFER_EITHER_WAY,
    "Internal Transfer": TRANSFER_EITHER_WAY,
    "Assignment": T.EXERCISE,
    "Exercise": T.EXERCISE,
    "Expiration": T.EXPIRED,
    "Adjustment": T.OTHER,
}


def by_word(words: Mapping[str, str], actions: pl.Series) -> pl.Series:
    """Return each action's type by exact word, case and spacing apart; `other` where the word is not known."""
    table = {_plain(word): str(kind) for word, kind in words.items()}
    distinct = actions.unique()
    return actions.replace_strict(
        distinct, [table.get(_plain(word or ""), str(T.OTHER)) for word in distinct], return_dtype=pl.String
    )


def by_phrase(phrases: Sequence[tuple[str, str]], actions: pl.Series) -> pl.Series:
    """Return each action's type by the first phrase that it contains; `other` where it contains none."""
    distinct = actions.unique()
    return actions.replace_strict(
        distinct, [_first_phrase(phrases, word or "") for word in distinct], return_dtype=pl.String
    )


def settle_direction(types: pl.Series, cash: pl.Series, units: pl.Series) -> pl.Series:
    """Return the types with those that go both ways decided: in where cash (units, where there is no cash) comes in."""
    frame = pl.DataFrame({"type": types, "cash": cash, "units": units})
    amount = pl.when(pl.col("cash").fill_null(0) != 0).then(pl.col("cash")).otherwise(pl.col("units")).fill_null(0)
    parts = pl.col("type").str.split("|")
    return frame.select(pl.when(amount < 0).then(parts.list.last()).otherwise(parts.list.first()).alias("type"))["type"]


def signed_units(types: pl.Series, units: pl.Series) -> pl.Series:
    """Return units with the sign the type demands: purchases in, sales out; others as sent."""
    frame = pl.DataFrame({"type": types, "units": units})
    return frame.select(
        pl.when(pl.col("type").is_in([str(kind) for kind in BUYS]))
        .then(pl.col("units").abs())
        .when(pl.col("type").is_in([str(kind) for kind in SELLS]))
        .then(-pl.col("units").abs())
        .otherwise(pl.col("units"))
        .alias("units")
    )["units"]


def _plain(word: str) -> str:
    return " ".join(word.lower().split())


def _first_phrase(phrases: Sequence[tuple[str, str]], action: str) -> str:
    plain = _plain(action)
    return next((str(kind) for phrase, kind in phrases if phrase in plain), str(T.OTHER))
