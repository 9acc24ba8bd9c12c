"""Study files: designs, and mistakes found all at once before the first run."""

from pathlib import Path

import numpy as np
import pytest

from sim.errors import InputError
from sim.scenario.load import load
from sim.scenario.reading import shipped
from sim.scenario.values import WORDS
from sim.studies.design import levels, points, read_points
from sim.studies.study import load_study
from sim.studies.sweep import sweep
from sim.studies.tables import Design, Factor
from sim.studies.target import as_coded, in_words, target
from tests.helpers import SIX
from tests.study_files import study_file

RANGE = Factor(path="leader.war", low=0.2, high=0.6)


def factor(**given: object) -> Factor:
    return Factor.model_validate({"path": "leader.war", **given})


def test_grid() -> None:
    factors = {"a": factor(values=[0.1, 0.2]), "b": factor(low=0, high=1, levels=3)}
    found = points(Design(kind="grid"), factors)
    assert found.tolist() == [[0.1, 0], [0.1, 0.5], [0.1, 1], [0.2, 0], [0.2, 0.5], [0.2, 1]]
    assert levels(factor(low=0.0, high=1.4, levels=8))[4] == 0.8, "no 0.7999999999999999"


def test_latin_hypercube_has_a_point_in_every_stratum() -> None:
    found = points(Design(kind="lhs", points=20, seed=3), {"a": RANGE, "b": RANGE})
    for column in found.T:
        assert sorted(np.floor((column - 0.2) / 0.4 * 20).astype(int)) == list(range(20))


def test_sobol_goes_on_where_a_shorter_one_ended() -> None:
    short = points(Design(kind="sobol", points=16, seed=3), {"a": RANGE, "b": RANGE})
    long = points(Design(kind="sobol", points=64, seed=3), {"a": RANGE, "b": RANGE})
    np.testing.assert_array_equal(long[:16], short)
    other = points(Design(kind="sobol", points=16, seed=4), {"a": RANGE, "b": RANGE})
    assert (short != other).any()
    assert ((long >= 0.2) & (long <= 0.6)).all()


def test_file_of_points(tmp_path: Path) -> None:
    file = tmp_path / "p.csv"
    file.write_text("war,leader.coercion\n0.1,0.2\n\n0.3,4e-1\n")
    names, found, _ = read_points(file, ["war"])
    assert names == ["war", "leader.coercion"]
    assert found.tolist() == [[0.1, 0.2], [0.3, 0.4]]
    study = study_file(
        tmp_path,
        ('kind = "grid"', 'kind = "file"\nfile = "p.csv"'),
        ("[factors.coercion]", "[factors.war]"),
        ('path = "leader.coercion"\nvalues = [0.0, 0.3, 0.6, 0.9]', 'path = "leader.war"'),
    )
    text = study.read_text()
    study.write_text(text[: text.index("[factors.autonomy]")])
    loaded = load_study(study)
    assert list(loaded.factors) == ["war", "leader.coercion"]
    assert loaded.size == 2


def test_words_are_levels_and_stand_at_the_middle_of_their_bands(tmp_path: Path) -> None:
    grid = study_file(tmp_path, ("values = [0.0, 0.3, 0.6, 0.9]", 'values = ["low", "very high"]'))
    (tmp_path / "p.csv").write_text("coercion,autonomy\nlow,0.5\nvery high,1.5\n")
    table = study_file(
        tmp_path,
        ('kind = "grid"', 'kind = "file"\nfile = "p.csv"'),
        ("values = [0.0, 0.3, 0.6, 0.9]", ""),
        ("low = 0.5\nhigh = 1.5\nlevels = 5", ""),
        name="table",
    )
    for file in (grid, table):
        study = load_study(file)
        assert sorted(set(study.design[:, 0])) == [0.25, 0.9375]
        found = sweep(study, tmp_path / file.stem, jobs=1)
        programs = [found.plan.program(k) for k in (0, found.plan.size - 1)]
        bands = [(p.bands["leader.coercion"].low[0], p.bands["leader.coercion"].high[0]) for p in programs]
        assert bands == [WORDS["low"], WORDS["very high"]]
        assert "leader.coercion=" in found.plan.command(0)
        assert "low" in found.plan.command(0)


