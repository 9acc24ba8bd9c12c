"""Files of figures are the same to the byte, whole or not there, whatever the user's settings; what is loaded when."""

import subprocess
import sys
from pathlib import Path

import pytest
from matplotlib import rc_context, rcParams
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sim.figures import run, study
from sim.figures.sheet import save
from sim.figures.style import DPI, look
from tests.figures.test_mechanisms import figure as mechanisms
from tests.figures.test_skill import figure as skill
from tests.run_data import CASES
from tests.study_data import CASES as STUDIES

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "draw",
    [
        lambda: run.draw(CASES["two"]),
        lambda: study.draw(STUDIES["grid, uneven"]),
        lambda: study.draw(STUDIES["four points from a file"]),
        lambda: study.draw(STUDIES["one factor"]),
        lambda: {"skill": skill("extremes"), "mechanisms": mechanisms("extremes")},
    ],
    ids=["run", "phase", "scatter", "response", "evaluation"],
)
def test_the_same_figure_gives_the_same_bytes(draw, tmp_path):
    again = draw()
    for key, figure in draw().items():
        one = save(figure, tmp_path / "a.png").read_bytes()
        assert one.startswith(b"\x89PNG")
        assert save(figure, tmp_path / "a.png").read_bytes() == one
        assert save(again[key], str(tmp_path / "b.png")).read_bytes() == one
    assert len(list(tmp_path.iterdir())) == 2  # nothing left beside them


def test_a_file_is_what_matplotlib_itself_would_save(tmp_path):
    """``savefig`` draws a figure twice; drawn once it is the same."""
    figure = run.cohesion(CASES["two"])
    kept = save(figure, tmp_path / "a.png").read_bytes()
    with look():
        figure.savefig(tmp_path / "b.png", dpi=DPI, metadata={"Software": None})
    assert (tmp_path / "b.png").read_bytes() == kept


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "old.png"
    path.write_bytes(b"old")

    def fail(self, file, **_):
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(FigureCanvasAgg, "print_png", fail)
    with pytest.raises(OSError, match="disk full"):
        save(Figure(), path)
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"old"]


def test_the_users_settings_neither_matter_nor_change(tmp_path):
    plain = save(run.exits(CASES["two"]), tmp_path / "a.png").read_bytes()
    with rc_context({"font.size": 30, "axes.facecolor": "red", "savefig.dpi": 20}):
        assert save(run.exits(CASES["two"]), tmp_path / "b.png").read_bytes() == plain
        assert rcParams["font.size"] == 30


def printed(script: str) -> str:
    command = [sys.executable, "-c", script]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.strip()


def test_who_has_figures_loads_plotting_only_to_draw_them():
    modules = "results.result, sim.results.comparison, sim.evidence.ledger, sim.studies.sweep, sim.results.calibration"
    modules += ", sim.results.calibration, sim.evaluation.backtest, sim.evaluation.mechanisms"
    assert printed(f"import sys, sim.{modules}; print('matplotlib' in sys.modules)") == "False"


def test_drawing_never_loads_pyplot():
    script = (
        "import sys; from tests.run_data import CASES; from tests.study_data import CASES as STUDIES;"
        "from sim.figures import run, study; run.draw(CASES['two']); study.draw(STUDIES['grid']);"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    assert printed(script) == "False"
