"""`cohesion sensitivity`: run the points of a study of sensitivity, resume it, print what outcomes hang on."""

from pathlib import Path

from sim.analysis.sensitivity import COLUMNS, HALVES, Sensitivity, default_folder, in_focus, sensitivity
from sim.cli import show
from sim.cli.analyses import print_analysis
from sim.cli.resumable import resumable, unfinished
from sim.cli.show import Column
from sim.cli.sweep import bar
from sim.model.outcomes import OUTCOMES
from sim.studies.study import load_study

LEAST = 0.01
"""Of the largest index: less is not worth a row."""


def main(
    study: str, out: Path | None, jobs: int | None, scheduler: str | None, yes: bool, force: bool, json: bool
) -> None:
    """Check everything first, run what is missing, print."""
    loaded = load_study(study, many=yes)
    folder = out or default_folder(loaded)
    with resumable(folder) as stopped, bar(HALVES * loaded.size, loaded.name) as tell:
        found = sensitivity(loaded, folder, jobs, scheduler, tell, stopped, force)
    if found is None:
        unfinished()
    print_analysis(found, folder, json, print_indices)
    show.notice(f"In {folder}/: indices.csv, outcomes.csv, figures.")


def print_indices(found: Sensitivity) -> None:
    """A table for each outcome in focus: factors, largest first, those that are not resolved left out."""
    by, other = COLUMNS[found.about["design"]][0], COLUMNS[found.about["design"]][-1]
    shown = in_focus(found.frames["indices"], found.about)
    for (outcome, member), own in shown.groupby(["outcome", "member"], sort=False):
        o = OUTCOMES[outcome]
        scale = 100.0 if by == "first" or o.probability else 1.0
        name = " ".join(filter(None, (o.noun, member)))
        columns = [Column(name, left=True, words=True), *(Column(c) for c in (by, "95 %", other, "95 %"))]
        counts = (own[f"{by}_resolved"] == 1.0) | (own[f"{other}_resolved"] == 1.0)
        large = own[[by, other]].max(axis=1) >= LEAST * own[[by, other]].max(axis=None)
        ranked = own[counts & large].sort_values(by, ascending=False)
        rows = [
            [
                r["label"],
                *(
                    text
                    for c in (by, other)
                    for text in (f"{scale * r[c]:.3g}", f"{scale * r[f'{c}_low']:.2g} to {scale * r[f'{c}_high']:.2g}")
                ),
            ]
            for r in ranked.to_dict("records")
        ]
        if rows:
            show.table(columns, rows)
        if rest := list(own[~own["factor"].isin(ranked["factor"])]["label"]):
            show.paragraph(f"Below a hundredth of the largest, or not resolved: {', '.join(rest)}.")
