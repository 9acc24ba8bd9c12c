"""Several alliances, one set of equations: log-likelihoods add, coefficients are shared, the rest is an alliance's own.

The coordinates of a pool are the shared ones first (coefficients, idle), then those of each alliance in turn: places of
effects of its states and of its own, places of its coded values. A pool of one alliance is a calibration of it alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from sim.inference.base_rates import OtherPacts
from sim.inference.likelihood import Indices, Target
from sim.inference.smc import Part, Stage
from sim.inference.space import IDLE, Space
from sim.model.arrays import Array
from sim.model.variables import COEFFICIENT_NAMES

EXIT_RATE = "exit_rate"


class Own(NamedTuple):
    """An alliance of a pool."""

    name: str
    target: Target
    columns: Indices
    """Of the pool's coordinates, those of the target's space, in its order."""
    block: slice
    """What no other alliance reads."""


@dataclass(frozen=True)
class Pool:
    """The targets of alliances by name, and what other pacts tell."""

    targets: Mapping[str, Target]
    others: OtherPacts | None = None

    @cached_property
    def space(self) -> Space:
        """The shared coordinates."""
        names = {n for t in self.targets.values() for n in t.space.coefficients}
        return Space(tuple(n for n in COEFFICIENT_NAMES if n in names), (), ())

    @cached_property
    def shared(self) -> Target:
        """A target of the shared coordinates alone, as tables and files of coefficients need it."""
        first = next(iter(self.targets.values()))
        priors = {n: t.program.coefficients[n] for t in self.targets.values() for n in t.space.coefficients}
        program = first.program._replace(coefficients={**first.program.coefficients, **priors})
        return replace(first, program=program, space=self.space)

    @cached_property
    def alliances(self) -> tuple[Own, ...]:
        """Each alliance with its coordinates."""
        found, at = [], self.space.behavioural
        for name, target in self.targets.items():
            space = target.space
            own = len(space.effects) + len(space.places)
            shared = [self.space.names.index(n) for n in (*space.coefficients, *IDLE)]
            columns = np.array([*shared, *range(at, at + own)], dtype=np.intp)
            found.append(Own(name, target, columns, slice(at, at + own)))
            at += own
        return tuple(found)

    @property
    def size(self) -> int:
        """How many coordinates there are."""
        return self.alliances[-1].block.stop

    def parts(self, estimator: Callable[[Target], Callable[[Array, tuple[int, ...]], Array]]) -> Sequence[Part]:
        """The terms of the log-likelihood; ``estimator`` makes a target's, of coordinates of its space."""

        def of(own: Own) -> Part:
            estimate = estimator(own.target)
            return Part(lambda z, key: estimate(z[:, own.columns], key), own.block)

        found = [of(own) for own in self.alliances]
        if self.others:
            found.append(Part(self._of_others, slice(0, 0)))
        return found

    def _of_others(self, z: Array, key: tuple[int, ...]) -> Array:
        assert self.others is not None
        return self.others.log_likelihood(
            self.space.values(z[:, : self.space.behavioural], self.shared.program)[EXIT_RATE]
        )

    def without(self, names: Sequence[str]) -> "Pool":
        """The same, of the same coordinates, with coefficients at 0, whatever their coordinates say."""
        return replace(self, targets={name: t.without(names) for name, t in self.targets.items()})

    def stage_of(self, stage: Stage, own: Own) -> Stage:
        """A stage in the coordinates of one alliance's space."""
        return stage._replace(z=stage.z[:, own.columns])
