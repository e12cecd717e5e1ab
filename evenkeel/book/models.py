"""Models: target trees as the firm writes them, nested in each other, and the flat targets that hold on a date.

A weight is always a share of the whole model, at every depth: sleeves sum to their class, securities to their sleeve or class, classes
and nested models to 1. The sums are taken over the decimals as written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from data_contracts.vocab import AssetClass, ModelLevel

SUM_TOLERANCE = Decimal("1e-9")
MAX_NESTING = 10

Weight = Annotated[Decimal, Field(ge=0, le=1, max_digits=30)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)


class SecurityTarget(_Part):
    """A security and its share of the model."""

    security: Name
    weight: Weight


class SleeveTarget(_Part):
    """A sleeve of a class, and its securities where the model goes that deep."""

    sleeve: Name
    weight: Weight
    securities: tuple[SecurityTarget, ...] = ()


class TargetNode(_Part):
    """Either an asset class, with its sleeves or securities where the model goes that deep, or another model taken in whole."""

    asset_class: AssetClass | None = Field(None, alias="class")
    model: Name | None = None
    weight: Weight
    sleeves: tuple[SleeveTarget, ...] = ()
    securities: tuple[SecurityTarget, ...] = ()

    @property
    def all_securities(self) -> tuple[SecurityTarget, ...]:
        """Return the securities named directly and under sleeves."""
        return self.securities + tuple(security for sleeve in self.sleeves for security in sleeve.securities)

    @model_validator(mode="after")
    def _is_one_kind(self) -> TargetNode:
        if (self.asset_class is None) == (self.model is None):
            raise ValueError("a target needs either class or model; write exactly one of them")
        if self.model is not None and (self.sleeves or self.securities):
            raise ValueError("a nested model brings its own sleeves and securities; delete them here")
        if self.sleeves and self.securities:
            raise ValueError("a class lists sleeves or securities; put the securities under their sleeves")
        if self.sleeves and len({bool(sleeve.securities) for sleeve in self.sleeves}) > 1:
            raise ValueError(
                "only some sleeves of the class name securities; name them for all of its sleeves, or for none"
            )
        return self


class Model(_Part):
    """One version of one model (`models.yaml` or a file in `models/`)."""

    id: Name
    version: int = Field(ge=1, le=1_000_000)
    level: ModelLevel = ModelLevel.FIRM
    adviser_id: Name | None = None
    name: str | None = None
    effective_date: dt.date
    recorded_at: AwareDatetime
    author: Name
    reason: Name
    targets: tuple[TargetNode, ...] = Field(min_length=1)

    @property
    def label(self) -> str:
        """Return `id/version`."""
        return f"{self.id}/{self.version}"

    @model_validator(mode="after")
    def _owner_is_named(self) -> Model:
        if (self.level == ModelLevel.ADVISER) != (self.adviser_id is not None):
            raise ValueError("level adviser needs adviser_id, level firm has none; correct one of them")
        return self


def sum_problems(model: Model) -> list[tuple[tuple[int | str, ...], str]]:
    """Return where a model's weights do not add up: path in the document, and by how much."""
    found: list[tuple[tuple[int | str, ...], str]] = []

    def check(path: tuple[int | str, ...], what: str, parts: Iterable[Decimal], whole: Decimal) -> None:
        total = sum(parts, Decimal(0))
        if abs(total - whole) > SUM_TOLERANCE:
            side = "above" if total > whole else "below"
            found.append((path, f"{what} sum to {total}, {abs(total - whole)} {side} {whole}; correct the weights"))

    check(("targets",), "the targets", (node.weight for node in model.targets), Decimal(1))
    seen: set[str] = set()
    for place, node in enumerate(model.targets):
        path: tuple[int | str, ...] = ("targets", place)
        name = f"class {node.asset_class}" if node.asset_class else f"model {node.model}"
        if name in seen:
            found.append((path, f"{name} stands twice; put it into one target"))
        seen.add(name)
        if node.sleeves:
            check((*path, "sleeves"), f"the sleeves of {name}", (sleeve.weight for sleeve in node.sleeves), node.weight)
            names = [sleeve.sleeve for sleeve in node.sleeves]
            if len(set(names)) < len(names):
                found.append(((*path, "sleeves"), f"a sleeve of {name} stands twice; put it into one"))
        if node.securities:
            check((*path, "securities"), f"the securities of {name}", (s.weight for s in node.securities), node.weight)
        for index, sleeve in enumerate(node.sleeves):
            if sleeve.securities:
                check(
                    (*path, "sleeves", index),
                    f"the securities of sleeve {sleeve.sleeve}",
                    (security.weight for security in sleeve.securities),
                    sleeve.weight,
                )
        listed = [target.security for target in node.all_securities]
        if len(set(listed)) < len(listed):
            found.append((path, f"a security of {name} stands twice; put it into one line"))
    return found


