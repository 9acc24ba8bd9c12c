"""The page on the living forecast prints what its files give."""

import re
from pathlib import Path

from sim.inference.continuation import continued
from sim.reports.since import chance
from sim.scenario.load import load
from sim.scenario.reading import shipped

PAGE = (shipped() / "docs/living-forecast.md").read_text("utf-8")


def test_the_table_of_the_page_is_the_one_that_its_file_gives(tmp_path: Path) -> None:
    _, year = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    file = tmp_path / "year-2024.toml"
    file.write_text(year)
    posterior = continued([load(file)])[0].tables.posterior
    assert posterior is not None
    assert posterior.continued is not None
    rows = re.findall(r"^(20..-..-..)  (.*?) +(\S+)$", PAGE, re.MULTILINE)
    assert rows == [(s.date, s.words, chance(s.chance)) for s in posterior.continued.surprises]
