"""Random streams with addresses: what a sample gets depends on nothing but its own address."""

from numbers import Integral

import numpy as np

from flowcolor.errors import InputError

AUGMENTING, PAIRING, SPLITTING, STROKES, HINTS, SHARING = range(6)  # Purposes.


def stream(purpose: int, seed: int, *address: int) -> np.random.Generator:
    """Return the random stream at an address of up to three numbers; no two share one.

    Philox is a counter-based generator: purpose, seed and address *are* its state, so that streams
    differ by construction. Hashing them into the 32 bits that torch's CPU generator keeps of a seed
    would let some collide.
    """
    for name, number in {
        "seed": seed,
        **dict(zip(("epoch", "index"), address, strict=False)),
    }.items():
        if not isinstance(number, Integral) or isinstance(number, bool):
            shown = repr(number) if isinstance(number, str | float) else type(number).__name__
            raise InputError(f"{name} should be a whole number, got {shown}.")
    words = [int(number) % 2**64 for number in (*address, 0, 0, 0)[:3]]
    counter = np.array([0, *words], dtype=np.uint64)  # The first word counts the draws.
    key = np.array([int(seed) % 2**64, purpose], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))
