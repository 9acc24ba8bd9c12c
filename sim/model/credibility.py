"""Phase 2: a Beta belief about the guarantee, learned from kept and broken promises.

A belief that forgets towards its prior is the discounted filter of West & Harrison (1997,
10.1007/b98971): evidence fades, the prior stays.
"""

from sim.model.arrays import Array, Coefficients
from sim.model.decays import Decays


def prior(c: Coefficients) -> tuple[Array, Array]:
    """The Beta counts (kept, broken) without experience."""
    kept = c.prior_weight * c.prior_reliability
    return kept, c.prior_weight - kept


def update(
    kept: Array, broken: Array, asked: Array, helped: Array, all_asked: Array, all_helped: Array,
    c: Coefficients, d: Decays,
) -> tuple[Array, Array]:  # fmt: skip
    """Forget towards the prior, then count one's own crisis fully and those watched by ``watching``.

    ``asked`` is 1 for a member in crisis, ``helped`` what it got; ``all_*`` are sums over states.
    """
    kept_0, broken_0 = prior(c)
    fade = 1.0 - d.belief
    own = 1.0 - c.watching
    lost, all_lost = asked - helped, all_asked - all_helped
    return (
        d.belief * kept + (fade * kept_0 + c.watching * all_helped) + own * helped,
        d.belief * broken + (fade * broken_0 + c.watching * all_lost) + own * lost,
    )


def reliability(kept: Array, broken: Array) -> Array:
    """The mean of the belief."""
    return kept / (kept + broken)
