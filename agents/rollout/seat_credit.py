"""To which step what a seat is paid belongs: its last one.

time      1     2     3     4          a seat that is on turn at 1 and 3 and paid at each time
paid      a     b     c     d
credited  a+b         c+d              b and d were earned while it waited

What is paid before the first step of an episode is credited to none: the seat did nothing for it.

Source: own design; rewards between decisions as in semi-Markov decision processes,
    doi:10.1016/S0004-3702(99)00052-1.
"""

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]


def credited_to_steps(
    paid: Floats, chose: Bools, ends: Bools
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Amounts where they belong, and the steps that are not over.

    Args:
        paid: (A, T, N) several kinds of amounts, by time and row.
        chose: (T, N) True where the seat was on turn.
        ends: (T, N) True where its episode was over, on turn or not.

    Returns:
        credited: (A, T, N), 0 where it did not choose.
        open_at: (N,) the time of the last step of an episode that is not over, -1 where there is
            none.
    """
    rows, credited = np.arange(chose.shape[1]), np.zeros_like(paid)
    open_at = np.full(chose.shape[1], -1)
    for t in range(len(chose)):
        open_at[chose[t]] = t
        some = open_at >= 0
        credited[:, open_at[some], rows[some]] += paid[:, t, some]
        open_at[ends[t]] = -1
    return credited, open_at
