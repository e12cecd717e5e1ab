-- The separable problem in words a database understands: the least objective of each account, as the highest that any price of cash proves.
-- For tests: it reads the tables as they are and knows no compiled code. A security that pays to be sold and bought back is allowed both
-- here; a loss that is partly disallowed is spread over its lot. Slow: for some hundreds of accounts.

WITH unit AS ( -- every lot with its value, what of it may be sold, and what a dollar sold costs
    SELECT a.account_id, s.security_id, l.lot_id, s.asset_class,
           l.held_qty * s.price_usd AS value,
           CASE WHEN l.gain_rate_frac > 0 THEN l.gain_rate_frac * (1 - l.unit_basis_usd / s.price_usd) ELSE 0 END AS tax,
           l.held_qty > 0 AND l.is_sellable AND NOT coalesce(r.is_sell_barred, false)
               AND (l.gain_rate_frac = 0 OR l.unit_basis_usd IS NOT NULL) AS may_sell,
           least(l.washed_qty / nullif(l.held_qty, 0), 1) AS washed,
           s.sell_cost_frac
    FROM lots l
    JOIN accounts a USING (account_id)
    JOIN securities s ON s.universe_id = a.universe_id AND s.security_id = l.security_id
    LEFT JOIN restrictions r ON r.account_id = l.account_id AND r.security_id = l.security_id
), nav AS (
    SELECT a.account_id, a.cash_usd - a.spoken_for_usd AS cash,
           a.cash_usd - a.spoken_for_usd + coalesce(sum(u.value), 0) AS n,
           n - least(a.cash_usd - a.spoken_for_usd, 0) AS most,
           any_value(a.target_cost_frac) AS lambda, any_value(a.band_cost_frac) AS m,
           any_value(a.model_id) AS model_id, any_value(a.universe_id) AS universe_id, any_value(a.cash_plan_id) AS plan_id
    FROM accounts a LEFT JOIN unit u USING (account_id)
    GROUP BY a.account_id, a.cash_usd, a.spoken_for_usd
), class AS ( -- every class named by the model or held; cash is not among them
    SELECT n.account_id, c.asset_class, n.n, n.lambda, n.m,
           coalesce(max(v.value), 0) AS held,
           coalesce(max(mo.target_frac), 0) * n.n AS target,
           coalesce(max(mo.lower_frac), 0) * n.n AS lower,
           coalesce(max(mo.upper_frac), 0) * n.n AS upper
    FROM nav n
    JOIN (
        SELECT account_id, asset_class FROM unit
        UNION SELECT a.account_id, m.asset_class FROM accounts a JOIN models m USING (model_id) WHERE m.asset_class <> 'cash'
    ) c USING (account_id)
    LEFT JOIN models mo ON mo.model_id = n.model_id AND mo.asset_class = c.asset_class
    LEFT JOIN (SELECT account_id, asset_class, sum(value) AS value FROM unit GROUP BY ALL) v
        ON v.account_id = n.account_id AND v.asset_class = c.asset_class
    GROUP BY n.account_id, c.asset_class, n.n, n.lambda, n.m
), move AS ( -- along the class's value: what is kept costs minus its cost of selling, what is bought its cost of buying
    SELECT account_id, asset_class, -(sell_cost_frac + CASE WHEN tax < 0 THEN tax * (1 - washed) ELSE tax END) AS slope,
           value AS width, 0 AS is_buy
    FROM unit WHERE may_sell
    UNION ALL -- no class buys more than the account could spend if it sold all
    SELECT account_id, asset_class, slope, greatest(least(room, most - coalesce(sum(room) OVER cheaper, 0)), 0), 1
    FROM (
        SELECT c.account_id, c.asset_class, s.buy_cost_frac AS slope, least(n.most, coalesce(r.buy_cap_usd, n.most)) AS room, n.most
        FROM class c
        JOIN nav n USING (account_id)
        JOIN securities s ON s.universe_id = n.universe_id AND s.asset_class = c.asset_class AND s.is_buyable AND s.price_usd > 0
        LEFT JOIN restrictions r ON r.account_id = c.account_id AND r.security_id = s.security_id
        WHERE NOT coalesce(r.is_buy_barred, false)
    )
    WINDOW cheaper AS (PARTITION BY account_id, asset_class ORDER BY slope, room ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
), step AS ( -- from everything sold upwards: each move from one value of the class to another
    SELECT m.account_id, m.asset_class, m.slope,
           c.held - b.sellable + coalesce(sum(m.width) OVER before, 0) AS h0,
           c.held - b.sellable + sum(m.width) OVER upto AS h1
    FROM move m
    JOIN class c USING (account_id, asset_class)
    JOIN (SELECT account_id, asset_class, coalesce(sum(width) FILTER (is_buy = 0), 0) AS sellable FROM move GROUP BY ALL) b
        USING (account_id, asset_class)
    WINDOW
        before AS (PARTITION BY m.account_id, m.asset_class ORDER BY m.slope, m.is_buy, m.width
                   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
        upto AS (PARTITION BY m.account_id, m.asset_class ORDER BY m.slope, m.is_buy, m.width
                 ROWS UNBOUNDED PRECEDING)
), corner AS ( -- the only values of a class that can be best at some price of cash
    SELECT account_id, asset_class, h0 AS h FROM step
    UNION SELECT account_id, asset_class, h1 FROM step
    UNION SELECT account_id, asset_class, held FROM class
    UNION
    SELECT c.account_id, c.asset_class, p.h
    FROM class c, unnest([c.lower, c.target, c.upper]) AS p(h)
    JOIN (SELECT account_id, asset_class, min(h0) AS low, max(h1) AS high FROM step GROUP BY ALL) r
        ON r.account_id = c.account_id AND r.asset_class = c.asset_class AND p.h BETWEEN r.low AND r.high
), base AS ( -- what selling everything costs
    SELECT account_id, asset_class, sum(-slope * width) FILTER (is_buy = 0) AS cost FROM move GROUP BY ALL
), class_cost AS ( -- trades and penalty at each corner
    SELECT p.account_id, p.asset_class, p.h, p.h - c.held AS flow,
           coalesce(any_value(b.cost), 0) + coalesce(sum(s.slope * greatest(least(p.h, s.h1) - s.h0, 0)), 0)
               + any_value(c.lambda * abs(p.h - c.target) + c.m * greatest(c.lower - p.h, p.h - c.upper, 0)) AS cost
    FROM corner p
    JOIN class c USING (account_id, asset_class)
    LEFT JOIN base b USING (account_id, asset_class)
    LEFT JOIN step s USING (account_id, asset_class)
    GROUP BY p.account_id, p.asset_class, p.h, c.held
), term AS ( -- cash: its class's target and band, and the plan's terms
    SELECT n.account_id, coalesce(t.target_frac, 0) * n.n AS place, n.lambda AS below, n.lambda AS above
    FROM nav n LEFT JOIN models t ON t.model_id = n.model_id AND t.asset_class = 'cash'
    UNION ALL
    SELECT n.account_id, coalesce(t.lower_frac, 0) * n.n, n.m, 0
    FROM nav n LEFT JOIN models t ON t.model_id = n.model_id AND t.asset_class = 'cash'
    UNION ALL
    SELECT n.account_id, coalesce(t.upper_frac, 0) * n.n, 0, n.m
    FROM nav n LEFT JOIN models t ON t.model_id = n.model_id AND t.asset_class = 'cash'
    UNION ALL
    SELECT n.account_id, t.at_frac * n.n + t.at_usd, t.below_cost_frac, t.above_cost_frac
    FROM nav n JOIN cash_terms t ON t.cash_plan_id = n.plan_id
), cash_cost AS (
    SELECT p.account_id, p.place AS c, sum(q.below * greatest(q.place - p.place, 0) + q.above * greatest(p.place - q.place, 0)) AS cost,
           sum(CASE WHEN q.place < p.place THEN q.above ELSE -q.below END) AS slope_left,
           sum(CASE WHEN q.place <= p.place THEN q.above ELSE -q.below END) AS slope_right
    FROM (SELECT DISTINCT account_id, place FROM term) p JOIN term q USING (account_id)
    GROUP BY p.account_id, p.place
), price AS ( -- the best price of cash is minus the slope of the cost of cash, or of a class between two corners
    SELECT account_id, -slope_left AS mu FROM cash_cost
    UNION SELECT account_id, -slope_right FROM cash_cost
    UNION
    SELECT account_id, -(cost - lag(cost) OVER w) / (h - lag(h) OVER w) FROM class_cost
    WINDOW w AS (PARTITION BY account_id, asset_class ORDER BY h)
), reach AS ( -- prices past the steepest slopes of cash have no finite best cash
    SELECT account_id, min(slope_left) AS least, max(slope_right) AS most FROM cash_cost GROUP BY ALL
), at_price AS ( -- every class and cash at its own best for that price
    SELECT p.account_id, p.mu,
           coalesce((SELECT sum(best) FROM (
               SELECT min(k.cost + p.mu * k.flow) AS best FROM class_cost k WHERE k.account_id = p.account_id GROUP BY k.asset_class
           )), 0) + (SELECT min(c.cost + p.mu * (c.c - n.cash)) FROM cash_cost c WHERE c.account_id = p.account_id) AS bound
    FROM price p
    JOIN nav n USING (account_id)
    JOIN reach r USING (account_id)
    WHERE p.mu BETWEEN -r.most AND -r.least
)
SELECT account_id, max(bound) AS least_objective_usd, arg_max(mu, bound) AS mu, any_value(n.n) AS nav_usd
FROM at_price JOIN nav n USING (account_id)
GROUP BY account_id
ORDER BY account_id
