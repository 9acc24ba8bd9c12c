"""`cohesion list`: the shipped scenarios."""

from sim.cli import show
from sim.cli.show import Column
from sim.scenario.catalogue import list as list_scenarios

COLUMNS = Column("Name", left=True), Column("Title", words=True), Column("Years", left=True), Column("States")


def main(json: bool) -> None:
    """Print the catalogue."""
    entries = list_scenarios()
    if json:
        show.print_json(entries)
    else:
        rows = [[e["name"], e["title"], f"{e['start'][:4]}-{e['end'][:4]}", str(e["states"])] for e in entries]
        show.table(COLUMNS, rows)
