"""The version of the model: what numbers depend on besides inputs, seed and settings.

Raised whenever the equations, coefficients, priors or streams of chance change a number; a test keeps it true. Every
posterior and every results folder carries it, and what another version made is not taken for this one's.
"""

VERSION = "1"
