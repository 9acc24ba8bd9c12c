"""Labels at line ends, kept apart."""

from __future__ import annotations

from collections.abc import Sequence


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions at least ``gap`` apart within bounds, as near to the wanted ones as can be.

    Least squares: with k gaps taken from the k-th position the order is all that is asked, which
    is isotonic regression (pool adjacent violators). Positions come in the order of ``wanted``.
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    pools: list[list[float]] = []  # sum and count of the positions that share a place
    for k, i in enumerate(order):
        pools.append([wanted[i] - k * gap, 1.0])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] >= pools[-1][0] / pools[-1][1]:
            total, count = pools.pop()
            pools[-1][0] += total
            pools[-1][1] += count
    level = [total / count for total, count in pools for _ in range(int(count))]
    ceiling = max(high - (len(wanted) - 1) * gap, low)
    places = [0.0] * len(wanted)
    for k, i in enumerate(order):
        places[i] = min(max(level[k], low), ceiling) + k * gap
    return places
