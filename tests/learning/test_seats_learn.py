"""Do teams learn? Self-play on games with known equilibria, a mixed game, a cooperative one."""

import numpy as np
import pytest
import torch

from plaudit import evaluate
from plaudit.agents.policies.team import team
from plaudit.agents.trainers.algorithms import PolicyGradient
from plaudit.agents.trainers.seats import SeatTrainer
from plaudit.agents.trainers.step_settings import StepSettings
from plaudit.envs.matrix_games import exploitability, regularised_equilibrium
from plaudit.envs.seats.vector import JointVectorEnv
from tests.agents.seat_worlds.toys import LEFT, RIGHT, Matching

RPS = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])  # of the row's throw against the column's
NEGOTIATION = {"issues": 2, "levels": 3, "horizon": 6}


def ppo(env, players, seed, evaluator=None, whiten=True, lam=0.95, reference=None, **settings):
    algorithm = PolicyGradient("gae", "ppo", critic=True, whiten=whiten, lam=lam)
    own = StepSettings(seed=seed, **settings)
    return SeatTrainer(
        env, players, algorithm, own, reference=reference, evaluator=evaluator, eval_every=1
    )


def self_play(env, obs, seed, odds=None, **settings):
    """(updates + 1, contexts, actions) what a table that plays both seats would do, by update."""
    players = team(env, sharing="all", kind="linear_softmax", seed=seed)
    even, seen = players.frozen_copy(), []
    if odds is not None:
        with torch.no_grad():
            players.at(0).logits.copy_(torch.tensor(odds).log().expand_as(players.at(0).logits))

    def look(players):
        seen.append(players.at(0).probs(obs))
        return {}

    reference = even if settings.get("beta") else None
    given = {"steps": 4, "epochs": 1, "minibatches": 1, "whiten": False, "lam": 1.0, **settings}
    ppo(env, players, seed, look, reference=reference, **given).train()
    return np.array(seen)


def thrown(seed, **settings):
    """The same for one throw of rock, paper, scissors, from a start that throws mostly rock."""
    nothing = np.full((1, 2), 3)
    env = JointVectorEnv("plaudit/RepeatedRPS-v0", 256, rounds=1, recall=1)
    return self_play(env, nothing, seed, odds=[0.8, 0.1, 0.1], **settings)[:, 0]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_plain_self_play_is_near_the_equilibrium_on_average_only(seed):
    odds = thrown(seed, updates=600, lr=0.01)
    assert exploitability(RPS, odds[0]) == pytest.approx(0.7)
    assert exploitability(RPS, odds.mean(0)) < 0.2
    assert np.abs(odds.mean(0) - 1 / 3).max() < 0.12
    # Its last policies run in circles around it, as theory has it.
    assert exploitability(RPS, odds[-1]) > 0.4
    assert len(set(odds.argmax(1))) == 3


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_pull_towards_even_play_brings_the_last_policy_there_too(seed):
    odds = thrown(seed, updates=400, lr=0.02, lr_decay=0.0, beta=0.3)
    assert exploitability(RPS, odds[-1]) < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_regularised_self_play_goes_to_the_regularised_equilibrium(seed):
    env = JointVectorEnv("plaudit/PreferenceGame-v0", 256)
    rules, size, beta = env.rules, env.rules.responses, 0.1
    prompts = np.array([[prompt, size, size] for prompt in range(rules.contexts)])
    games, even = [odds - 0.5 for odds in rules.preferences], np.full(size, 1 / size)
    odds = self_play(env, prompts, seed, updates=300, lr=0.02, beta=beta)

    def mean(policies, beta):
        pairs = zip(games, policies, strict=True)
        return np.mean([exploitability(game, policy, beta=beta) for game, policy in pairs])

    assert mean(odds[-1], beta) < 0.15 * mean(odds[0], beta)  # of the game that is regularised
    assert mean(odds[-1], 0.0) < 0.7 * mean(odds[0], 0.0)  # and of the game itself
    known = [regularised_equilibrium(game, even, beta).row for game in games]
    assert np.abs(odds[-1] - known).max() < 0.1
    assert np.abs(odds[0] - known).max() > 0.2


def earned(players, seat, other):
    """Mean true return of a seat on the panel, and its interval."""
    seats = {"seat": seat, "partners": {other: players.partner(other)}}
    found = evaluate(players.policy(seat), "plaudit/Negotiation-v0", 512, **seats, **NEGOTIATION)
    return found.interval


@pytest.mark.slow
@pytest.mark.parametrize("own", [{}, {"sharing": "seat_id"}, {"critic": "central"}], ids=str)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_buyer_and_a_seller_learn_to_deal(seed, own):
    env = JointVectorEnv("plaudit/Negotiation-v0", 64, **NEGOTIATION)
    players = team(env, seed=seed, **own)
    seats = (("buyer", "seller"), ("seller", "buyer"))
    before = [earned(players, *pair) for pair in seats]
    settings = {"steps": 12, "updates": 60, "lr": 3e-3, "entropy_coef": 0.01, "epochs": 4}
    ppo(env, players, seed, **settings).train()
    for (_, floor), (least, _) in zip(before, (earned(players, *p) for p in seats), strict=True):
        assert least > floor + 0.1


def matched(seed, critic, bonus):
    """How often both repeat their number after 20 updates, and what the critic explains."""
    env = [Matching(4, bonus) for _ in range(32)]
    players = team(env, critic=critic, hidden=(32, 32), seed=seed)
    settings = {"steps": 4, "updates": 20, "lr": 1e-2, "epochs": 4, "minibatches": 1}
    row = ppo(env, players, seed, **settings).train()[-1]
    odds = [players.policy(seat).probs(np.arange(4)).diagonal() for seat in (LEFT, RIGHT)]
    return np.mean(odds), row.get("explained_variance")


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_central_critic_helps_where_what_others_see_explains_the_return(seed):
    own, blind = matched(seed, "own", bonus=3.0)
    central, told = matched(seed, "central", bonus=3.0)
    assert blind < 0.1
    assert told > 0.9
    assert central > max(0.9, own + 0.05)


@pytest.mark.slow
@pytest.mark.parametrize("critic", ["own", "central"])
def test_where_others_explain_nothing_either_critic_will_do(critic):
    assert matched(0, critic, bonus=0.0)[0] > 0.95
