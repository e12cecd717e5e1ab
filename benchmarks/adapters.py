"""Reading speed of every adapter, as a ratio to the plainest reader of the same bytes in the same run.

Text layouts are compared with polars' CSV reader, tagged ones with `xml.etree` (over OFX 2, which it can read); files of some 20 MB
are generated from a few rows of each layout, written over and over.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import polars as pl

from evenkeel.adapters.custodians.feed_map import parse_map
from evenkeel.adapters.custodians.registry import MAPPED, adapter
from evenkeel.ports import CustodianFeed, RawFile

TARGET_BYTES = 20_000_000


@dataclass(frozen=True)
class AdapterSpeed:
    """One adapter: megabytes a second, those of the plain reader, and their quotient (1 is as fast as the plain reader)."""

    layout: str
    megabytes: float
    adapter_mb_s: float
    plain_mb_s: float
    plain_reader: str

    @property
    def ratio(self) -> float:
        """Return the adapter's speed over the plain reader's."""
        return self.adapter_mb_s / self.plain_mb_s


def measure(target_bytes: int = TARGET_BYTES) -> list[AdapterSpeed]:
    """Read one generated file a layout, each twice, and keep the better time."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for layout, (name, make) in _FILES.items():
            raw = make(target_bytes)
            path = Path(folder) / name
            path.write_bytes(raw)
            file = RawFile(hashlib.sha256(raw).hexdigest(), name, path, len(raw))
            feed = _feed(layout)
            is_tagged = layout in ("ibkr_flex", "ofx")
            plain = _read_xml if is_tagged else _read_csv
            mine = _best(lambda feed=feed, file=file: feed.parse(file))  # type: ignore[misc]
            theirs = _best(lambda plain=plain, path=path: plain(path))  # type: ignore[misc]
            size = len(raw) / 1e6
            rows.append(AdapterSpeed(layout, size, size / mine, size / theirs, "xml.etree" if is_tagged else "polars"))
            path.unlink()
    return rows


def main() -> None:
    """Print the table."""
    print(f"{'layout':<14}{'MB':>6}{'MB/s':>9}{'plain MB/s':>12}{'ratio':>8}  plain reader")
    for row in measure():
        print(
            f"{row.layout:<14}{row.megabytes:>6.1f}{row.adapter_mb_s:>9.1f}{row.plain_mb_s:>12.1f}{row.ratio:>8.3f}"
            f"  {row.plain_reader}"
        )


def _best(action: Callable[[], object]) -> float:
    times = []
    for _ in range(2):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def _read_csv(path: Path) -> object:
    return pl.read_csv(
        io.BytesIO(path.read_bytes()),
        infer_schema=False,
        truncate_ragged_lines=True,
        ignore_errors=True,
        encoding="utf8-lossy",
    )


def _read_xml(path: Path) -> object:
    return ElementTree.parse(path)


def _feed(layout: str) -> CustodianFeed:
    if layout != MAPPED:
        return adapter(layout)
    columns = {
        "source_account": "Account",
        "symbol": "Symbol",
        "held_qty": "Units",
        "price_ccy": "Price",
        "value_ccy": "Value",
    }
    data = {"kind": "positions", "columns": columns, "constants": {"currency": "USD"}, "as_of": {"column": "Date"}}
    return adapter(MAPPED, parse_map(data, "benchmark.yaml"))


