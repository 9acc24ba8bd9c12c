"""The version of the model: what numbers depend on besides inputs, seed and settings.

Raised by adding a line to ``DIGESTS`` whenever equations, coefficients, priors or streams of chance change a number;
tests/model/test_version.py says when, and what the line is. Every posterior and every results folder carries the
version, and what another version made is not taken for this one's.
"""

DIGESTS = {"1": "c5c0337286697e49", "2": "e2b3fc3fb2d30035", "3": "e13a5d4d1f9e397b"}
"""By version, the last the present one: what a small eventful scenario gives, to six digits."""
VERSION = list(DIGESTS)[-1]
