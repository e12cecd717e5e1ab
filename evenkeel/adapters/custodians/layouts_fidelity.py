"""Fidelity's CSV tables."""

from __future__ import annotations

from evenkeel.adapters.custodians.layouts import Column, TableLayout, header_cells

FIDELITY_POSITIONS = TableLayout(
    "positions",
    (
        Column("account", ("Account Number", "Account Name/Number", "Account #"), True),
        Column("symbol", ("Symbol",), True),
        Column("description", ("Description", "Security Description")),
        Column("quantity", ("Quantity",), True),
        Column("price", ("Last Price", "Most Recent Price"), True),
        Column("value", ("Current Value", "Most Recent Value"), True),
        Column("cost", ("Cost Basis Total", "Cost Basis")),
        Column("type", ("Type", "Account Type")),
    ),
    (
        "Last Price Change",
        "Current Value",
        "Cost Basis Total",
        "Average Cost Basis",
        "Today's Gain/Loss Dollar",
        "Percent Of Account",
    ),
    {
        "2021": header_cells(
            "Account Number,Account Name,Symbol,Description,Quantity,Last Price,Last Price Change,Current Value,"
            "Today's Gain/Loss Dollar,Today's Gain/Loss Percent,Total Gain/Loss Dollar,Total Gain/Loss Percent,"
            "Percent Of Account,Cost Basis Total,Average Cost Basis,Type"
        ),
        "basket": header_cells(
            "Account Number,Account Name,Basket Name,Symbol,Description,Quantity,Last Price,Last Price Change,Current Value,"
            "Today's Gain/Loss Dollar,Today's Gain/Loss Percent,Total Gain/Loss Dollar,Total Gain/Loss Percent,"
            "Percent Of Account,Cost Basis Total,Average Cost Basis,Type"
        ),
    },
)

FIDELITY_HISTORY = TableLayout(
    "history",
    (
        Column("date", ("Run Date",), True),
        Column("account_number", ("Account Number", "Account #")),
        Column("account", ("Account",)),
        Column("action", ("Action",), True),
        Column("symbol", ("Symbol",), True),
        Column("description", ("Security Description", "Description")),
        Column("quantity", ("Quantity",), True),
        Column("currency", ("Currency",)),
        Column("price", ("Price ($)", "Price")),
        Column("commission", ("Commission ($)", "Commission")),
        Column("fees", ("Fees ($)", "Fees")),
        Column("amount", ("Amount ($)", "Amount"), True),
        Column("settled", ("Settlement Date",)),
    ),
    ("Run Date",),
    {
        "2021": header_cells(
            "Run Date,Account,Action,Symbol,Security Description,Security Type,Quantity,Price ($),Commission ($),Fees ($),"
            "Accrued Interest ($),Amount ($),Settlement Date"
        ),
        "2023": header_cells(
            "Run Date,Action,Symbol,Security Description,Security Type,Quantity,Price ($),Commission ($),Fees ($),"
            "Accrued Interest ($),Amount ($),Settlement Date"
        ),
        "2025-06": header_cells(
            "Run Date,Action,Symbol,Description,Type,Quantity,Price ($),Commission ($),Fees ($),Accrued Interest ($),Amount ($),"
            "Cash Balance ($),Settlement Date"
        ),
        "2025-12": header_cells(
            "Run Date,Account,Account Number,Action,Symbol,Description,Type,Exchange Quantity,Exchange Currency,Currency,Price,"
            "Quantity,Exchange Rate,Commission,Fees,Accrued Interest,Amount,Settlement Date"
        ),
        "14": header_cells(
            "Run Date,Account,Account Number,Action,Symbol,Description,Type,Price ($),Quantity,Commission ($),Fees ($),"
            "Accrued Interest ($),Amount ($),Settlement Date"
        ),
    },
)

FIDELITY_STATEMENT_SUMMARY = TableLayout(
    "statement",
    (
        Column("account_type", ("Account Type",)),
        Column("account", ("Account", "Account Number"), True),
        Column("value", ("Ending mkt Value", "Ending Market Value"), True),
        Column("net_value", ("Ending Net Value",)),
    ),
    ("Beginning mkt Value", "Ending mkt Value", "Change in Investment"),
    {
        "2015": header_cells(
            "Account Type,Account,Beginning mkt Value,Change in Investment,Ending mkt Value,Short Balance,Ending Net Value,"
            "Dividends This Period,Dividends Year to Date,Interest This Year,Interest Year to Date,Total This Period,"
            "Total Year to Date"
        ),
    },
)

FIDELITY_STATEMENT_HOLDINGS = TableLayout(
    "statement",
    (
        Column("symbol", ("Symbol/CUSIP",), True),
        Column("description", ("Description",)),
        Column("quantity", ("Quantity",), True),
        Column("price", ("Price",), True),
        Column("value", ("Ending Value",), True),
        Column("cost", ("Cost Basis",)),
    ),
    ("Symbol/CUSIP", "Ending Value"),
    {"2015": header_cells("Symbol/CUSIP,Description,Quantity,Price,Beginning Value,Ending Value,Cost Basis")},
)

FIDELITY_REALIZED = TableLayout(
    "realized",
    (
        Column("account", ("Account Number", "Account")),
        Column("symbol", ("Symbol(CUSIP)", "Symbol (CUSIP)", "Symbol/CUSIP", "Symbol"), True),
        Column("description", ("Security Description", "Description")),
        Column("quantity", ("Quantity",), True),
        Column("opened", ("Date Acquired",), True),
        Column("closed", ("Date Sold",), True),
        Column("proceeds", ("Proceeds",), True),
        Column("cost", ("Cost Basis",), True),
        Column("short_gain", ("Short Term Gain/Loss",)),
        Column("long_gain", ("Long Term Gain/Loss",)),
        Column("disallowed", ("Disallowed Loss", "Wash Sale Loss Disallowed", "Wash Sale Disallowed Loss")),
    ),
    ("Symbol(CUSIP)", "Date Sold"),
    {
        "2021": header_cells(
            "Symbol(CUSIP),Security Description,Quantity,Date Acquired,Date Sold,Proceeds,Cost Basis,Short Term Gain/Loss,"
            "Long Term Gain/Loss"
        ),
    },
)

FIDELITY = (
    FIDELITY_POSITIONS,
    FIDELITY_HISTORY,
    FIDELITY_STATEMENT_SUMMARY,
    FIDELITY_STATEMENT_HOLDINGS,
    FIDELITY_REALIZED,
)
