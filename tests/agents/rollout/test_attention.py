from functools import partial

import numpy as np
import pytest
import torch

from plaudit import agents
from plaudit.agents.advantages.redistribute import redistribute
from plaudit.agents.advantages.returns_to_go import returns_to_go
from plaudit.agents.policies.tiny_transformer import TinyTransformer
from plaudit.agents.rollout.attention import attention, promise
from plaudit.agents.types import Rollout, TokenBatch
from plaudit.envs.evaluate import make_rows

PAD = 9


class Sums:
    """Looks at every token as often as its number says, and finds a text worth their sum."""

    pad_id = PAD

    def attention(self, texts):
        return np.where(texts == PAD, 0, texts).astype(np.float32)

    def scores(self, texts):
        return self.attention(texts).sum(1)


def rollout(tokens, prompt=((3, 5),), prompt_mask=((False, True),)):
    tokens = torch.tensor(tokens)
    mask = tokens != PAD
    batch = TokenBatch(
        torch.tensor(prompt).expand(len(tokens), -1),
        torch.tensor(prompt_mask).expand(len(tokens), -1),
        tokens,
        mask,
        torch.zeros(tokens.shape),
        ("length",) * len(tokens),
    )
    zeros = torch.zeros(tokens.shape)
    return Rollout(batch, zeros, torch.arange(len(tokens)), zeros.long())


def test_shares_are_of_the_answer_alone_and_0_behind_its_end():
    found = attention(rollout([[1, 2, 4], [7, PAD, PAD]]), model=Sums())
    assert found.tolist() == [[1.0, 2.0, 4.0], [7.0, 0.0, 0.0]]


def test_shuffled_shares_are_those_of_the_same_answer_in_another_order():
    rng = torch.Generator().manual_seed(0)
    found = torch.stack(
        [
            attention(rollout([[1, 2, 4, PAD], [7, PAD, PAD, PAD]]), model=Sums(), shuffle=rng)
            for _ in range(600)
        ]
    )
    assert (found[:, 1] == torch.tensor([7.0, 0.0, 0.0, 0.0])).all()
    assert (found[:, 0].sort(1).values == torch.tensor([0.0, 1.0, 2.0, 4.0])).all()
    assert (found[:, 0, 3] == 0).all()
    # Each of the three stands first in a third of 600: 200, with a deviation of 11.5.
    assert (found[:, 0, 0] == 4).sum().item() == pytest.approx(200, abs=46)


def test_the_promise_is_the_worth_of_what_stands_before():
    found = promise(rollout([[1, 2, 4], [7, PAD, PAD]]), model=Sums())
    # The prompt is 5 (3 is padding): 5, 5 + 1, 5 + 1 + 2; behind the end nothing is added.
    assert found.tolist() == [[5.0, 6.0, 8.0], [5.0, 12.0, 12.0]]
    nothing = promise(rollout([[1, 2]], prompt_mask=((False, False),)), model=Sums())
    assert nothing.tolist() == [[0.0, 1.0]]


def test_answers_are_paid_their_scores_by_attention():
    rng = torch.Generator().manual_seed(0)
    tokens = torch.randint(1, 9, (64, 32), generator=rng)
    scores = 10 * torch.randn(64, generator=rng)
    shares = attention(rollout(tokens.tolist()), model=Sums())
    paid = redistribute(scores, shares, tokens != PAD).sum(1)
    torch.testing.assert_close(paid, scores, rtol=1e-6, atol=1e-6)


def test_shares_that_know_the_end_hide_what_a_later_token_did():
    """Two tokens of 1 or 2; the answer is worth 1 where the second is 2, whatever the first is."""
    answers = torch.tensor([[1, 1], [1, 2], [2, 1], [2, 2]])
    scores = torch.tensor([0.0, 1.0, 0.0, 1.0])
    # All is paid for the first token, as a model may that looks there when it likes the second.
    shares = torch.tensor([[1.0, 0.0]]).expand(4, 2)
    mask = torch.ones(4, 2, dtype=torch.bool)
    paid = redistribute(scores, shares, mask)
    assert paid.sum(1).tolist() == scores.tolist()
    went = returns_to_go(paid, mask)
    second = answers[:, 1] == 2
    # True advantage of a 2 in the second place: 1 - 0 = 1. Returns to go from there: 0 - 0 = 0.
    assert (went[second, 1].mean() - went[~second, 1].mean()).item() == 0.0
    assert (scores[second].mean() - scores[~second].mean()).item() == 1.0


@pytest.mark.parametrize("setting", ["shares", "potentials"])
def test_a_trainer_takes_them_and_says_so_in_what_a_checkpoint_must_fit(setting):
    env = make_rows("plaudit/TokenNgram-v0", 4, vocab=4, max_new=3)
    policy = TinyTransformer(4, width=8, heads=2, layers=1, value_head=True, seed=1)
    model = Sums()
    model.pad_id = 4
    told = partial(attention if setting == "shares" else promise, model=model)
    trainer = agents.make("ppo", env, policy=policy, group_size=1, updates=1, **{setting: told})
    trainer.train()
    assert trainer.get_state()["settings"][setting] == "partial"
