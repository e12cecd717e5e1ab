"""The practice's model portfolios: five of the firm's by risk, and three of advisers' that nest one of them.

Weights are in basis points and sum to 10,000.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from data_contracts.vocab import ModelLevel, Segment
from evenkeel.sandbox.securities import CLASSES, INDEX, SECURITIES

WHOLE = 10_000


@dataclass(frozen=True)
class Nested:
    """A share of another model."""

    model_id: str
    bps: int


@dataclass(frozen=True)
class Model:
    """A model: weights of securities (`CASH` stands for cash), and shares of other models."""

    model_id: str
    name: str
    level: ModelLevel
    own: Mapping[str, int]
    nested: tuple[Nested, ...] = ()
    adviser_id: str | None = None
    risk: int = 3
    segment: Segment | None = None


CASH = "CASH"


def _risk_model(model_id: str, name: str, risk: int, segment: Segment, weights: str) -> Model:
    symbols = (
        "USTM",
        "USGR",
        "USVL",
        "USSC",
        "INDV",
        "INSC",
        "EMKT",
        "USAG",
        "USST",
        "GLBD",
        "TIPR",
        "HYCR",
        "REIT",
        CASH,
    )
    own = {symbol: int(bps) for symbol, bps in zip(symbols, weights.split(), strict=True) if int(bps)}
    return Model(model_id, name, ModelLevel.FIRM, own, risk=risk, segment=segment)


MODELS: tuple[Model, ...] = (
    _risk_model("income", "Income", 1, Segment.CONSERVATIVE, "700 0 500 0 300 0 0 3700 2000 800 1200 300 0 500"),
    _risk_model("conservative", "Conservative", 2, Segment.CONSERVATIVE, "1200 400 800 0 800 0 0 3200 1200 700 900 300 200 300"),
    _risk_model("balanced", "Balanced", 3, Segment.BALANCED, "1900 700 800 400 1300 200 300 2200 500 500 500 200 300 200"),
    _risk_model("growth", "Growth", 4, Segment.GROWTH, "2600 1000 1000 600 1700 400 600 1000 0 300 200 0 400 200"),
    _risk_model("aggressive", "Aggressive growth", 5, Segment.GROWTH, "3000 1400 1000 900 1900 500 800 0 0 0 0 0 400 100"),
    Model("tax_aware", "Tax-aware balanced", ModelLevel.FIRM, {"MUNA": 2000, "CASC34": 1500, "CASH": 100},
          (Nested("growth", 6400),), risk=3, segment=Segment.TAX_SENSITIVE),
    Model("harbour_diversified", "Harbour diversified", ModelLevel.ADVISER, {"CMDT": 500, "DVRS": 700},
          (Nested("balanced", 8800),), adviser_id="A-02", risk=3, segment=Segment.BALANCED),
    Model("harbour_private", "Harbour growth with private credit", ModelLevel.ADVISER, {"PVCR": 1000},
          (Nested("growth", 9000),), adviser_id="A-02", risk=4, segment=Segment.GROWTH),
)  # fmt: skip

MODEL_INDEX: dict[str, int] = {model.model_id: place for place, model in enumerate(MODELS)}


def weights_of(model: Model) -> dict[str, float]:
    """Return the share of the portfolio by symbol, nested models resolved; shares sum to 1."""
    shares = {symbol: bps / WHOLE for symbol, bps in model.own.items()}
    for nested in model.nested:
        for symbol, share in weights_of(MODELS[MODEL_INDEX[nested.model_id]]).items():
            shares[symbol] = shares.get(symbol, 0.0) + share * nested.bps / WHOLE
    return shares


def class_weights_of(model: Model) -> list[float]:
    """Return the share of each of `CLASSES`."""
    shares = [0.0] * len(CLASSES)
    for symbol, share in weights_of(model).items():
        place = CLASSES.index(SECURITIES[INDEX[symbol]].asset_class) if symbol != CASH else len(CLASSES) - 1
        shares[place] += share
    return shares
