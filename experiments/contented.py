"""Do the priors let an alliance last? `PYTHONPATH=. python experiments/contented.py [--runs N]`.

Thirty members, like their leader in regime ("high"), somewhat dependent on it ("low"), without quarrels, threats or
offers, run for seventy years by draws from the priors of the coefficients. Printed is in how many futures nobody
leaves, and in how many the alliance is dissolved. A constant half a per cent a year would dissolve it in 30 %.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import sim

MEMBERS, YEARS = 30, 70
SAID = 'sources = ["assumption: a contented member"]'
HEAD = f"""title = "Thirty contented members"
[time]
start = 2000-01-01
end = {2000 + YEARS}-01-01
step = "year"
horizons = [10, {YEARS}]
[alliance]
name = "Contented"
leader = "LEA"
crises = "scripted"
[leader]
"""
LEADER = ("confrontation", "war", "hierarchy", "coercion")
ALONE = {"affinity": "high", "autonomy": "none", "target_ties": "none", "partiality": "none", "opinion": "medium"}
CHANNELS = {
    "dependence": ("trade", "arms", "energy", "remittances", "basing", "regime_support"),
    "threat": ("interstate", "separatist", "insurgency", "regime"),
    "western_ties": ("trade", "investment", "security", "diplomatic"),
    "other_ties": ("china", "regional"),
    "security_offer": ("west", "china", "regional"),
}


def scenario_text() -> str:
    """The scenario of the thirty."""
    parts = [HEAD]
    parts += [f'{name} = {{ value = "none", {SAID} }}\n' for name in LEADER]
    parts += [f'capacity = {{ value = "high", {SAID} }}\nreliability = {{ value = "medium", {SAID} }}\n']
    for k in range(MEMBERS):
        code = f"M{k:02d}"
        parts.append(f'[members.{code}]\nname = "Member {k + 1}"\n')
        parts.append(f'record = [{{ from = 1999-01-01, status = "active", {SAID} }}]\n')
        parts += [f'{name} = {{ value = "{word}", {SAID} }}\n' for name, word in ALONE.items()]
        for name, channels in CHANNELS.items():
            word = "low" if name == "dependence" else "none"
            parts.append(f"[members.{code}.{name}]\n")
            parts += [f'{channel} = {{ value = "{word}", {SAID} }}\n' for channel in channels]
    return "".join(parts)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--posterior", default="none", help="a calibration's file, in place of the priors")
    given = parser.parse_args()
    posterior = given.posterior if given.posterior == "none" else str(Path(given.posterior).resolve())
    with TemporaryDirectory() as folder:
        file = Path(folder) / "contented.toml"
        file.write_text(scenario_text(), encoding="utf-8")
        result = sim.run(sim.load(file, {"posterior": posterior}), runs=given.runs, seed=1)
        alliance = result.alliance[result.alliance.horizon_years == YEARS].set_index("outcome")
        members = result.members[(result.members.horizon_years == YEARS) & (result.members.outcome == "exit")]
    some, ends, mean = alliance["mean"]["any_exit"], alliance["mean"]["dissolution"], members["mean"].mean()
    by = "the priors" if posterior == "none" else given.posterior
    print(f"{given.runs:,} futures of {MEMBERS} contented members over {YEARS} years, by {by}:")
    print(f"nobody leaves in {1 - some:.0%}, dissolution in {ends:.0%}; a member leaves with {mean:.1%} in the mean")


if __name__ == "__main__":
    main()
