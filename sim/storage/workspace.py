"""The folder that a computation fills, alone, and that the same computation goes on with.

Runs, comparisons, claims, sweeps, calibrations, backtests and studies of mechanisms keep their folders alike:

- ``.lock`` is held by the one that writes, and ends with its process, however that ends;
- ``workspace.json`` says what the folder holds: kind, format, version of the model, what the numbers depend on;
- ``.progress`` says how far the work is;
- ``provenance.json`` comes last and says that the rest is whole.

Files of the user's are left alone. Results that are made at once are written to ``.new``, which is renamed to
``.ready`` when it is whole and moved into place from there, by the next command if this one is killed.
"""

import datetime as dt
import json
import os
import shutil
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sim.errors import InputError, Problem
from sim.model.version import VERSION
from sim.storage.files import (
    PROVENANCE,
    as_json,
    as_sealed,
    check_folder,
    hashes,
    locked,
    provenance_of,
    put,
    read_json,
    sealed,
    sha256,
    write,
)
from sim.storage.provenance import circumstances

CONTENTS = "workspace.json"
LOCK, PROGRESS, NEW, READY = ".lock", ".progress", ".new", ".ready"
FORMAT = 4
SET = "set"
"""What was set in scenarios, among what is changeable: it says in words why their fingerprints differ."""
FORMER = {
    "study.json": "sweep",
    "calibration.json": "calibration",
    "backtest.json": "backtest",
    "mechanisms.json": "study of mechanisms",
}
"""What said so before there was ``workspace.json``."""
MOST_SHOWN = 12
ANEW = "allowed: as it was, another `out`, or `force` to begin anew"


