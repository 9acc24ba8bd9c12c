"""`cohesion list`: the shipped scenarios."""

from rich.table import Table

from sim.cli import show
from sim.scenario.catalogue import list as list_scenarios


def main(json: bool) -> None:
    """Print the catalogue."""
    entries = list_scenarios()
    if json:
        show.print_json(entries)
        return
    table = Table(title="Shipped scenarios", title_justify="left")
    for column in ("Name", "Title", "From", "To", "States"):
        table.add_column(column)
    for e in entries:
        table.add_row(e["name"], e["title"], e["start"], e["end"], str(e["states"]))
    show.out().print(table)
