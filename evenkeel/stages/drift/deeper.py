"""Sleeves and securities, in the classes whose model goes that deep."""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import NodeLevel
from evenkeel.stages.drift.nodes import Nodes, model_places, summed, targets_of

SLEEVE_NODE = pl.format("{}/{}", "asset_class", "sleeve")


def deeper_levels(
    held: pl.DataFrame, weighed: pl.DataFrame, model_targets: pl.DataFrame
) -> list[tuple[Nodes, pl.DataFrame]]:
    """Return the nodes and summed rows of each level below the class that any model names.

    A class counts at a level if its model has any target of that level in it: then every sleeve (or security) held or targeted in the
    class has a row, and the rows of a class add up to the class's own.

    Args:
        held: Holdings of the weighed portfolios: `portfolio`, `asset_class`, `sleeve`, `security_id`, `value_cents`, `proforma_cents`.
        weighed: One row a portfolio, in the order of their numbers: `model_id`.
        model_targets: The book's models.
    """
    models = weighed.select(pl.row_index("portfolio"), "model_id")
    found = []
    for level, node in ((NodeLevel.SLEEVE, SLEEVE_NODE), (NodeLevel.SECURITY, pl.col("security_id"))):
        wanted = model_targets.filter(pl.col("level") == level.value)
        if not wanted.height:
            continue
        deep = models.join(wanted.select("model_id", "asset_class").unique(), on="model_id", how="inner")
        in_deep = held.join(deep, on=["portfolio", "asset_class"], how="semi").with_columns(node.alias("node_id"))
        # The class of a node is the book's, as holdings have it; the model's where nobody holds it.
        names = (
            pl.concat([in_deep.select("node_id", "asset_class"), wanted.select("node_id", "asset_class")])
            .group_by("node_id", maintain_order=True)
            .agg(pl.col("asset_class").first())
            .sort("node_id")
            .with_row_index("node")
        )
        nodes = Nodes(level.value, names["node_id"], names["asset_class"])
        targets = targets_of(model_targets, nodes)
        rows = summed(
            in_deep.join(names.select("node_id", "node"), on="node_id", how="left").select(
                "portfolio", "node", "value_cents", "proforma_cents"
            ),
            model_places(weighed, targets),
            targets,
            nodes,
        )
        found.append((nodes, rows))
    return found
