"""The figures of a calibration: densities of each coefficient and the likelihood at each power."""

import numpy as np
import pytest

from sim.figures.posterior import COLUMNS, densities, likelihoods
from tests.figures.looking import FOOT, TITLE, check, drawn, shown


@pytest.mark.parametrize("count", [1, COLUMNS, COLUMNS + 1, 43])
def test_every_coefficient_has_its_densities(count):
    rng = np.random.default_rng(0)
    prior = {f"coefficient_{k}": rng.normal(0, 2, 200) for k in range(count)}
    posterior = {name: x / 2 + 1 for name, x in prior.items()}
    words = {
        name: (f"pull of the {k}-th thing of many, where there is one", "log-odds") for k, name in enumerate(prior)
    }
    figure = drawn(densities, TITLE, FOOT, prior, posterior, words)
    check(figure)
    for (meaning, unit), axes in zip(words.values(), figure.axes, strict=False):
        assert " ".join(axes.get_title(loc="left").split()) == meaning.capitalize(), "no name of the program"
        assert [t.get_text() for t in axes.texts] == [unit]
    for name, axes in zip(prior, figure.axes, strict=False):
        x = axes.lines[0].get_xdata()
        density, mark = axes.lines[0].get_ydata(), axes.lines[3]
        assert np.sum(density) * (x[1] - x[0]) == pytest.approx(1, abs=0.05)
        assert mark.get_xdata()[0] == pytest.approx(np.median(posterior[name]))


def test_the_likelihood_is_drawn_at_every_power():
    powers = [0.0, 0.1, 1.0]
    values = [np.random.default_rng(k).normal(-50 / (k + 1), 5, 99) for k in range(3)]
    figure = drawn(likelihoods, TITLE, FOOT, powers, values)
    check(figure)
    (line,) = figure.axes[0].lines
    np.testing.assert_allclose(line.get_xydata(), [(p, np.median(v)) for p, v in zip(powers, values, strict=True)])
    assert "Power of the likelihood" in shown(figure)
