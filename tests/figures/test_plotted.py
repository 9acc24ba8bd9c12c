"""The table of what a figure draws holds the numbers that were drawn."""

import numpy as np
import pytest

from sim.figures.plotted import plotted
from sim.figures.run import draw as of_run
from sim.model.outcomes import series
from tests.figures.studies import final, made
from tests.run_data import CASES
from tests.study_data import CASES as STUDIES


def test_lines_and_bands_over_time_are_the_numbers_of_the_dataset():
    ds = CASES["six"]
    table = plotted(of_run(ds)["incidence"])
    line = table[(table.series == "Armenia") & (table.mark == "line")]
    assert list(line.date) == [str(d)[:10] for d in ds["date"].values]
    np.testing.assert_allclose(line.y, ds.exit.sel(member="ARM"))
    band = table[table.series.str.startswith("Armenia: ") & (table.mark == "band")]
    np.testing.assert_allclose(band.low, series(ds, "exit", "q05")[:, 0])
    np.testing.assert_allclose(band.high, series(ds, "exit", "q95")[:, 0])


def test_every_mark_of_a_run_says_what_it_is_of():
    for name, figure in of_run(CASES["six"]).items():
        table = plotted(figure)
        assert len(table), name
        assert table.series.notna().all(), name


def test_stacked_areas_are_one_on_the_other():
    table = plotted(of_run(CASES["six"])["ladder"])
    of = table[(table.panel == "Belarus") & (table.date == table.date.max())].set_index("series")
    assert of.low[1:].tolist() == pytest.approx(of.high[:-1].tolist())
    assert of.high.iloc[-1] == pytest.approx(1.0)


def test_cells_have_the_values_of_the_points_at_their_levels():
    table = plotted(made("grid")["phase"])
    cells = table[(table.mark == "cell") & table.panel.str.startswith("Cohesion")]
    values = cells.sort_values(["x", "y"]).value
    np.testing.assert_allclose(values, final(STUDIES["grid"], "cohesion"))
