"""What each portfolio's policy says, as columns: a few policies, looked at once each, for many portfolios."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from evenkeel.policy.model import Policy


def labels_of(portfolios: pl.DataFrame, policies: Mapping[str, Policy]) -> list[str]:
    """Return the labels that `policy_version` of `portfolios` names, sorted.

    Raises:
        ValueError: A label is not among `policies`.
    """
    labels: list[str] = portfolios["policy_version"].unique().sort().to_list()
    unknown = [label for label in labels if label not in policies]
    if unknown:
        raise ValueError(f"policy_version {unknown[0]!r} is not among the policies {sorted(policies)}; give it")
    return labels


def policy_columns(
    portfolios: pl.DataFrame, policies: Mapping[str, Policy], figures: Mapping[str, Callable[[Policy], object]]
) -> pl.DataFrame:
    """Return `portfolio_id` and one column a figure, in the order of `portfolios`.

    Args:
        portfolios: `portfolio_id`, `policy_version` (a policy's label).
        policies: Policies by label.
        figures: Column name, and how it is read from a policy.

    Raises:
        ValueError: A portfolio names a policy that was not given.
    """
    labels = labels_of(portfolios, policies)
    read = pl.DataFrame(
        {
            "policy_version": pl.Series(labels, dtype=pl.String),
            **{name: [figure(policies[label]) for label in labels] for name, figure in figures.items()},
        }
    )
    joined = portfolios.select("portfolio_id", "policy_version").join(
        read, on="policy_version", how="left", maintain_order="left"
    )
    return joined.drop("policy_version")
