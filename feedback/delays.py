"""Delays: how much later than its question an answer comes, as JSON says it.

A number is a constant, [least, most] is uniform with both ends included, and {"shape": ...,
"scale": ...} is gamma-distributed. In whole ticks a gamma delay is cut to its whole part.

Source: doi:10.1145/1597735.1597738 (gamma-distributed delay of a trainer's feedback).
"""

from collections.abc import Mapping, Sequence
from math import inf

import numpy as np

from plaudit.envs import limits

Delay = float | Sequence[float] | Mapping[str, float]
"""Constant, [least, most] (uniform) or {"shape": ..., "scale": ...} (gamma)."""

FORMS = "[least, most] or {'shape': ..., 'scale': ...}"


def check_delay(delay: Delay, *, whole: bool) -> Delay:
    """The delay in Python's own numbers, lists and dicts.

    Args:
        delay: see `Delay`.
        whole: whether it is counted in ticks, of which there is no half; else it is a time.

    Raises:
        ValueError: it is negative, not finite, no whole number of ticks or of no known form.
    """
    if isinstance(delay, Mapping):
        if set(delay) != {"shape", "scale"}:
            raise ValueError(
                f"a gamma delay is {{'shape': ..., 'scale': ...}}, both above 0; got {dict(delay)}"
            )
        return {
            name: limits.check_range(f"delay[{name!r}]", delay[name], 0, inf, above=True)
            for name in ("shape", "scale")
        }
    if not isinstance(delay, list | tuple | np.ndarray):
        return limits.check_range("delay", delay, 0, inf, integer=whole, unit=f"or {FORMS}")
    least, most = limits.check_numbers("delay", delay, 0, inf, count=2, integer=whole)
    if least > most:
        raise ValueError(f"delay must be [least, most] in this order, got {[least, most]}")
    return [least, most]


def draw_delay(delay: Delay, rng: np.random.Generator, *, whole: bool) -> float:
    """One delay, >= 0; a whole number of ticks, or a time.

    Args:
        delay: as `check_delay` gives it.
        rng: what it is drawn from.
        whole: as `check_delay`.
    """
    if isinstance(delay, Mapping):
        time = float(rng.gamma(delay["shape"], delay["scale"]))
        return int(time) if whole else time
    least, most = delay if isinstance(delay, Sequence) else (delay, delay)
    if whole:
        return int(rng.integers(int(least), int(most), endpoint=True))
    return float(rng.uniform(least, most))
