"""Hypothesis without a deadline (machines are noisy) and with the same examples every time."""

from hypothesis import settings

settings.register_profile("repeatable", deadline=None, derandomize=True, database=None)
settings.load_profile("repeatable")