@dataclass
class Workspace:
    """The folder of a computation, as it would be written now.

    Parameters
    ----------
    folder : made where there is none.
    kind : what it holds, such as ``sweep``.
    title : for whoever asks how far it is.
    identity : what the numbers depend on, ready for JSON; a folder with another is refused.
    own : names of files and folders that the computation writes there, all of which a finished one has.
    changeable : what may change meanwhile, such as words and the version of scores; what hangs on it is made anew.

    Examples
    --------
    >>> import tempfile
    >>> work = Workspace(Path(tempfile.mkdtemp()), "count", "To three", {"to": 3}, ["numbers.txt"])
    >>> with work.held():
    ...     work.begin()
    ...     put(work.folder / "numbers.txt", "1 2 3")
    ...     work.finish()
    >>> work.is_finished(), kind_of(work.folder)
    (True, 'count')
    """

    folder: Path
    kind: str
    title: str
    identity: Mapping[str, Any]
    own: Sequence[str]
    changeable: Mapping[str, Any] = field(default_factory=dict)
    _began: float = field(default=0.0, init=False, repr=False)
    _first: float | None = field(default=None, init=False, repr=False)
    _progress: dict[str, Any] = field(default_factory=dict, init=False, repr=False)
    _written: float = field(default=0.0, init=False, repr=False)

    @property
    def contents(self) -> dict[str, Any]:
        """What ``workspace.json`` says."""
        found = {"kind": self.kind, "format": FORMAT, "model": VERSION, "title": self.title}
        found |= {"identity": dict(self.identity), "changeable": dict(self.changeable)}
        return dict(json.loads(json.dumps(found)))

    def there(self) -> dict[str, Any] | None:
        """What the folder holds of this very computation, None where it holds nothing of its kind.

        Raises
        ------
        InputError
            Where it holds another one: says what differs.
        """
        there = contents_of(self.folder)
        if there is None or there["kind"] != self.kind:
            return None
        self._check_same(there)
        return there

    def is_finished(self) -> bool:
        """Whether the folder holds all of it, as it would be written now. Raises InputError as :meth:`there`."""
        names = [n for n in (*self.own, PROVENANCE) if not n.startswith(".")]
        return self.there() == self.contents and all((self.folder / n).exists() for n in names)

    @contextmanager
    def held(self, force: bool = False) -> Iterator[None]:
        """Hold the folder; what cannot be is refused before anything is computed.

        Raises
        ------
        InputError
            Where it cannot be written, has files of the user's, is held by another process, holds results of another
            kind, or (without ``force``) of another computation of this kind.
        """
        check_folder(self.folder)
        self._check_ours(force)
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self.folder / LOCK, exclusive=True, wait=False) as got:
            if not got:
                found = f"another {self.kind} is running there"
                raise InputError([Problem(str(self.folder), "", found, "allowed: one at a time")])
            shutil.rmtree(self.folder / NEW, ignore_errors=True)
            if (self.folder / READY).exists():
                self._move_in()
            if not force:
                self.there()
            self._began, self._first, self._progress, self._written = time.time(), None, {}, 0.0
            try:
                yield
            finally:
                self._leave()

    def begin(self, force: bool = False) -> None:
        """Write down what the folder holds, of which nothing that was there is kept if it is begun anew."""
        if force or not contents_of(self.folder):
            self.clear()
        self.record()

    def record(self) -> None:
        """Write down what the folder holds. It is not finished then."""
        (self.folder / PROVENANCE).unlink(missing_ok=True)
        if contents_of(self.folder) != self.contents:
            put(self.folder / CONTENTS, as_json(self.contents))

    def clear(self) -> None:
        """Delete what a computation wrote, what says that it is one last; hidden names stay."""
        for name in (PROVENANCE, *reversed(self.own), *FORMER, CONTENTS):
            for path in (self.folder / f".{name}.part", self.folder / name):
                if not path.is_dir():
                    path.unlink(missing_ok=True)
                elif name in self.own:
                    shutil.rmtree(path)

    def tell(self, done: float, total: float, unit: str, **more: Any) -> None:
        """Say how far the work is, in what it is counted in; written down once a second, for :func:`status`."""
        self._first = done if self._first is None else self._first
        now = time.time()
        rate = (done - self._first) / max(now - self._began, 1e-9)
        counts = {"done": done, "total": total, "unit": unit, "rate": rate}
        self._progress = {"kind": self.kind, "title": self.title, **counts, **more}
        if now - self._written >= 1.0:
            self._write_progress()

    def counting(self, total: float, unit: str, also: Callable[[int], object] | None = None) -> Callable[[int], None]:
        """What hears how much of the work is done, and tells others as well."""

        def report(done: int) -> None:
            self.tell(done, total, unit)
            if also:
                also(done)

        report(0)
        return report

    def finish(self, **more: Any) -> None:
        """Write the provenance, which says that all is there. ``more`` are entries of it."""
        put(self.folder / PROVENANCE, sealed(self._provenance(self.folder, more)))

    @contextmanager
    def results(self, *then: Callable[[Path], object], **more: Any) -> Iterator[Path]:
        """A folder to write results to, which replace those that are there as a whole. ``more``: of the provenance.

        ``then`` are called with that folder when all else is written: to print, to draw. Where they fail for reasons
        of their own the rest is kept all the same.
        """
        new = self.folder / NEW
        failed: Exception | None = None
        try:
            new.mkdir()
            yield new
            try:
                for act in then:
                    act(new)
            except OSError:
                raise
            except Exception as error:
                failed = error
            write(new / CONTENTS, as_json(self.contents))
            write(new / PROVENANCE, sealed(self._provenance(new, more)))
            os.replace(new, self.folder / READY)
            self._move_in()
        except OSError as error:
            found = f"cannot be written ({error.strerror or error})"
            raise InputError([Problem(str(self.folder), "out", found)]) from None
        finally:
            shutil.rmtree(new, ignore_errors=True)
        if failed:
            raise failed

    def _move_in(self) -> None:
        """Rename every finished file into place, provenance last; may be interrupted and called again."""
        ready = self.folder / READY
        made = sorted(ready.iterdir(), key=lambda p: (p.name == PROVENANCE, p.name))
        if made:
            (self.folder / PROVENANCE).unlink(missing_ok=True)
        for item in made:
            target = self.folder / item.name
            if target.is_dir():
                shutil.rmtree(target)
            os.replace(item, target)
        ready.rmdir()

    def _provenance(self, written: Path, more: Mapping[str, Any]) -> dict[str, Any]:
        ended = time.time()
        return {
            "kind": self.kind,
            "model": VERSION,
            **({} if "versions" in more else circumstances()),
            "began": _moment(self._began),
            "ended": _moment(ended),
            "seconds": round(ended - self._began, 1),
            **more,
            "files": hashes(written, [n for n in self.own if not n.startswith(".")]),
            "progress": self._progress,
        }

    def _write_progress(self) -> None:
        self._written = time.time()
        beside = self.folder / f"{PROGRESS}.part"
        beside.write_text(json.dumps(self._progress), "utf-8")
        os.replace(beside, self.folder / PROGRESS)

    def _leave(self) -> None:
        """Keep how far an unfinished work is; leave nothing where nothing was begun."""
        unfinished = (self.folder / CONTENTS).exists() and not (self.folder / PROVENANCE).exists()
        if unfinished and self._progress:
            self._write_progress()
        else:
            (self.folder / PROGRESS).unlink(missing_ok=True)
        if [p.name for p in self.folder.iterdir()] == [LOCK]:
            (self.folder / LOCK).unlink()
            self.folder.rmdir()

    def _check_ours(self, force: bool) -> None:
        """Files of the user's are left alone: all of them without a lock, with one those that no computation wrote."""
        if not self.folder.exists():
            return
        names = {p.name for p in self.folder.iterdir()}
        kind, former = kind_of(self.folder), _former(self.folder)
        if kind or former:
            if (kind or former) != self.kind:
                raise self._refused(f"holds a {kind or former}, not a {self.kind}", "allowed: another `out`")
            if not kind and not force:
                found = f"holds a {former} in the layout of a former version, which this one does not read"
                raise self._refused(found, "allowed: another `out`, or `force` to begin anew")
            return
        ours = {LOCK, PROGRESS, NEW, READY, CONTENTS, PROVENANCE, *self.own} if LOCK in names else set()
        others = sorted(n for n in names if not {n, n.removeprefix(".").removesuffix(".part")} & ours)
        if others:
            found = f"holds files that are not a {self.kind}'s: {', '.join(others[:3])}"
            raise self._refused(found, "allowed: another `out`, or an empty folder")

    def _refused(self, found: str, allowed: str) -> InputError:
        return InputError([Problem(str(self.folder), "out", found, allowed)])

    def _check_same(self, there: Mapping[str, Any]) -> None:
        """Raises InputError with everything on which the numbers depend and that is not as it was."""
        pair = there, self.contents
        before, now = (flat({"version of the model": c["model"], "format": c["format"], **c["identity"]}) for c in pair)
        changed = [k for k in {**before, **now} if before.get(k) != now.get(k)]
        if changed:
            set_before, set_now = (flat({SET: c.get("changeable", {}).get(SET) or {}}) for c in pair)
            changed += [k for k in {**set_before, **set_now} if set_before.get(k) != set_now.get(k) and k != SET]
            before, now = before | set_before, now | set_now
        problems = [
            Problem(str(self.folder), k, _difference(k, before.get(k), now.get(k)), ANEW) for k in changed[:MOST_SHOWN]
        ]
        if len(changed) > MOST_SHOWN:
            problems.append(Problem(str(self.folder), "", f"{len(changed) - MOST_SHOWN} more changes"))
        if problems:
            raise InputError(problems)


