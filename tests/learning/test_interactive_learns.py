"""Do interactive learners learn what their feedback means? Against exact optima, three seeds each.

The gallery's ladder: who climbs badly should leave, who climbs well should not, so that what is
better changes with what one does already.

The person compares with the learner's habit: +1 better, -1 worse, 0 the same (a rating of three
levels by the exact advantage). That is an advantage, and COACH climbs it. Summed up as a reward it
pays for slips that are put right again, and as TAMER's target it is an opinion about a learner that
is gone.
"""

import numpy as np
import pytest

from plaudit.agents.policies.actor_critic import ActorCritic
from plaudit.agents.policies.epsilon_greedy import EpsilonGreedy
from plaudit.agents.policies.feedback_model import FeedbackModel
from plaudit.agents.policies.linear_softmax import LinearSoftmax
from plaudit.agents.stand_in import VectorStandIn
from plaudit.agents.trainers.coach import Coach
from plaudit.agents.trainers.deep_coach import DeepCoach
from plaudit.agents.trainers.q_learning import QLearning
from plaudit.agents.trainers.tamer import DeepTamer, Tamer
from plaudit.envs.evaluate import make_rows
from plaudit.envs.exact_score import exact_score
from plaudit.feedback.wrappers import VectorRecordSegments, VectorScalarFeedback
from plaudit.feedback.wrappers.base import find

pytestmark = pytest.mark.slow

SEEDS = (0, 1, 2)
ROWS, STEPS = 8, 50
BETTER_OR_WORSE = {"kind": "rate", "levels": 3}
COACH = {"name": "coach", "beta": 50.0, "spread": 0.4}
STRICT = {"name": "regret", "beta": 8.0, "center": -0.5}  # approves of what is best


LADDER = ("plaudit/Tabular-v0", {"instance": "ladder"})
# The way to D winds around houses: the best move is another one every few steps.
BOARD = (".....", ".###.", ".#D..", ".####", ".....")
STREETS = ("plaudit/Delivery-v0", {"layout": BOARD, "horizon": 16})


def rows(world):
    return make_rows(world[0], ROWS, "SameStep", **world[1])


def watched(world, teacher, seed, delay=0, ask=BETTER_OR_WORSE):
    recorded = VectorRecordSegments(rows(world), length=1, states=True, keep=64)
    person = teacher | {"world": world[0], "settings": world[1], "seed": seed}
    return VectorScalarFeedback(recorded, person, ask, delay=delay, late="carry", seed=seed)


def share(probs, world):
    return exact_score(probs, world[0], **world[1]).score


def taught(trainer, policy, env, world, seed, updates, **settings):
    learner = policy(env.single_observation_space, env.single_action_space)
    trainer(env, learner, steps=STEPS, updates=updates, seed=seed, **settings).train()
    return share(learner.probs, world)


def linear(observations, actions):
    return FeedbackModel(observations, actions, hidden=())


def q_learning(env, steps, seed, lr=1.0):
    """The greedy policy of a table of action values."""
    policy = EpsilonGreedy(env.single_observation_space, env.single_action_space)
    QLearning(env, policy, lr=lr, steps=STEPS, updates=steps // STEPS, seed=seed).train()
    policy.explore = 0.0
    return policy.probs


def reinforce(env, steps, seed, lr=1.0):
    """A table of logits, climbed by whole returns less a table of their means."""
    rng, shape = np.random.default_rng(seed), tuple(env.single_observation_space.nvec)
    logits, means = np.zeros((*shape, 2)), np.zeros(shape)

    def odds(obs):
        scaled = np.exp(logits[tuple(np.asarray(obs).T)] - logits[tuple(np.asarray(obs).T)].max())
        return scaled / scaled.sum(1, keepdims=True)

    tell(env, odds)
    obs, _ = env.reset(seed=seed)
    episodes = [[] for _ in range(ROWS)]
    for _ in range(steps):
        actions = (odds(obs)[:, 0] < rng.random(ROWS)).astype(int)
        after, reward, terminated, truncated, _ = env.step(actions)
        for row, episode in enumerate(episodes):
            episode.append((tuple(obs[row]), actions[row], reward[row]))
            if terminated[row] or truncated[row]:
                total = 0.0
                for cell, action, paid in reversed(episode):
                    total += paid
                    surprise = total - means[cell]
                    means[cell] += 0.2 * surprise
                    likely = odds(np.array([cell]))[0]
                    logits[cell] += lr / ROWS * surprise * (np.arange(2) == action) - (
                        lr / ROWS * surprise * likely
                    )
                episode.clear()
        obs = after
    return odds


def tell(env, odds):
    if isinstance(env, VectorScalarFeedback):
        find(env, "set_policy")(odds)


@pytest.mark.parametrize("seed", SEEDS)
def test_coach_climbs_praise_of_improvement(seed):
    env = watched(LADDER, COACH, seed)
    settings = {"lr": 2.0, "traces": ((0.0, 0.0),)}
    assert taught(Coach, LinearSoftmax, env, LADDER, seed, 8, **settings) > 0.95


@pytest.mark.parametrize("seed", SEEDS)
def test_deep_coach_climbs_it_with_a_network(seed):
    env = watched(LADDER, COACH, seed)
    assert taught(DeepCoach, ActorCritic, env, LADDER, seed, 8, lr=3e-3) > 0.95


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("learner", "scale"), [(q_learning, 1.0), (reinforce, 0.05)])
def test_the_same_praise_as_a_reward_does_not_lead_there_but_the_reward_does(learner, scale, seed):
    assert share(learner(watched(LADDER, COACH, seed), 1200, seed), LADDER) < 0.9
    # control; for REINFORCE, returns are about twenty times as large as sums of praise
    assert share(learner(rows(LADDER), 6000, seed, scale), LADDER) > 0.95


