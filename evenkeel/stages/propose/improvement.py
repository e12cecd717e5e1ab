"""What a list of trades does to drift and risk: the figures before and after, by the policy's own risk figures.

With weights w and targets t by asset class, and d = w - t:

    max drift = max |d|                         tracking = sqrt(d' S d)
    band excess = what is outside bands          risk    = sqrt(w' S w)
    growth = sum of w x growth tenths / 10      S_ij     = vol_i vol_j rho_ij

What is outside bands is the larger of what classes are above theirs together, and what they are below.

rho is 1 for a class with itself, else one of three figures: two growth classes, two defensive ones, one of each. So with u = vol x w, and
A, B its sums over growth and defensive classes:

    w' S w = sum u^2 + growth_correlation (A^2 - sum u_A^2) + defensive_correlation (B^2 - sum u_B^2) + 2 cross_correlation A B
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from data_contracts.vocab import AssetClass
from evenkeel.policy.model import Policy, RiskRule
from evenkeel.stages.drift.growth import GROWTH_TENTHS
from evenkeel.stages.drift.nodes import CLASS_CODES, class_number
from evenkeel.stages.propose.by_policy import labels_of

GROWTH_FROM_TENTHS = 5
"""From so many tenths on a class moves with the growth classes."""

Floats = npt.NDArray[np.float64]

_TENTHS = np.array([GROWTH_TENTHS[AssetClass(code)] for code in CLASS_CODES], dtype=np.float64)[:, None]
_IS_GROWTH = (_TENTHS >= GROWTH_FROM_TENTHS).astype(np.float64)


def improvement(classes: pl.DataFrame, portfolios: pl.DataFrame, policies: Mapping[str, Policy]) -> pl.DataFrame:
    """Return each portfolio's drift, tracking error, risk and growth share before and after its trades.

    Args:
        classes: One row a portfolio and asset class: `portfolio_id`, `asset_class`, `target_frac`, `lower_frac`, `upper_frac` (null: no
            band), `before_frac`, `after_frac`. A class without a row has none of it and no target; weights sum to 1, short ones are < 0.
        portfolios: `portfolio_id`, `policy_version` (a policy's label).
        policies: Policies by label.

    Returns:
        One row a row of `portfolios`, in its order: `portfolio_id` and, each with `_before_frac` and `_after_frac`: `max_drift`,
        `band_excess`, `tracking`, `risk`, `growth`. Tracking and risk are null where a class is held or targeted for which the policy
        names no volatility. All are null for a portfolio without classes.

    Raises:
        ValueError: A portfolio has a class twice, a class belongs to no portfolio, or a policy was not given.
    """
    place = _places(classes, portfolios)
    kind = class_number().alias("number")
    number = classes.select(kind)["number"].to_numpy()
    _must_be_unique(classes, place, number)
    shape = (len(CLASS_CODES), portfolios.height)

    def spread(column: str, missing: float = 0.0) -> Floats:
        table = np.full(shape, missing)
        table[number, place] = classes[column].cast(pl.Float64).fill_null(missing).to_numpy()
        return table

    target = spread("target_frac")
    lower, upper = spread("lower_frac", -np.inf), spread("upper_frac", np.inf)
    rules = _Rules(portfolios, policies)
    found: dict[str, Floats] = {}
    for when in ("before", "after"):
        weight = spread(f"{when}_frac")
        found |= {
            f"max_drift_{when}_frac": np.abs(weight - target).max(axis=0),
            # A dollar in the wrong place is above one band and below another: it counts once.
            f"band_excess_{when}_frac": np.maximum(
                np.maximum(weight - upper, 0.0).sum(axis=0), np.maximum(lower - weight, 0.0).sum(axis=0)
            ),
            f"tracking_{when}_frac": rules.deviation(weight - target),
            f"risk_{when}_frac": rules.deviation(weight),
            f"growth_{when}_frac": (weight * _TENTHS).sum(axis=0) / 10,
        }
    is_known = np.zeros(portfolios.height, dtype=bool)
    is_known[place] = True
    names = [f"{name}_{when}_frac" for name in _ORDER for when in ("before", "after")]
    figures = pl.DataFrame({name: np.where(is_known, found[name], np.nan) for name in names})
    return pl.concat([portfolios.select("portfolio_id"), figures.fill_nan(None)], how="horizontal")


_ORDER = ("max_drift", "band_excess", "tracking", "risk", "growth")


class _Rules:
    """Volatilities and correlations of each portfolio, classes down and portfolios across."""

    def __init__(self, portfolios: pl.DataFrame, policies: Mapping[str, Policy]) -> None:
        labels = labels_of(portfolios, policies)
        rules: list[RiskRule] = [policies[label].risk for label in labels]
        of = portfolios["policy_version"].replace_strict(labels, range(len(labels)), return_dtype=pl.Int64).to_numpy()
        vols = np.array([[rule.volatility.get(AssetClass(code), np.nan) for rule in rules] for code in CLASS_CODES])
        self._vols = vols[:, of]
        self._growth = np.array([rule.growth_correlation for rule in rules])[of]
        self._defensive = np.array([rule.defensive_correlation for rule in rules])[of]
        self._cross = np.array([rule.cross_correlation for rule in rules])[of]

    def deviation(self, weight: Floats) -> Floats:
        """Return sqrt(w' S w); NaN where a weight other than 0 has no volatility."""
        # Sums run over classes in one order for every portfolio, so they depend neither on the order of rows nor on the machine.
        u = np.where(weight == 0, 0.0, weight * self._vols)
        growth, defensive = u * _IS_GROWTH, u * (1 - _IS_GROWTH)
        a, b = growth.sum(axis=0), defensive.sum(axis=0)
        aa, bb = (growth**2).sum(axis=0), (defensive**2).sum(axis=0)
        variance = aa + bb + self._growth * (a**2 - aa) + self._defensive * (b**2 - bb) + 2 * self._cross * a * b
        # Rounding may leave a variance of nothing a hair below zero.
        root: Floats = np.sqrt(np.maximum(variance, 0.0))
        return root


def _places(classes: pl.DataFrame, portfolios: pl.DataFrame) -> npt.NDArray[np.int64]:
    numbered = portfolios.select("portfolio_id").with_row_index("place")
    if numbered["portfolio_id"].n_unique() != numbered.height:
        raise ValueError("improvement: a portfolio stands twice in portfolios; give each once")
    place = classes.select("portfolio_id").join(numbered, on="portfolio_id", how="left", maintain_order="left")["place"]
    if place.null_count():
        stray = classes.filter(place.is_null())["portfolio_id"].item(0)
        raise ValueError(f"improvement: classes has portfolio {stray!r}, portfolios has not; give it its policy")
    return place.cast(pl.Int64).to_numpy()


def _must_be_unique(classes: pl.DataFrame, place: npt.NDArray[np.int64], number: npt.NDArray[np.uint32]) -> None:
    keys = place * len(CLASS_CODES) + number
    if np.unique(keys).size != keys.size:
        twice = classes.filter(pl.struct("portfolio_id", "asset_class").is_duplicated()).row(0, named=True)
        raise ValueError(
            f"improvement: portfolio {twice['portfolio_id']!r} has class {twice['asset_class']!r} twice; sum it first"
        )
