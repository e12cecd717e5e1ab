"""What is proposed: kinds of rebalance, what became of a proposal, why a trade is in it, what stood in the way, what was checked."""

from __future__ import annotations

from enum import StrEnum


class RebalanceKind(StrEnum):
    """What a proposal may do."""

    FULL = "full"
    TO_EDGE = "to_edge"
    TO_MIDPOINT = "to_midpoint"
    PARTIAL = "partial"
    INVEST_CASH = "invest_cash"
    RAISE_CASH = "raise_cash"
    BUY_ONLY = "buy_only"
    SELL_ONLY = "sell_only"
    HARVEST_ONLY = "harvest_only"
    HARVEST_AND_REBALANCE = "harvest_and_rebalance"


class ProposalStatus(StrEnum):
    """What became of a proposal before anybody saw it. Only `drafted` and `held_back` have trades."""

    DRAFTED = "drafted"
    NOTHING_TO_TRADE = "nothing_to_trade"
    NOT_SOLVED = "not_solved"
    NO_TRADES_BY_RULE = "no_trades_by_rule"
    HELD_BACK = "held_back"


class TradeReason(StrEnum):
    """Why a trade is in a list. A trade may have several; the first is the main one."""

    OVERWEIGHT = "overweight"
    UNDERWEIGHT = "underweight"
    NOT_IN_MODEL = "not_in_model"
    RAISES_CASH = "raises_cash"
    CASH_TO_TARGET = "cash_to_target"
    INVESTS_CASH = "invests_cash"
    PAYS_FOR_PURCHASES = "pays_for_purchases"
    HARVESTS_LOSS = "harvests_loss"
    REPLACES_SOLD = "replaces_sold"
    LOSS_FIRST = "loss_first"
    LONG_TERM_FIRST = "long_term_first"
    NO_TAX_HERE = "no_tax_here"
    SUBSTITUTE = "substitute"
    PAST_TARGET_FOR_CASH = "past_target_for_cash"
    PAST_TARGET_FOR_STEP = "past_target_for_step"
    PAST_TARGET_FOR_KEPT = "past_target_for_kept"
    PAST_TARGET_FOR_PURCHASES = "past_target_for_purchases"


class ProposalReason(StrEnum):
    """Why a proposal has no trades, or why one that raises cash sells more than is short.

    A proposal may have several of the first kind; one of the second kind begins with `more_`.
    """

    ON_TARGET = "on_target"
    INSIDE_BANDS = "inside_bands"
    UNDER_SMALLEST_ORDER = "under_smallest_order"
    KEPT_BY_RULES = "kept_by_rules"
    TAX_TOO_DEAR = "tax_too_dear"
    NO_BETTER_LIST = "no_better_list"
    NOTHING_ABOVE_TARGET = "nothing_above_target"
    NO_CASH_SHORT = "no_cash_short"
    CASH_NOT_RAISED = "cash_not_raised"
    NO_CASH_TO_INVEST = "no_cash_to_invest"
    CASH_ON_TARGET = "cash_on_target"
    NOTHING_TAXED = "nothing_taxed"
    LOSS_TOO_SMALL = "loss_too_small"
    LOSSES_KEPT = "losses_kept"
    LOSSES_GIVE_WAY = "losses_give_way"
    NO_SUBSTITUTE = "no_substitute"
    LOSS_UNDER_SMALLEST_ORDER = "loss_under_smallest_order"
    LOSS_NOT_WORTH_IT = "loss_not_worth_it"
    MORE_FOR_CUSHION = "more_for_cushion"
    MORE_FOR_WHOLE_UNITS = "more_for_whole_units"
    MORE_FOR_SMALLEST_ORDER = "more_for_smallest_order"
    MORE_FOR_CASH_TARGET = "more_for_cash_target"
    MORE_FOR_DRIFT = "more_for_drift"


class Obstacle(StrEnum):
    """A rule that kept a sale or a purchase out of a list."""

    NO_SELL = "no_sell"
    NO_BUY = "no_buy"
    HOLD_UNTIL = "hold_until"
    LEGACY_KEEP = "legacy_keep"
    UNSUPERVISED = "unsupervised"
    EXCLUDE = "exclude"
    NOT_TRADED = "not_traded"
    MAX_WEIGHT = "max_weight"
    MIN_WEIGHT = "min_weight"
    ILLIQUID = "illiquid"
    ORDER_IN_FLIGHT = "order_in_flight"
    BASIS_MISSING = "basis_missing"
    LOTS_DIFFER = "lots_differ"
    WASH_SALE_IF_BOUGHT = "wash_sale_if_bought"
    WASH_SALE_IF_SOLD = "wash_sale_if_sold"
    SOLD_AT_LOSS_TODAY = "sold_at_loss_today"
    SHORT_POSITION = "short_position"
    REDEMPTION_PERIOD = "redemption_period"
    WHOLE_STEPS = "whole_steps"
    GAIN_BUDGET = "gain_budget"
    TURNOVER_BUDGET = "turnover_budget"


class PreCheck(StrEnum):
    """What a proposal is checked for before anybody is told, from its trades alone."""

    WASH_SALE = "wash_sale"
    CONCENTRATION = "concentration"
    SECTOR_CONCENTRATION = "sector_concentration"
    LIQUIDITY = "liquidity"
    SUITABILITY = "suitability"
    RESTRICTIONS = "restrictions"
    IPS_LIMITS = "ips_limits"
    CASH = "cash"
    BALANCE = "balance"
    TRADING_COST = "trading_cost"
    GAIN_BUDGET = "gain_budget"
    TURNOVER_BUDGET = "turnover_budget"


class CheckResult(StrEnum):
    """How a check came out. A failed one keeps the proposal back until a person has looked."""

    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"
    NOT_KNOWN = "not_known"


class Advice(StrEnum):
    """When to act."""

    ACT_NOW = "act_now"
    WAIT = "wait"


class LotInstruction(StrEnum):
    """How the custodian is told which lots go."""

    SPECIFIC_LOT = "specific_lot"
    ACCOUNT_METHOD = "account_method"
    NONE = "none"
