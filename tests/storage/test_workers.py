"""Tasks spread over processes: all come back, none is begun after a stop, one thread each, death and leaving early."""

import os
import signal
import time

import numpy as np
import pytest

from sim.storage.workers import ONE_THREAD, WorkerDied, spread


def square(x: int) -> int:
    return x * x


def threads() -> dict[str, str | None]:
    return {name: os.environ.get(name) for name in ONE_THREAD}


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def product(_: int) -> bytes:
    z = np.random.default_rng(1).standard_normal((256, 44))
    return np.linalg.cholesky(np.cov(z.T)).tobytes()


def test_all_come_back_whatever_the_number_of_jobs() -> None:
    for jobs in (1, 3):
        found = spread(square, ((k,) for k in range(7)), jobs, lambda: False)
        assert sorted(found) == [k * k for k in range(7)]


def test_none_is_begun_after_a_stop() -> None:
    done: list[int] = []
    for x in spread(square, ((k,) for k in range(7)), 1, lambda: len(done) == 2):
        done.append(x)
    assert done == [0, 1]
    assert list(spread(square, [(1,)], 1, lambda: True)) == []


def test_every_process_computes_with_one_thread() -> None:
    assert list(spread(threads, [()], 1, lambda: False)) == [ONE_THREAD]
    assert len(set(spread(product, [(k,) for k in range(4)], 2, lambda: False))) == 1


def test_a_killed_worker_is_told() -> None:
    with pytest.raises(WorkerDied):
        list(spread(die, [()], 1, lambda: False))


def test_leaving_early_drops_what_is_under_way() -> None:
    results = spread(time.sleep, [(0.0,), (60.0,)], 2, lambda: False)
    next(results)
    began = time.monotonic()
    results.close()
    assert time.monotonic() - began < 10
