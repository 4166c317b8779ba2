"""What there is to say about a piece of advice in TokenAssist: features for a `linear` reward.

Indicators of four descriptions, each together with whether the answer is the user's view:

    are they sure x items for the answer       are they sure x hedge
    cited items for the answer                 cited items against it

No answer is all zeros.

Source: own design.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from plaudit.envs.token.token_assist.game import TokenAssist

HEDGES = 3  # "maybe", none, "surely"


def advice_features(
    obs: npt.NDArray[Any], actions: npt.NDArray[Any], *, settings: Mapping[str, Any] | None = None
) -> npt.NDArray[np.float64]:
    """(N, d) features of whole texts, d = 8 (evidence + 1) + 12.

    Args:
        obs: (N, L) windows of the world that end with the prompt.
        actions: (N, max_new) texts, written at once: `macro` is at least `max_new`.
        settings: of the world, JSON values.

    Raises:
        ValueError: actions are single tokens.

    Source: own design.
    """
    game = TokenAssist(**(settings or {}))
    if actions.ndim != 2:
        raise ValueError(
            "features of advice need whole texts (N, max_new) as actions: make the world with "
            f"macro={game.max_new}; got shape {actions.shape}"
        )
    prompt, said = np.asarray(obs)[:, -game.prompt_window :], game.advice(actions)
    levels = game.evidence + 1
    backing = prompt[:, 3:-1] == said.answer[:, None]
    shared = (prompt[:, 0] == said.answer).astype(np.int64)
    sure = 2 * shared + (prompt[:, 1] == game.tokenizer.encode("sure")[0])
    cells = (
        (sure * levels + backing.sum(1), 4 * levels),
        (sure * HEDGES + said.hedge + 1, 4 * HEDGES),
        (shared * levels + (backing & said.cited).sum(1), 2 * levels),
        (shared * levels + (~backing & said.cited).sum(1), 2 * levels),
    )
    told = np.concatenate([np.eye(size)[cell] for cell, size in cells], axis=1)
    features: npt.NDArray[np.float64] = said.answered[:, None] * told
    return features
