"""Schwab's CSV tables."""

from __future__ import annotations

from evenkeel.adapters.custodians.layouts import Column, TableLayout, header_cells

SCHWAB_POSITIONS = TableLayout(
    "positions",
    (
        Column("symbol", ("Symbol",), True),
        Column("description", ("Description", "Name", "Security Description")),
        Column("quantity", ("Qty (Quantity)", "Quantity", "Qty"), True),
        Column("price", ("Price", "Last", "Last Price", "Close"), True),
        Column("value", ("Mkt Val (Market Value)", "Market Value", "Mkt Val"), True),
        Column("cost", ("Cost Basis", "Cost Basis (Total)")),
        Column("accrued", ("Accrued Interest", "Accrued Int")),
        Column("security_type", ("Security Type", "Asset Type", "Asset Class")),
    ),
    (
        "Market Value", "Mkt Val (Market Value)", "Mkt Val", "Price Change $", "Price Change %", "Price Chng $ (Price Change $)",
        "Price Chng % (Price Change %)", "Day Change $", "Day Change %", "Day Chng $ (Day Change $)",
        "Day Chng % (Day Change %)", "% Of Account", "% of Acct (% of Account)", "Qty (Quantity)",
    ),
    {
        "2020": header_cells(
            "Symbol,Description,Quantity,Price,Price Change $,Price Change %,Market Value,Day Change $,Day Change %,Cost Basis,"
            "Gain/Loss $,Gain/Loss %,Reinvest Dividends?,Capital Gains?,% Of Account,Dividend Yield,Last Dividend,"
            "Ex-Dividend Date,P/E Ratio,52 Week Low,52 Week High,Volume,Intrinsic Value,In The Money,Security Type,"
        ),
        "2023": header_cells(
            "Symbol,Description,Quantity,Price,Price Change %,Price Change $,Market Value,Day Change %,Day Change $,Cost Basis,"
            "Gain/Loss %,Gain/Loss $,Ratings,Reinvest Dividends?,Capital Gains?,% Of Account,Security Type"
        ),
        "2025": header_cells(
            "Symbol,Description,Qty (Quantity),Price,Price Chng $ (Price Change $),Price Chng % (Price Change %),"
            "Mkt Val (Market Value),Day Chng $ (Day Change $),Day Chng % (Day Change %),Cost Basis,Gain $ (Gain/Loss $),"
            "Gain % (Gain/Loss %),Ratings,Reinvest?,Reinvest Capital Gains?,% of Acct (% of Account),Security Type"
        ),
    },
)  # fmt: skip

SCHWAB_LOTS = TableLayout(
    "lots",
    (
        Column("opened", ("Open Date", "Opened Date", "Date Acquired"), True),
        Column("quantity", ("Quantity", "Qty (Quantity)", "Qty"), True),
        Column("price", ("Price",)),
        Column("value", ("Market Value", "Mkt Val (Market Value)", "Mkt Val")),
        Column("cost", ("Cost Basis",), True),
        Column("term", ("Holding Period", "Term")),
        Column("disallowed", ("Disallowed Loss", "Wash Sale Disallowed Loss")),
    ),
    ("Holding Period", "Cost/Share", "Transaction Open", "Transaction CPS"),
    {
        "9": header_cells(
            "Open Date,Quantity,Price,Cost/Share,Market Value,Cost Basis,Gain/Loss $,Gain/Loss %,Holding Period,"
        ),
        "15": header_cells(
            "Open Date,Transaction Open,Quantity,Price,Cost/Share,Transaction CPS,Market Value,Cost Basis,Transaction CB,"
            "Gain/Loss $,Transaction G/L $,Gain/Loss %,Transaction G/L %,Holding Period,Disallowed Loss,"
        ),
    },
)

SCHWAB_TRANSACTIONS = TableLayout(
    "transactions",
    (
        Column("date", ("Date",), True),
        Column("action", ("Action",), True),
        Column("symbol", ("Symbol",), True),
        Column("description", ("Description",)),
        Column("quantity", ("Quantity", "Qty (Quantity)", "Qty"), True),
        Column("price", ("Price",)),
        Column("fees", ("Fees & Comm", "Fees & Commissions", "Fees and Comm", "Fees", "Fees & Comm.")),
        Column("amount", ("Amount",), True),
    ),
    ("Fees & Comm", "Fees & Commissions", "Fees and Comm"),
    {
        "2020": header_cells("Date,Action,Symbol,Description,Quantity,Price,Fees & Comm,Amount,"),
        "2021": header_cells("Date,Action,Symbol,Description,Quantity,Price,Fees & Comm,Amount"),
    },
)

SCHWAB_REALIZED = TableLayout(
    "realized",
    (
        Column("symbol", ("Symbol",), True),
        Column("description", ("Name", "Description")),
        Column("opened", ("Opened Date", "Open Date", "Date Acquired")),
        Column("closed", ("Closed Date", "Close Date"), True),
        Column("quantity", ("Quantity", "Qty (Quantity)"), True),
        Column("proceeds", ("Proceeds", "Total Proceeds"), True),
        Column("cost", ("CostBasis", "Cost Basis", "Cost Basis (CB)"), True),
        Column("long_gain", ("Long Term Gain/Loss ($)", "Long Term (LT) Gain/Loss ($)", "LT Gain/Loss ($)", "Long Term Gain/Loss")),
        Column("short_gain", ("Short Term Gain/Loss ($)", "Short Term (ST) Gain/Loss ($)", "ST Gain/Loss ($)", "Short Term Gain/Loss")),
        Column("wash", ("Wash Sale?", "Wash Sale")),
        Column("disallowed", ("Disallowed Loss", "Wash Sale Disallowed Loss")),
    ),
    ("Closed Date", "Wash Sale?"),
    {
        "2021": header_cells(
            "Symbol,Name,Closed Date,Quantity,Proceeds,CostBasis,Total Gain/Loss ($),Total Gain/Loss (%),Long Term Gain/Loss ($),"
            "Long Term Gain/Loss (%),Short Term Gain/Loss ($),Short Term Gain/Loss (%),Wash Sale?,Disallowed Loss,"
            "Transaction Closed Date,Transaction Cost Basis,Total Transaction Gain/Loss ($),Total Transaction Gain/Loss (%),"
            "LT Transaction Gain/Loss ($),LT Transaction Gain/Loss (%),ST Transaction Gain/Loss ($),ST Transaction Gain/Loss (%)"
        ),
    },
)  # fmt: skip

SCHWAB = (SCHWAB_POSITIONS, SCHWAB_LOTS, SCHWAB_TRANSACTIONS, SCHWAB_REALIZED)
