"""What answers are worth, by different lights: scores for `best_of_n` and `beam`.

Each function makes a score, `TokenBatch -> (B,)`. Answers that are only begun are scored, too: by
what they have earned so far, or are expected to earn.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch

from plaudit.agents.policies.base import TokenPolicy
from plaudit.agents.policies.windows import read_windows
from plaudit.agents.rollout.worlds import AnyVector, token_spec
from plaudit.agents.search.base import Score
from plaudit.agents.types import TokenBatch
from plaudit.envs.text import Tokenizer
from plaudit.feedback.models.base import RewardModel

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def world_return(venv: AnyVector, seeds: Sequence[int]) -> Score:
    """What a token world pays, wrappers included, when the answers are played in it.

    An answer is played in the episode of the first seed that asks its prompt. What else an episode
    hides is not looked for: use it where the prompt says what is wanted.

    Args:
        venv: a vector form with auto-reset disabled; of one turn.
        seeds: whose prompts can be answered, at least one.

    Raises:
        ValueError: there are no seeds; when called, a prompt that none of them asks.

    Source: own design.
    """
    pad_id = token_spec(venv).pad_id
    if not seeds:
        raise ValueError("there are no seeds: at least one prompt must be asked")
    asked: dict[tuple[int, ...], int] = {}
    for chunk, _ in _chunks(np.asarray(seeds), venv.num_envs):
        obs, _ = venv.reset(seed=chunk.tolist())
        ids, mask = read_windows(obs, pad_id)
        for row, seed in enumerate(chunk.tolist()):
            asked.setdefault(tuple(ids[row][mask[row]].tolist()), seed)

    def score(batch: TokenBatch) -> torch.Tensor:
        wanted = []
        for ids, mask in zip(batch.prompt_ids, batch.prompt_mask, strict=True):
            prompt = tuple(ids[mask].tolist())
            if prompt not in asked:
                raise ValueError(f"none of the seeds asks the prompt {list(prompt)}")
            wanted.append(asked[prompt])
        tokens, written = batch.tokens.cpu().numpy(), batch.action_mask.cpu().numpy()
        rows = np.arange(len(tokens))
        parts = [
            _played(venv, np.asarray(wanted)[some], tokens[some], written[some])[:count]
            for some, count in _chunks(rows, venv.num_envs)
        ]
        return torch.from_numpy(np.concatenate(parts))

    return score


def reward_model(model: RewardModel, window: int, pad_id: int) -> Score:
    """What a reward model predicts, added up over the tokens of each answer.

    Args:
        model: reads windows of a token world and tokens.
        window: length of the world's observation, tokens.
        pad_id: the world's, on the left of its windows.

    Raises:
        ValueError: when called: prompt and answer do not fit into the window.
    """

    def score(batch: TokenBatch) -> torch.Tensor:
        tokens, mask = batch.tokens.cpu().numpy(), batch.action_mask.cpu().numpy()
        steps = mask.shape[1]
        seen = np.full((len(tokens), steps, window), pad_id, np.int64)
        for row in range(len(tokens)):
            prompt = batch.prompt_ids[row][batch.prompt_mask[row]].tolist()
            whole = [*prompt, *tokens[row][mask[row]].tolist()]
            if len(whole) > window:
                raise ValueError(
                    f"answer {row} has {len(whole)} tokens with its prompt, the window {window}"
                )
            for t in range(int(mask[row].sum())):
                end = len(prompt) + t
                seen[row, t, window - end :] = whole[:end]
        mean, _ = model.predict(seen, np.where(mask, tokens, 0))
        return torch.from_numpy(np.where(mask, mean, 0.0).sum(1))

    return score


def critic(policy: TokenPolicy) -> Score:
    """What the policy's value head expects, reward units: before the token to come.

    Of a whole answer it is what was expected before its last token: the head never learns what
    comes after. It knows what is still to come, not what was paid: use it where the end pays.

    Args:
        policy: has a value head.

    Raises:
        ValueError: when called: it has none.
    """

    @torch.no_grad()
    def score(batch: TokenBatch) -> torch.Tensor:
        count = batch.action_mask.sum(1)
        ended = torch.tensor([status == "ended" for status in batch.status], device=count.device)
        place = (count - ended.long()).clamp(max=batch.tokens.shape[1] - 1)
        upto = torch.arange(batch.tokens.shape[1], device=place.device) <= place.unsqueeze(1)
        asked = TokenBatch(
            batch.prompt_ids, batch.prompt_mask, batch.tokens, upto, batch.logp, batch.status
        )
        values = policy.value(asked)
        return values.gather(1, place.to(values.device).unsqueeze(1))[:, 0]

    return score


def implicit_reward(policy: TokenPolicy, reference: TokenPolicy, beta: float = 1.0) -> Score:
    """The reward for which pi is the KL-optimum: beta log pi(answer) / reference(answer).

    For the beginning of an answer it is what that has earned and the soft value of what is to come,
    less a constant of the prompt, so that a beam may be led by it.

    Args:
        policy: pi.
        reference: where the KL was measured from.
        beta: reward units per nat, above 0.

    Raises:
        ValueError: beta is not above 0.

    Source: arXiv:2404.12358.
    """
    if not beta > 0:
        raise ValueError(f"beta must be above 0, got {beta}")

    @torch.no_grad()
    def score(batch: TokenBatch) -> torch.Tensor:
        return beta * (policy.logp(batch) - reference.logp(batch).to(policy.device)).sum(1)

    return score


def of_texts(tokenizer: Tokenizer, judge: Callable[[str, str], float]) -> Score:
    """What a verifier or judge says of (prompt, answer) texts.

    Args:
        tokenizer: the policy's.
        judge: (prompt, answer) -> number, higher is better.
    """

    def score(batch: TokenBatch) -> torch.Tensor:
        found = []
        for row in range(len(batch.tokens)):
            prompt = batch.prompt_ids[row][batch.prompt_mask[row]].tolist()
            answer = batch.tokens[row][batch.action_mask[row]].tolist()
            found.append(judge(tokenizer.decode(prompt), tokenizer.decode(answer)))
        return torch.tensor(found, dtype=torch.float64)

    return score


def _chunks(items: Ints, width: int) -> Iterator[tuple[Ints, int]]:
    """Items, so many at a time, and how many of them are new: the last are filled up again."""
    for begin in range(0, len(items), width):
        index = np.arange(begin, begin + width) % len(items)
        yield items[index], min(width, len(items) - begin)


def _played(venv: AnyVector, seeds: Ints, tokens: Ints, written: Bools) -> Floats:
    """(num_envs,) what the world pays for one answer per row."""
    venv.reset(seed=seeds.tolist())
    actions = np.where(written, tokens, 0)
    paid = np.zeros(len(seeds))
    for t in range(written.shape[1]):
        going = written[:, t]
        if not going.any():
            break
        # Rows that are through would write on; what that pays is left out.
        paid += np.where(going, venv.step(actions[:, t])[1], 0.0)
    return paid
