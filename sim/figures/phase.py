"""Placeholder until the figures arrive."""

from typing import Any


def draw_study(ds: Any) -> dict[str, Any]:
    return {}