@pytest.mark.parametrize("seed", SEEDS)
def test_an_advantage_told_as_a_number_is_the_reward_in_another_shape(seed):
    # A = r + V(s') - V(s) where moves are certain: sums of it differ by a constant from returns, so
    # that it is the words "better" and "worse" that lose what a reward learner needs.
    dial = {"kind": "rate", "levels": None, "low": -60.0, "high": 60.0}
    env = watched(LADDER, COACH | {"spread": 1.0}, seed, ask=dial)
    assert share(reinforce(env, 2000, seed, lr=1.2), LADDER) > 0.95  # 60 points are told as 1


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("trainer", "policy", "settings"),
    [(Tamer, linear, {"lr": 1.0}), (DeepTamer, FeedbackModel, {})],
)
def test_tamer_follows_what_was_said_of_a_learner_that_is_gone(trainer, policy, settings, seed):
    praised = watched(LADDER, COACH, seed)
    assert taught(trainer, policy, praised, LADDER, seed, 8, **settings) < 0.9
    # control: somebody who judges actions by the task, whoever acts
    strict = watched(LADDER, STRICT, seed, ask={"kind": "approve"})
    assert taught(trainer, policy, strict, LADDER, seed, 8, **settings) > 0.95


@pytest.mark.parametrize("seed", SEEDS)
def test_coach_finds_out_what_a_late_person_meant(seed):
    settings = {"lr": 1.0, "carry": True}
    late = watched(LADDER, COACH, seed, delay=[1, 3])
    credit = {"delay": 1, "traces": ((0.0, 0.6),)}
    assert taught(Coach, LinearSoftmax, late, LADDER, seed, 14, **credit, **settings) > 0.95
    late = watched(LADDER, COACH, seed, delay=[1, 3])
    without = {"delay": 0, "traces": ((0.0, 0.0),)}
    assert taught(Coach, LinearSoftmax, late, LADDER, seed, 14, **without, **settings) < 0.5


@pytest.mark.parametrize("seed", SEEDS)
def test_deep_tamer_finds_out_what_a_late_person_meant(seed):
    # 8000 judgements, each 3 to 5 steps late
    late = watched(STREETS, STRICT, seed, delay=[3, 5], ask={"kind": "approve"})
    settings = {"carry": True}
    found = taught(DeepTamer, FeedbackModel, late, STREETS, seed, 20, delay=[3, 5], **settings)
    assert found > 0.9
    late = watched(STREETS, STRICT, seed, delay=[3, 5], ask={"kind": "approve"})
    assert taught(DeepTamer, FeedbackModel, late, STREETS, seed, 20, delay=0, **settings) < 0.5


@pytest.mark.parametrize("seed", SEEDS)
def test_a_stand_in_goes_on_when_the_person_has_left(seed):
    found = {}
    for name, fit_steps in (("stand-in", 200), ("nobody", 1)):
        person = watched(STREETS, STRICT, seed, delay=2, ask={"kind": "approve"})
        env = VectorStandIn(
            person, budget=1500, delay=2, carry=True, fit_steps=fit_steps, seed=seed
        )
        if name == "nobody":
            env._person.fit = lambda steps: None  # never learns, is never trusted
        settings = {"lr": 2.0, "traces": ((0.0, 0.0),), "delay": 2, "carry": True}
        found[name] = taught(Coach, LinearSoftmax, env, STREETS, seed, 20, **settings)
        assert env.trusted == (name == "stand-in")
    # what 1500 judgements taught is kept, and more than doubled
    assert found["nobody"] > 0.05
    assert found["stand-in"] > 0.75