def test_what_is_coded_of_a_group_is_the_value_that_has_the_same_effect_in_all_its_channels() -> None:
    scenario = load(SIX, {"weights.dependence.remittances": 0.0, "weights.dependence.trade": 0.35})
    weights = scenario.tables.weights["dependence"]
    middles = {"trade": 0.75, "arms": 0.75, "energy": 0.75, "remittances": 0.25, "basing": 0.0625}
    middles["regime_support"] = 0.75
    factor = Factor.model_validate({"path": "members.AAA.dependence"})
    to, _ = target(factor, scenario, "", "")
    same = sum(weights[channel] * x for channel, x in middles.items())
    assert as_coded(factor, to, scenario) == pytest.approx(same, abs=1e-12)
    assert same != pytest.approx(np.mean([*middles.values()]), abs=0.01)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ('path = "leader.coercion"\nvalues = ["low", 0.3]', "words and numbers; allowed: words alone"),
        ('path = "leader.coercion"\nvalues = ["lo"]', 'unknown word "lo"'),
        ('path = "leader.coercion"\nvalues = ["low", "low"]', "each value once"),
        ('path = "leader.coercion"\nas = "scale"\nvalues = ["low"]', "a scale in words"),
        ('path = "behaviour.peers"\nvalues = ["low"]', "words on peers"),
        ('path = "alliance.quorum"\nvalues = ["low"]', "words on alliance.quorum"),
    ],
)
def test_words_where_there_are_none(tmp_path: Path, change: str, says: str) -> None:
    file = study_file(tmp_path, ('path = "leader.coercion"\nvalues = [0.0, 0.3, 0.6, 0.9]', change))
    with pytest.raises(InputError, match=says):
        load_study(file)


def test_mistakes_in_a_file_of_points(tmp_path: Path) -> None:
    file = tmp_path / "p.csv"
    file.write_text("wra,other.path\n0.1,x\n1\n0.3,\n")
    with pytest.raises(InputError) as caught:
        read_points(file, ["war"])
    text = str(caught.value)
    assert f"{file}:1: wra: unknown column" in text
    assert "did you mean war?" in text
    assert f"{file}:1: war: missing column" in text
    assert f'{file}:2: other.path: "x"; allowed: a number' in text
    assert f"{file}:3: 1 entry; required: 2" in text
    assert f"{file}:4: other.path: an empty cell" in text
    file.write_text("war\n")
    with pytest.raises(InputError, match="no points"):
        read_points(file, ["war"])
    with pytest.raises(InputError, match="no such file"):
        read_points(tmp_path / "none.csv", [])


def mistakes(tmp_path: Path, *changes: tuple[str, str]) -> str:
    with pytest.raises(InputError) as caught:
        load_study(study_file(tmp_path, *changes))
    return str(caught.value)


