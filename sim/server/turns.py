"""Who computes when: what a reader waits for goes before what is made meanwhile."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager


class Turns:
    """Work of kinds, the most urgent first: of each kind one piece at once, and none beside a more urgent one.

    Work is in small slices (ticks): between two of them it stands aside as long as more urgent work is wanted.
    """

    def __init__(self, kinds: Sequence[str]) -> None:
        self._kinds = list(kinds)
        self._busy = {kind: threading.Lock() for kind in kinds}
        self._wanted = dict.fromkeys(kinds, 0)
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, kind: str) -> Iterator[Callable[[], None]]:
        """While one piece of work is done; yields what it calls between slices, on any of its threads."""
        before = self._kinds[: self._kinds.index(kind)]
        with self._changed:
            self._wanted[kind] += 1
        try:
            with self._busy[kind]:
                yield lambda: self._stand_aside(before)
        finally:
            with self._changed:
                self._wanted[kind] -= 1
                self._changed.notify_all()

    def _stand_aside(self, before: Sequence[str]) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not any(self._wanted[kind] for kind in before))
