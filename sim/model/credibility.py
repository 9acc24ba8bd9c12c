"""Phase 2: a Beta belief about the guarantee, learned from kept and broken promises.

A belief that forgets towards its prior is the discounted filter of West & Harrison (1997,
10.1007/b98971): evidence fades, the prior stays.
"""

from sim.model.arrays import Array, Coefficients
from sim.model.decays import Decays


def update(
    kept: Array,
    broken: Array,
    asked: Array,
    helped: Array,
    all_asked: Array,
    all_helped: Array,
    c: Coefficients,
    d: Decays,
) -> tuple[Array, Array]:
    """Forget towards the prior, then count one's own crisis fully and those watched by ``watching``.

    ``asked`` is 1 for a member in crisis, ``helped`` what it got; ``all_*`` are sums over states.
    """
    own = 1.0 - c.watching
    seen_kept = d.kept + c.watching * all_helped
    seen_broken = d.broken + c.watching * (all_asked - all_helped)
    return (
        d.belief * kept + (seen_kept + own * helped),
        d.belief * broken + (seen_broken + own * (asked - helped)),
    )


def reliability(kept: Array, broken: Array) -> Array:
    """The mean of the belief."""
    return kept / (kept + broken)