def test_a_shipped_study_goes_by_its_name_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_study("first-sweep").file == shipped("experiments") / "first-sweep.toml"


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    text = mistakes(
        tmp_path,
        ('"leader.coercion"', '"leader.coercio"'),
        ("[0.0, 0.3, 0.6, 0.9]", "[0.0, 0.3, 0.6, 1.9]"),
        ("members.AAA.autonomy", "members.AAB.autonomy"),
        ("horizons = [1, 3]", 'horizons = [1, 30]\nfocus = ["AAAA"]'),
    )
    file = tmp_path / "small.toml"
    assert f"{file}:15: factors.coercion: leader.coercio matches nothing in six" in text
    assert "did you mean leader.coercion?" in text
    assert "factors.coercion: 1.9; allowed: 0 to 1" in text
    assert "members.AAB.autonomy matches nothing" in text
    assert f"{file}:7: horizons: 30 years" in text
    assert "focus: unknown member AAAA; allowed: AAA" in text


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("runs = 40", "run = 40", "run: unknown key; allowed: .*did you mean runs"),
        ("runs = 40", "runs = 0", "runs: 0; allowed: at least 1"),
        ("runs = 40", "runs = 1.5", "runs: 1.5; allowed: "),
        ("interval_runs = 32", "interval_runs = 33", "interval_runs: 33"),
        ('kind = "grid"', 'kind = "gird"', 'design.kind: "gird"; allowed: .*did you mean grid'),
        (
            'kind = "grid"',
            'kind = "sobol"\npoints = 12',
            "sobol with 12 points; allowed: a power of two, such as 8 or 16",
        ),
        ('kind = "grid"', 'kind = "sobol"\npoints = 8', "no range; required for sobol: low and high"),
        ('kind = "grid"', 'kind = "lhs"', "lhs without points; required: points"),
        ('kind = "grid"', 'kind = "file"', "file without a file"),
        ('kind = "grid"', 'kind = "file"\nfile = "no.csv"', "design.file: no such file: no.csv"),
        ("levels = 5", "", "no levels; required in a grid"),
        ("low = 0.5", "low = 2.5", "low 2.5, high 1.5; allowed: low below high"),
        ("low = 0.5", "", "one end of a range"),
        ("path = ", "paht = ", "paht: unknown key; .*did you mean path"),
        ('as = "scale"', 'as = "scales"', "allowed: value, scale, shift, place; did you mean scale"),
        ('as = "scale"', 'as = "scale"\nfrom = "soon"', '"soon" is not a date'),
        ('"leader.coercion"', '"behaviour.entrapmen"', "did you mean behaviour.entrapment"),
        ('"leader.coercion"', '"behaviour.entrapment"\nas = "scale"', "scale on entrapment; allowed"),
        ('"leader.coercion"', '"time.step"', "time.step cannot be varied"),
        ("values = [0.0, 0.3, 0.6, 0.9]", "low = 0.0\nhigh = 1.0\nlevels = 70", ""),
        ('"leader.coercion"', '"members.AAA.autonomy"', "moves members.AAA.autonomy, as does coercion"),
        ("seed = 5", "seed = 5\noutcomes = ['exits']", 'unknown outcome "exits"; .*did you mean exit'),
        ("seed = 5", "seed = 5\nprecision = { mcse = 0.1, outcome = 'freeze', most_runs = 3 }", "most_runs: 3"),
        ("seed = 5", "seed = 5\nprecision = { mcse = 0.1, outcome = 'loyal' }", "precision.outcome: loyal"),
        ("factors.coercion", "factors.exit", "a name that results use"),
        ('"time.step" = "year"', '"time.stp" = "year"', "stp"),
        ("six.toml", "sixx.toml", "no such file"),
        ("[design]", "[desing]", "design: missing"),
    ],
)
def test_mistakes(tmp_path: Path, old: str, new: str, expected: str) -> None:
    if not expected:
        assert load_study(study_file(tmp_path, (old, new))).size == 350
        study = study_file(tmp_path, (old, new), ("leader.coercion", "weights.dependence.trade"))
        with pytest.raises(InputError, match="70 different values of coercion; allowed: 64"):
            load_study(study)
        return
    with pytest.raises(InputError, match=expected):
        load_study(study_file(tmp_path, (old, new)))


def test_a_million_points_by_accident(tmp_path: Path) -> None:
    million = study_file(tmp_path, ("levels = 5", "levels = 250_000"), ("runs = 40", "runs = 1000"))
    with pytest.raises(InputError, match=r"1,000,000 points x 1,000 runs = 1,000,000,000 runs; about .* `many`"):
        load_study(million)
    assert load_study(million, many=True).size == 1_000_000
    with pytest.raises(InputError, match="`many`"):
        load_study(study_file(tmp_path, ("levels = 5", "levels = 2_500_000_000")))


def test_stars_stand_for_members(tmp_path: Path) -> None:
    study = load_study(
        study_file(tmp_path, ('["members.AAA.autonomy", "members.BBB.autonomy"]', '["members.*.autonomy"]'))
    )
    members = load(SIX).members
    assert study.targets[0]["autonomy"].inputs == tuple(f"members.{m}.autonomy" for m in members)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"path": "leader.coercion"}, "Coercion by Russia"),
        ({"path": "leader.war", "as": "scale"}, "War of Russia, multiplied by"),
        ({"path": "members.KAZ.western_ties", "as": "shift"}, "Western ties of Kazakhstan, moved by"),
        ({"paths": ["leader.war", "leader.coercion"]}, "War of Russia, coercion by Russia"),
        ({"path": "behaviour.contagion"}, "Coefficient contagion"),
        ({"path": "members.*.dependence"}, "Dependence of all members"),
    ],
)
def test_a_factor_without_a_label_has_a_name_in_words(given, words):
    assert in_words(Factor.model_validate(given), load("csto/outlook-2023")) == words
