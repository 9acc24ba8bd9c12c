"""What every analysis gives back: the answer in sentences, tables, figures drawn from them, and a folder."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from sim.errors import as_path
from sim.results.result import FIGURES, Results
from sim.results.tables import csv_of, read_csv
from sim.scenario.load import Scenario, drawn
from sim.storage.files import as_json, provenance_of, write
from sim.storage.workspace import Workspace, reading

if TYPE_CHECKING:
    import pandas as pd

ANSWER = "answer.json"


def origins(scenarios: Iterable[Scenario], provenance: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What ``about`` says of where numbers come from, for a report.

    Parameters
    ----------
    scenarios : whose coefficients are drawn.
    provenance : of the results that are analysed, where it is of results.
    """
    return {"drawn": [*map(drawn, scenarios)], "made_from": (provenance or {}).get("command", "")}


@dataclass(frozen=True, repr=False)
class Analysis(Results):
    """An answer with its tables: a kind of analysis is a class of its own, which says how it is drawn.

    Figures are drawn from ``frames`` and ``about`` alone, so that a folder that is read back draws the same.
    """

    title: str
    answer: Sequence[str]
    """Sentences, the one that was asked for first."""
    frames: "Mapping[str, pd.DataFrame]"
    """Tables by name, what it is about first."""
    identity: Mapping[str, Any]
    """What the numbers depend on, ready for JSON."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """What else figures and sentences are made of, ready for JSON."""
    kind: ClassVar[str]
    """What a folder of it holds, in a word or two."""
    question: ClassVar[str]
    """What it answers."""
    names: ClassVar[Sequence[str]]
    """Its tables."""
    words: ClassVar[Sequence[str]] = ()
    """Columns of text."""

    @property
    def heading(self) -> str:
        """What it is, in a line."""
        return f"{type(self).__name__}: {self.title}"

    @property
    def state_names(self) -> Mapping[str, str]:
        """Full names of the states by code, as far as it keeps them."""
        return dict(self.about.get("names", {}))

    @property
    def tables(self) -> "dict[str, pd.DataFrame]":
        """All tables by name."""
        return dict(self.frames)

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        tables = {name: table.to_dict("records") for name, table in self.frames.items()}
        return {"title": self.title, "answer": list(self.answer), **self.identity, **tables}

    def workspace(self, folder: str | Path) -> Workspace:
        """Its folder."""
        own = (ANSWER, *(f"{name}.csv" for name in self.names), FIGURES)
        return Workspace(as_path(folder, "out"), self.kind, self.title, self.identity, own)

    def save(self, folder: str | Path, force: bool = False) -> None:
        """Write answer, tables, figures and provenance.

        Parameters
        ----------
        folder : made where there is none.
        force : replace another analysis of this kind.

        Raises
        ------
        InputError
            Where the folder cannot be written, or holds files of yours or other results.
        """
        work = self.workspace(folder)
        with work.held(force), work.results(lambda new: self.draw(new / FIGURES), **self.identity) as new:
            for name, table in self.frames.items():
                write(new / f"{name}.csv", csv_of(table))
            said = {"title": self.title, "answer": list(self.answer), "identity": dict(self.identity)}
            write(new / ANSWER, as_json({**said, "about": dict(self.about)}))

    @classmethod
    def open(cls, folder: str | Path) -> Self:
        """The analysis that was written to a folder, its numbers in six digits as there."""
        home = as_path(folder, "folder")
        with reading(home, cls.kind):
            said = json.loads((home / ANSWER).read_text("utf-8"))
            frames = {name: read_csv(home / f"{name}.csv", cls.words) for name in cls.names}
            assert provenance_of(home) is not None
            return cls(said["title"], said["answer"], frames, said["identity"], said["about"])
