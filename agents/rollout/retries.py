"""Several answers to each problem, none of them given twice: resampling without repetition.

The policy is asked anew each time and hears nothing; what it wrote before is only ruled out. The
n-th answer is drawn from pi without the answers before it, exactly: token by token,

    p(a | prefix) ~ P(prefix a) - sum of P(earlier answers that begin with prefix a)

Source: Shi et al. 2020, arXiv:2002.09067 (UniqueRandomizer).
"""

from collections.abc import Sequence

import numpy as np
import torch

from plaudit.agents.policies import sampling
from plaudit.agents.policies.base import TokenPolicy
from plaudit.agents.policies.windows import read_windows
from plaudit.agents.rollout.worlds import AnyVector, check_world

SPENT = 1e-12
"""Share of a prefix's probability below which all its answers count as given: then the policy's own
odds hold, and an answer may be given twice."""


@torch.no_grad()
def distinct_answers(
    policy: TokenPolicy,
    prompt_ids: torch.Tensor,
    prompt_mask: torch.Tensor,
    *,
    n: int,
    max_new: int,
    rng: torch.Generator,
) -> torch.Tensor:
    """N different answers to each prompt, (B, n, max_new) int64, pad behind the end token.

    Args:
        policy: writes them.
        prompt_ids: (B, P) integers, padded on the left.
        prompt_mask: (B, P), true where not padding.
        n: answers per prompt, at least 1; where fewer are possible, some come again.
        max_new: longest answer, tokens.
        rng: of the answers; B n max_new numbers are drawn.

    Raises:
        ValueError: n is too small.

    Source: arXiv:2002.09067.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1 answer per prompt, got {n}")
    rows = len(prompt_ids)
    given = torch.full((rows, n, max_new), policy.pad_id, device=policy.device)
    mass = torch.zeros((rows, n), dtype=torch.float64, device=policy.device)
    for k in range(n):
        logits, cache = policy.start(prompt_ids, prompt_mask, prompt_ids.shape[1] + max_new)
        same = torch.arange(n, device=policy.device).expand(rows, n) < k  # begin as this one
        here = torch.ones(rows, dtype=torch.float64, device=policy.device)  # P(prefix)
        open_ = torch.ones(rows, dtype=torch.bool, device=policy.device)
        uniform = sampling.uniform((rows, max_new), rng).to(policy.device)
        for t in range(max_new):
            scores = sampling.log_probs(
                logits.double(), policy.temperature, policy.top_k, policy.top_p
            )
            whole = here.unsqueeze(1) * scores.exp()
            spent = torch.zeros_like(whole).scatter_add_(
                1, given[:, :, t].clamp(max=whole.shape[1] - 1), torch.where(same, mass, 0.0)
            )
            left = (whole - spent).clamp(min=0.0)
            left = torch.where(left.sum(1, keepdim=True) > SPENT * here.unsqueeze(1), left, whole)
            token = sampling.draw((left / left.sum(1, keepdim=True)).log().float(), uniform[:, t])
            given[:, k, t] = torch.where(open_, token, policy.pad_id)
            here = torch.where(open_, whole.gather(1, token.unsqueeze(1))[:, 0], here)
            same = same & (given[:, :, t] == given[:, k : k + 1, t])
            open_ = open_ & (token != policy.eos_id)
            if t + 1 < max_new and open_.any():
                logits, cache = policy.advance(token, cache)
        mass[:, k] = here
    return given


def collect_retries(
    policy: TokenPolicy,
    venv: AnyVector,
    *,
    seeds: Sequence[int],
    n: int,
    rng: torch.Generator,
) -> torch.Tensor:
    """What n different answers to each problem are paid, one by one, (B, n) float64.

    Args:
        policy: writes the answers.
        venv: a token world of one turn, auto-reset disabled; wrapped or not.
        seeds: (B,) one per row.
        n: answers per problem.
        rng: of the answers.

    Raises:
        TypeError, ValueError: see `check_world`; n is too small, or the world has several turns.

    Source: arXiv:2002.09067.
    """
    spec = check_world(policy, venv)
    if spec.turns > 1:
        raise ValueError(f"each answer is an episode: expected one turn, got {spec.turns}")
    obs, _ = venv.reset(seed=list(seeds))  # type: ignore[arg-type]
    given = distinct_answers(
        policy, *read_windows(obs, spec.pad_id), n=n, max_new=spec.max_new, rng=rng
    )
    tokens = given.cpu().numpy()
    paid = np.zeros((len(seeds), n))
    for k in range(n):
        venv.reset(seed=list(seeds))  # type: ignore[arg-type]
        for t in range(spec.max_new):
            live = tokens[:, k, t] != policy.pad_id
            if not live.any():
                break
            paid[:, k] += np.where(live, venv.step(np.where(live, tokens[:, k, t], 0))[1], 0.0)
    return torch.from_numpy(paid)