def contents_of(folder: Path) -> dict[str, Any] | None:
    """What a folder holds, None where it is none that a computation wrote."""
    there = read_json(folder / CONTENTS)
    return there if there and {"kind", "format", "model", "identity"} <= set(there) else None


def kind_of(folder: Path) -> str:
    """The kind of results in a folder, finished or not; empty where it is none that a computation wrote."""
    return str((contents_of(folder) or {}).get("kind", ""))


def check_kind(folder: Path, kind: str) -> None:
    """Raises InputError where a folder holds nothing of a kind, or in another format than this version reads."""
    there = kind_of(folder)
    if there != kind:
        found = "no such folder" if not os.path.exists(folder) else f"holds {f'a {there}' if there else 'no results'}"
        raise InputError([Problem(str(folder), "", found, f"allowed: a folder that holds a {kind}")])
    if found := _other_format(contents_of(folder) or {}):
        raise InputError([Problem(str(folder), "", found, "allowed: made anew, with `force` in the same folder")])


def check_finished(folder: Path, kind: str) -> None:
    """Raises InputError where a folder holds nothing of a kind, or nothing that is finished."""
    check_kind(folder, kind)
    if provenance_of(folder) is None:
        found = f"the {kind} is not finished: there is no {PROVENANCE} that can be read"
        raise InputError([Problem(str(folder), "", found, "allowed: finished results; the same command finishes them")])