def _repeated(head: str, line: str, foot: str, target_bytes: int) -> bytes:
    """Return head, as many numbered lines as fill the size, and foot."""
    count = max(1, target_bytes // len(line.format(n=1_000_000)))
    return (head + "".join(line.format(n=1_000_000 + number) for number in range(count)) + foot).encode()


def _schwab(target_bytes: int) -> bytes:
    head = (
        '"Positions for account Individual ...234 as of 09:32 PM ET, 2025/12/31"\n\n'
        '"Symbol","Description","Quantity","Price","Price Change %","Price Change $","Market Value","Day Change %",'
        '"Day Change $","Cost Basis","Gain/Loss %","Gain/Loss $","Ratings","Reinvest Dividends?","Capital Gains?",'
        '"% Of Account","Security Type"\n'
    )
    line = (
        '"S{n}","SOME FUND OF THE WORLD","10.5","$100.25","-0.1%","-$0.10","$1,052.63","-0.1%","-$1.05","$900.00",'
        '"16.96%","$152.63","--","No","--","0.01%","ETFs & Closed End Funds"\n'
    )
    foot = '"Account Total","--","--","--","--","--","$1,052.63","-0.1%","-$1.05","$900.00","16.96%","$152.63","--","--","--","--","--"\n'
    return _repeated(head, line, foot, target_bytes)


def _fidelity(target_bytes: int) -> bytes:
    head = (
        "Account Number,Account Name,Symbol,Description,Quantity,Last Price,Last Price Change,Current Value,"
        "Today's Gain/Loss Dollar,Today's Gain/Loss Percent,Total Gain/Loss Dollar,Total Gain/Loss Percent,"
        "Percent Of Account,Cost Basis Total,Average Cost Basis,Type\n"
    )
    line = (
        "Z00{n},Brokerage,VTI,VANGUARD TOTAL STOCK MARKET,10.5,$100.25,-$0.10,$1052.63,-$1.05,-0.10%,+$152.63,+16.96%,"
        "1.00%,$900.00,$85.71,Cash,\n"
    )
    return _repeated(head, line, '\n"Date downloaded 12/31/2025 9:32 PM ET"\n', target_bytes)


def _vanguard(target_bytes: int) -> bytes:
    head = "Account Number,Investment Name,Symbol,Shares,Share Price,Total Value,\n"
    line = "{n},VANGUARD TOTAL STOCK MARKET INDEX,VTI,10.5,100.25,1052.63,\n"
    return _repeated(head, line, "", target_bytes)


def _ibkr_history(target_bytes: int) -> bytes:
    head = (
        "Statement,Header,Field Name,Field Value\nStatement,Data,Title,Transaction History\n"
        'Statement,Data,Period,"January 1, 2025 - December 31, 2025"\n'
        "Summary,Header,Field Name,Field Value\nSummary,Data,Base Currency,USD\n"
        "Transaction History,Header,Date,Account,Description,Transaction Type,Symbol,Quantity,Price,Price Currency,"
        "Gross Amount ,Commission,Net Amount\n"
    )
    line = "Transaction History,Data,2025-12-30,U***0000{n},VANGUARD TOTAL,Buy,VTI,10,250.5,USD,-2505.0,-1.0,-2506.0\n"
    return _repeated(head, line, "", target_bytes)


def _flex(target_bytes: int) -> bytes:
    head = (
        '<FlexQueryResponse queryName="q" type="AF"><FlexStatements count="1"><FlexStatement accountId="U7654321" '
        'fromDate="20250101" toDate="20251231"><OpenPositions>\n'
    )
    line = (
        '<OpenPosition accountId="U7654321" currency="USD" fxRateToBase="1" assetCategory="STK" subCategory="ETF" symbol="S{n}" '
        'description="SOME FUND" conid="{n}" cusip="922042742" isin="US9220427424" multiplier="1" reportDate="20251231" '
        'position="200" markPrice="141.06" positionValue="28212" costBasisMoney="28377.0925" side="Long" levelOfDetail="SUMMARY" '
        'openDateTime="" code="" accruedInt="" />\n'
    )
    return _repeated(
        head, line, "</OpenPositions></FlexStatement></FlexStatements></FlexQueryResponse>\n", target_bytes
    )


def _ofx(target_bytes: int) -> bytes:
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<?OFX OFXHEADER="200" VERSION="211"?>\n<OFX><INVSTMTMSGSRSV1><INVSTMTTRNRS>'
        "<TRNUID>0</TRNUID><INVSTMTRS><DTASOF>20251231160000[-5:EST]</DTASOF><CURDEF>USD</CURDEF><INVACCTFROM>"
        "<BROKERID>x</BROKERID><ACCTID>7654321</ACCTID></INVACCTFROM><INVPOSLIST>\n"
    )
    line = (
        "<POSMF><INVPOS><SECID><UNIQUEID>{n}00</UNIQUEID><UNIQUEIDTYPE>CUSIP</UNIQUEIDTYPE></SECID><HELDINACCT>CASH</HELDINACCT>"
        "<POSTYPE>LONG</POSTYPE><UNITS>117.506</UNITS><UNITPRICE>44.01</UNITPRICE><MKTVAL>5171.44</MKTVAL>"
        "<DTPRICEASOF>20251231160000[-5:EST]</DTPRICEASOF></INVPOS></POSMF>\n"
    )
    return _repeated(head, line, "</INVPOSLIST></INVSTMTRS></INVSTMTTRNRS></INVSTMTMSGSRSV1></OFX>\n", target_bytes)


def _table(target_bytes: int) -> bytes:
    return _repeated(
        "Account,Symbol,Description,Units,Price,Value,Date\n",
        "A{n},VTI,VANGUARD TOTAL STOCK MARKET INDEX,10.5,100.25,1052.63,2025-12-31\n",
        "",
        target_bytes,
    )


_FILES: dict[str, tuple[str, Callable[[int], bytes]]] = {
    "schwab_csv": ("Individual-Positions-2025-12-31.csv", _schwab),
    "fidelity_csv": ("Portfolio_Positions_Dec-31-2025.csv", _fidelity),
    "vanguard_csv": ("OfxDownload.csv", _vanguard),
    "ibkr_csv": ("transaction_history.csv", _ibkr_history),
    "ibkr_flex": ("flex.xml", _flex),
    "ofx": ("statement.ofx", _ofx),
    MAPPED: ("positions.csv", _table),
}


if __name__ == "__main__":
    main()