@dataclass
class ClassTarget:
    """What a model, nested ones resolved, wants of one class; sleeves or securities are None where a part does not go that deep."""

    weight: Decimal = Decimal(0)
    sleeves: dict[str, Decimal] | None = field(default_factory=dict)
    securities: dict[str, Decimal] | None = field(default_factory=dict)

    def add(
        self, weight: Decimal, sleeves: Mapping[str, Decimal] | None, securities: Mapping[str, Decimal] | None
    ) -> None:
        """Add a part of the class: the class goes as deep as its shallowest part of any weight."""
        self.weight += weight
        if weight:
            self.sleeves = _sum(self.sleeves, sleeves)
            self.securities = _sum(self.securities, securities)


def _sum(left: Mapping[str, Decimal] | None, right: Mapping[str, Decimal] | None) -> dict[str, Decimal] | None:
    if left is None or right is None:
        return None
    return {name: left.get(name, Decimal(0)) + right.get(name, Decimal(0)) for name in [*left, *right]}


class ModelCannotBeResolved(ValueError):
    """A nested model is missing, not in force, or leads back to itself; the text says which."""


@dataclass(frozen=True)
class Resolved:
    """A model with nested ones taken in: its class targets, and the labels of all versions that went in."""

    classes: Mapping[AssetClass, ClassTarget]
    labels: frozenset[str]


class Resolver:
    """Takes nested models in, among the versions that hold (`held`: by id)."""

    def __init__(self, held: Mapping[str, Model]) -> None:
        self._held = held
        self._done: dict[str, Resolved] = {}

    def resolve(self, model_id: str, chain: Sequence[str] = ()) -> Resolved:
        """Return the model `model_id`, reached through the models of `chain`.

        Raises:
            ModelCannotBeResolved: A nested model holds no version, the chain leads back to one of its own, or it is too long.
        """
        if model_id not in chain and model_id in self._done:
            return self._done[model_id]
        path = [*chain, model_id]
        way = " > ".join(path)
        if model_id in chain:
            raise ModelCannotBeResolved(f"models are nested in a circle ({way}); take one of them out")
        if len(path) > MAX_NESTING:
            raise ModelCannotBeResolved(
                f"models are nested more than {MAX_NESTING} deep ({way}); write some of them out"
            )
        if model_id not in self._held:
            raise ModelCannotBeResolved(
                f"nested model '{model_id}' ({way}) has no version that holds then; give it one"
            )
        model = self._held[model_id]
        classes: dict[AssetClass, ClassTarget] = {}
        labels = {model.label}
        for node in model.targets:
            if node.asset_class is not None:
                sleeves = {sleeve.sleeve: sleeve.weight for sleeve in node.sleeves} or None
                listed = {target.security: target.weight for target in node.all_securities} or None
                classes.setdefault(node.asset_class, ClassTarget()).add(node.weight, sleeves, listed)
            elif node.model is not None:
                nested = self.resolve(node.model, path)
                labels |= nested.labels
                for asset_class, target in nested.classes.items():
                    classes.setdefault(asset_class, ClassTarget()).add(
                        target.weight * node.weight,
                        _scaled(target.sleeves, node.weight),
                        _scaled(target.securities, node.weight),
                    )
        self._done[model_id] = Resolved(classes, frozenset(labels))
        return self._done[model_id]


def _scaled(parts: Mapping[str, Decimal] | None, weight: Decimal) -> dict[str, Decimal] | None:
    return None if parts is None else {name: share * weight for name, share in parts.items()}
