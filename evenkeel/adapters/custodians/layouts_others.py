"""CSV tables of Vanguard and Interactive Brokers."""

from __future__ import annotations

from evenkeel.adapters.custodians.layouts import Column, TableLayout, header_cells

VANGUARD_HOLDINGS = TableLayout(
    "holdings",
    (
        Column("account", ("Account Number", "Fund Account Number"), True),
        Column("description", ("Investment Name", "Fund Name")),
        Column("symbol", ("Symbol", "Ticker")),
        Column("quantity", ("Shares",), True),
        Column("price", ("Share Price", "Price"), True),
        Column("value", ("Total Value",), True),
    ),
    ("Total Value",),
    {
        "brokerage": header_cells("Account Number,Investment Name,Symbol,Shares,Share Price,Total Value,"),
        "fund": header_cells("Fund Account Number,Fund Name,Price,Shares,Total Value,"),
    },
)

VANGUARD_TRANSACTIONS = TableLayout(
    "transactions",
    (
        Column("account", ("Account Number", "Fund Account Number")),
        Column("date", ("Trade Date",), True),
        Column("settled", ("Settlement Date", "Process Date")),
        Column("action", ("Transaction Type",), True),
        Column("detail", ("Transaction Description",)),
        Column("description", ("Investment Name", "Fund Name"), True),
        Column("symbol", ("Symbol", "Ticker")),
        Column("quantity", ("Shares",), True),
        Column("price", ("Share Price",)),
        Column("fees", ("Commissions and Fees", "Commission Fees", "Commissions & Fees", "Commission")),
        Column("amount", ("Net Amount",), True),
    ),
    ("Principal Amount", "Transaction Type", "Investment Name"),
    {
        "ofxdownload": header_cells(
            "Account Number,Trade Date,Settlement Date,Transaction Type,Transaction Description,Investment Name,Symbol,Shares,"
            "Share Price,Principal Amount,Commission Fees,Net Amount,Accrued Interest,Account Type,"
        ),
        "2011": header_cells("Trade Date,Transaction Type,Investment Name,Symbol,Shares,Principal Amount,Net Amount"),
    },
)

VANGUARD = (VANGUARD_HOLDINGS, VANGUARD_TRANSACTIONS)

IBKR_HISTORY = TableLayout(
    "transaction_history",
    (
        Column("date", ("Date",), True),
        Column("account", ("Account",), True),
        Column("description", ("Description",)),
        Column("action", ("Transaction Type",), True),
        Column("symbol", ("Symbol",)),
        Column("quantity", ("Quantity",), True),
        Column("price", ("Price",)),
        Column("fees", ("Commission",)),
        Column("amount", ("Net Amount",), True),
    ),
    ("Gross Amount", "Net Amount", "Transaction Type"),
    {
        "2025": header_cells(
            "Date,Account,Description,Transaction Type,Symbol,Quantity,Price,Gross Amount ,Commission,Net Amount"
        ),
    },
)

IBKR_FLEX_CASH = TableLayout(
    "flex_cash",
    (
        Column("account", ("ClientAccountID", "Account ID", "AccountId")),
        Column("action", ("Type", "ActivityCode"), True),
        Column("date", ("Date/Time", "DateTime", "ReportDate", "Report Date", "SettleDate", "Settle Date"), True),
        Column("settled", ("SettleDate", "Settle Date")),
        Column("symbol", ("Symbol",)),
        Column("isin", ("ISIN",)),
        Column("cusip", ("CUSIP",)),
        Column("native_id", ("Conid",)),
        Column("description", ("Description",), True),
        Column("amount", ("Amount",), True),
        Column("currency", ("CurrencyPrimary", "Currency"), True),
        Column("transaction_id", ("TransactionID", "Transaction ID")),
    ),
    ("CurrencyPrimary",),
    {"2023": header_cells("Type,SettleDate,ISIN,Description,Amount,CurrencyPrimary")},
)

IBKR_FLEX_TRADES = TableLayout(
    "flex_trades",
    (
        Column("account", ("ClientAccountID", "Account ID", "AccountId")),
        Column("action", ("Buy/Sell",), True),
        Column("date", ("TradeDate", "Trade Date"), True),
        Column("settled", ("SettleDateTarget", "Settle Date Target", "SettleDate")),
        Column("symbol", ("Symbol",)),
        Column("isin", ("ISIN",)),
        Column("cusip", ("CUSIP",)),
        Column("native_id", ("Conid",)),
        Column("description", ("Description",)),
        Column("quantity", ("Quantity",), True),
        Column("price", ("TradePrice", "Trade Price"), True),
        Column("fees", ("IBCommission", "IB Commission")),
        Column("fees_currency", ("IBCommissionCurrency", "IB Commission Currency")),
        Column("amount", ("NetCash", "Net Cash")),
        Column("currency", ("CurrencyPrimary", "Currency"), True),
        Column("transaction_id", ("TransactionID", "TradeID", "Trade ID")),
    ),
    ("CurrencyPrimary", "TradePrice", "IBCommission"),
    {
        "2023": header_cells(
            "Buy/Sell,TradeDate,ISIN,Quantity,TradePrice,TradeMoney,CurrencyPrimary,IBCommission,IBCommissionCurrency"
        ),
    },
)

IBKR_FLEX = (IBKR_FLEX_CASH, IBKR_FLEX_TRADES)
