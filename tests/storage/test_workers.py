"""Pieces of work by anyone: all come back, none is begun after a stop, one thread each, death and leaving early."""

import os
import signal
import threading
import time

import numpy as np
import pytest

from sim.errors import InputError, WorkerDied
from sim.storage.effort import Effort, effort
from sim.storage.workers import ONE_THREAD, imap

HANDS = {"in turn": (1, False), "threads": (3, True), "processes": (3, False)}


def square(x: int) -> int:
    time.sleep(0.01 * (x % 3))
    return x * x


def threads() -> dict[str, str | None]:
    return {name: os.environ.get(name) for name in ONE_THREAD}


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def refuse(x: int) -> None:
    raise InputError(effort_problems(x))


def effort_problems(x: int) -> list:
    try:
        effort(runs=x)
    except InputError as error:
        return error.problems
    return []


def product(_: int) -> bytes:
    z = np.random.default_rng(1).standard_normal((256, 44))
    return np.linalg.cholesky(np.cov(z.T)).tobytes()


@pytest.mark.parametrize("hands", HANDS)
def test_all_come_back_whoever_does_them(hands: str) -> None:
    jobs, by_threads = HANDS[hands]
    tasks = [(k,) for k in range(7)]
    assert list(imap(square, tasks, Effort(jobs=jobs), by_threads)) == [k * k for k in range(7)]
    unordered = imap(square, tasks, Effort(jobs=jobs), by_threads, ordered=False)
    assert sorted(unordered) == [k * k for k in range(7)]


@pytest.mark.parametrize("hands", HANDS)
def test_none_is_begun_after_a_stop(hands: str) -> None:
    jobs, by_threads = HANDS[hands]
    done: list[int] = []
    for x in imap(square, ((k,) for k in range(40)), Effort(jobs=jobs), by_threads, stop=lambda: len(done) >= 2):
        done.append(x)
    assert 2 <= len(done) <= 2 + 3 * jobs
    assert list(imap(square, [(1,)], Effort(jobs=jobs), by_threads, stop=lambda: True)) == []


def test_not_more_is_taken_from_the_queue_than_there_are_hands_for() -> None:
    taken: list[int] = []
    gate = threading.Event()

    def tasks():
        for k in range(50):
            taken.append(k)
            yield (k,)

    def first_waits(k: int) -> int:
        if k == 0:
            gate.wait(20)
        return k

    results = imap(first_waits, tasks(), Effort(jobs=2), threads=True)
    threading.Timer(0.5, gate.set).start()
    assert next(results) == 0
    assert len(taken) <= 8
    assert list(results) == list(range(1, 50))


def test_every_process_computes_with_one_thread() -> None:
    assert list(imap(threads, [()], Effort(jobs=2))) == [ONE_THREAD]
    assert len({*imap(product, [(k,) for k in range(4)], Effort(jobs=2)), *imap(product, [(0,)], Effort())}) == 1


def test_a_killed_worker_is_told() -> None:
    with pytest.raises(WorkerDied):
        list(imap(die, [()], Effort(jobs=2)))
    assert list(imap(square, [(2,)], Effort(jobs=2))) == [4], "and others take its place"


@pytest.mark.parametrize("hands", HANDS)
def test_what_a_worker_refuses_is_said_in_the_same_words(hands: str) -> None:
    jobs, by_threads = HANDS[hands]
    with pytest.raises(InputError, match=r"^runs: 0; allowed: a whole number, at least 1$"):
        list(imap(refuse, [(0,)], Effort(jobs=jobs), by_threads))


def test_leaving_early_drops_what_is_under_way() -> None:
    results = imap(time.sleep, [(0.0,), (60.0,)], Effort(jobs=2), ordered=False)
    next(results)
    began = time.monotonic()
    results.close()
    assert time.monotonic() - began < 10


def test_whole_numbers_of_numpy_are_whole_numbers() -> None:
    assert effort(np.int64(5), np.uint8(0), np.int32(2)) == Effort(5, 0, 2)
    assert type(effort(np.int64(5)).runs) is int
    assert effort().jobs == os.cpu_count()


def test_what_cannot_be_is_said_all_at_once_by_the_name_of_the_argument() -> None:
    with pytest.raises(InputError) as caught:
        effort(0.5, -1, True)
    assert [str(p) for p in caught.value.problems] == [
        "runs: 0.5; allowed: a whole number, at least 1",
        "seed: -1; allowed: a whole number, at least 0",
        "jobs: True; allowed: a whole number, at least 1",
    ]
    assert [effort(runs, multiple=16).runs for runs in (1, 32, 100, 10_000)] == [32, 32, 112, 10_000]
