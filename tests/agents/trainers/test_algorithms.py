import pytest
import torch

from plaudit.agents.policies.base import Evaluation
from plaudit.agents.trainers.algorithms import GRPO, PPO, RLOO
from plaudit.agents.types import TokenBatch

# Two answers to one prompt: two tokens that earn 1 and 2, one token that earns 1.
MASK = torch.tensor([[True, True], [True, False]])
REWARDS = torch.tensor([[1.0, 2.0], [1.0, 0.0]])
GROUPS = torch.tensor([0, 0])
NONE = torch.zeros(2, 2)
BATCH = TokenBatch(
    torch.zeros(2, 1, dtype=torch.int64),
    torch.ones(2, 1, dtype=torch.bool),
    torch.zeros(2, 2, dtype=torch.int64),
    MASK,
    NONE,
    ("length", "ended"),
)


def test_rloo_takes_the_others_return_off():
    # returns 3 and 1; the baseline of each is the other's: 3 - 1 and 1 - 3
    assert RLOO().targets(REWARDS, BATCH, GROUPS, None).advantage.tolist() == [2.0, -2.0]


def test_grpo_takes_the_groups_mean_off_and_may_divide_by_its_spread():
    # mean 2, so +1 and -1; the sample's standard deviation is sqrt(2)
    plain = GRPO(std="none").targets(REWARDS, BATCH, GROUPS, None).advantage
    scaled = GRPO().targets(REWARDS, BATCH, GROUPS, None).advantage
    assert plain.tolist() == [1.0, -1.0]
    assert scaled.tolist() == pytest.approx([0.7071, -0.7071], abs=1e-3)


def test_ppos_advantages_are_whitened_over_the_tokens_that_were_written():
    # lambda 1, critic 0: advantages 1 + 2 = 3, 2 and 1; mean 2, standard deviation 1
    targets = PPO(lam=1.0).targets(REWARDS, BATCH, GROUPS, NONE)
    assert targets.advantage[MASK].tolist() == pytest.approx([1.0, 0.0, -1.0])
    assert targets.returns[MASK].tolist() == [3.0, 2.0, 1.0]
    plain = PPO(lam=1.0, whiten=False).targets(REWARDS, BATCH, GROUPS, NONE)
    assert plain.advantage[MASK].tolist() == [3.0, 2.0, 1.0]


def test_ppos_loss_adds_the_critics():
    now = Evaluation(NONE, NONE, NONE)
    targets = PPO(lam=1.0, whiten=False).targets(REWARDS, BATCH, GROUPS, NONE)
    losses = [PPO(value_coef=coef, clip=0.2).loss(now, BATCH, targets)[0].item() for coef in (0, 1)]
    _, stats = PPO().loss(now, BATCH, targets)
    assert losses[1] - losses[0] == pytest.approx(stats["value_loss"].item())
    assert losses[0] < 0 < stats["value_loss"].item()


def test_rows_of_targets_are_taken_together():
    targets = PPO(lam=1.0, whiten=False).targets(REWARDS, BATCH, GROUPS, NONE)
    one = targets.rows(torch.tensor([1]))
    assert one.returns.tolist() == targets.returns[1:].tolist()
    assert one.advantage.tolist() == targets.advantage[1:].tolist()
    assert RLOO().targets(REWARDS, BATCH, GROUPS, None).rows(torch.tensor([0])).returns is None


def test_ppo_without_a_critic_is_refused():
    with pytest.raises(ValueError, match="needs a policy with a value head"):
        PPO().targets(REWARDS, BATCH, GROUPS, None)
    with pytest.raises(ValueError, match="needs a policy with a value head"):
        PPO().loss(
            Evaluation(NONE, NONE, None), BATCH, RLOO().targets(REWARDS, BATCH, GROUPS, None)
        )