def _other_format(there: Mapping[str, Any]) -> str:
    """In words, that contents are in a format that this version does not read; empty where they are not."""
    written = there.get("format", FORMAT)
    found = f"written in format {written} by another version, this one reads format {FORMAT}"
    return "" if written == FORMAT else found


def holds(folder: Path, kind: str) -> bool:
    """Whether what a folder holds is finished. Raises InputError where it holds nothing of that kind.

    Warns of all in which it is not what was written, or what would be written now.
    """
    check_kind(folder, kind)
    beware(folder, differences(folder))
    return provenance_of(folder) is not None


def beware(folder: Path, found: Iterable[str]) -> None:
    """Warn of what differs in a folder."""
    for difference in found:
        warnings.warn(f"{folder}: {difference}", stacklevel=4)


@contextmanager
def reading(folder: Path, kind: str) -> Iterator[None]:
    """While finished results are read back: what is not finished or cannot be read is an InputError."""
    check_finished(folder, kind)
    beware(folder, differences(folder))
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # whatever a library makes of a broken file
        found = "; ".join([*differences(folder), f"cannot be read ({type(error).__name__}: {error})"])
        raise InputError([Problem(str(folder), "", found, f"allowed: a {kind} as it was written")]) from None


def differences(folder: Path) -> list[str]:
    """In what the finished results in a folder are not what was written there, or not what this version would write."""
    there, made = contents_of(folder) or {}, provenance_of(folder)
    model = there.get("model", VERSION)
    found = [] if model == VERSION else [f"made by version {model} of the model, this is version {VERSION}"]
    if other := _other_format(there):
        return [*found, other]
    if made is None:
        return found
    if not as_sealed(folder):  # then nothing else can be held against it
        return [*found, f"{PROVENANCE} is not as it was written"]
    known = {**there.get("identity", {}), **{k: there[k] for k in ("kind", "model") if k in there}}
    otherwise = {k: v for k, v in known.items() if made.get(k, v) != v and not isinstance(v, (Mapping, list))}
    found += [f"{PROVENANCE} says {k} {_short(made[k])}, {CONTENTS} {_short(v)}" for k, v in otherwise.items()]
    written = made["files"]
    now = hashes(folder, written)
    return found + [
        f"{n} is {'not as it was written' if n in now else 'missing'}" for n in written if now.get(n) != written[n]
    ]


def digest(text: str) -> str:
    """A short hash of a text, by which it is known again."""
    return sha256(text)[:16]


def _former(folder: Path) -> str:
    """The kind of results from before there was ``workspace.json``; empty where there are none."""
    if (folder / LOCK).exists():
        return next((kind for name, kind in FORMER.items() if read_json(folder / name)), "")
    there = provenance_of(folder) or {}
    named = {"engine": "run", "comparison": "comparison", "claims": "ledger"}
    return next((kind for key, kind in named.items() if key in there and "versions" in there), "")


def flat(value: object, path: str = "") -> dict[str, object]:
    """Every number and text of nested tables by dotted path."""
    if isinstance(value, Mapping) and value:
        return {k: v for key, x in value.items() for k, v in flat(x, f"{path}.{key}" if path else key).items()}
    if isinstance(value, list) and value:
        return {k: v for i, x in enumerate(value) for k, v in flat(x, f"{path}[{_named(x, i)}]").items()}
    return {path: value}


def _named(x: object, i: int) -> str:
    """An entry of a list by its scenario, all else by number."""
    return str(x["scenario"]) if isinstance(x, Mapping) and "scenario" in x else str(i)


def _difference(key: str, before: object, now: object) -> str:
    """In words, that something is not as it was; of a hash there is nothing to show."""
    if key.endswith("fingerprint") and before and now:
        return "says something else than when it began: other values, dates or words"
    return f"{_short(before)} when it began, now {_short(now)}"


def _short(value: object) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _moment(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="seconds")
