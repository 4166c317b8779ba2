import pytest
import torch

from plaudit.agents.trainers import recipes
from plaudit.agents.trainers.algorithms import PolicyGradient

# Two answers to one prompt: two tokens that earn 1 and 2, one token that earns 1.
MASK = torch.tensor([[True, True], [True, False]])
REWARDS = torch.tensor([[1.0, 2.0], [1.0, 0.0]])
NONE = torch.zeros(2, 2)
SIGNALS = {
    "rewards": REWARDS,
    "scores": torch.tensor([3.0, 1.0]),
    "mask": MASK,
    "groups": torch.tensor([0, 0]),
    "values": NONE,
    "old_logp": NONE,
}


def advantage(recipe, **settings):
    return recipe.algorithm(**settings).targets(SIGNALS)["advantage"]


def test_rloo_takes_the_others_return_off():
    # returns 3 and 1; the baseline of each is the other's: 3 - 1 and 1 - 3
    assert advantage(recipes.rloo).tolist() == [2.0, -2.0]


def test_grpo_takes_the_groups_mean_off_and_may_divide_by_its_spread():
    # mean 2, so +1 and -1; the sample's standard deviation is sqrt(2)
    assert advantage(recipes.grpo, std="none").tolist() == [1.0, -1.0]
    assert advantage(recipes.grpo).tolist() == pytest.approx([0.7071, -0.7071], abs=1e-3)


def test_ppos_advantages_are_whitened_over_the_tokens_that_were_written():
    # lambda 1, critic 0: advantages 1 + 2 = 3, 2 and 1; mean 2, standard deviation 1
    targets = recipes.ppo.algorithm(lam=1.0).targets(SIGNALS)
    assert targets["advantage"][MASK].tolist() == pytest.approx([1.0, 0.0, -1.0])
    assert targets["returns"][MASK].tolist() == [3.0, 2.0, 1.0]
    plain = advantage(recipes.ppo, lam=1.0, whiten=False)
    assert plain[MASK].tolist() == [3.0, 2.0, 1.0]


def test_an_advantage_per_answer_is_given_to_each_token_where_the_loss_is_per_token():
    targets = PolicyGradient("leave_one_out", "ppo").targets(SIGNALS)
    assert targets["advantage"].tolist() == [[2.0, 2.0], [-2.0, 0.0]]


def test_the_critics_loss_comes_apart_and_weighted():
    known = SIGNALS | recipes.ppo.algorithm(whiten=False).targets(SIGNALS)
    known |= {"logp": NONE, "value": NONE}
    _, half, stats = recipes.ppo.algorithm().loss(known)
    _, whole, _ = recipes.ppo.algorithm(value_coef=1.0).loss(known)
    assert 2 * half.item() == pytest.approx(whole.item()) == pytest.approx(stats["value_loss"])
    # returns 3, 2 and 1 by critic 0, halved: (9 + 4 + 1) / 3 / 2, with lambda .95 a little less
    assert recipes.ppo.algorithm(value_coef=1.0).loss(
        known | {"returns": torch.tensor([[3.0, 2.0], [1.0, 0.0]])}
    )[1].item() == pytest.approx(14 / 6)


def test_rows_weigh_by_tokens_only_where_the_loss_is_a_mean_over_tokens():
    assert recipes.ppo.algorithm().weights(MASK).tolist() == [2, 1]
    assert recipes.grpo.algorithm().weights(MASK).tolist() == [1, 1]
    assert recipes.grpo.algorithm(aggregation="token_mean").weights(MASK).tolist() == [2, 1]


def test_a_setting_reaches_the_function_that_has_it():
    known = SIGNALS | {"advantage": torch.tensor([1.0, -1.0]), "logp": NONE}
    known["ref_logp"] = NONE - 0.5
    plain = recipes.grpo.algorithm().loss(known)[0]
    pulled = recipes.grpo.algorithm(kl_loss=2.0).loss(known)[0]
    # k3 at d = -.5: exp(-.5) - 1 + .5 = .106531 at each token
    assert (pulled - plain).item() == pytest.approx(2 * 0.106531, abs=1e-5)


def test_a_missing_signal_is_named():
    with pytest.raises(ValueError, match=r"advantage 'gae' needs 'values', known are rewards"):
        recipes.ppo.algorithm().targets({"rewards": REWARDS, "mask": MASK})


def test_an_unknown_setting_is_named_with_the_nearest():
    message = "unknown setting 'clipp' of advantage 'group' and loss 'grpo'; did you mean 'clip'"
    with pytest.raises(TypeError, match=message):
        PolicyGradient("group", "grpo", clipp=0.1)


def test_an_advantage_without_returns_teaches_no_critic():
    with pytest.raises(ValueError, match="advantage 'group' has no returns for a critic"):
        PolicyGradient("group", "grpo", critic=True).targets(SIGNALS)


@pytest.mark.parametrize(
    ("algorithm", "needs"),
    [
        (PolicyGradient("group", "grpo"), False),
        (PolicyGradient("group", "grpo", kl_loss=0.1), True),
        (PolicyGradient("group", "kl_penalty"), True),
        (PolicyGradient("gae", "ppo", critic=True), False),
    ],
)
def test_an_algorithm_says_whether_the_reference_moves_it(algorithm, needs):
    assert algorithm.needs_reference is needs


def test_a_loss_without_a_kl_term_is_named():
    with pytest.raises(TypeError, match="kl_loss: loss 'ppo' has no KL term of its own"):
        PolicyGradient("gae", "ppo", critic=True, kl_loss=0.1)
