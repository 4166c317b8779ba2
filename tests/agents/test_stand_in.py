import gymnasium as gym
import numpy as np
import pytest

from plaudit.agents.stand_in import VectorStandIn
from plaudit.envs.evaluate import make_rows
from plaudit.feedback.wrappers import VectorRecordSegments, VectorScalarFeedback
from tests.agents.watched_worlds.toys import Scripted

QUICK = {"fit_every": 20, "fit_steps": 100, "hidden": (16,), "lr": 1e-2}


class Liking(Scripted):
    """Praises action 1 and blames action 0, some steps later; in the last step of all, nobody."""

    late = 0
    quiet_from = 10**9

    def step(self, actions):
        self.done = [*getattr(self, "done", []), np.array(actions)]
        about = len(self.done) - 1 - self.late
        said = np.full(self.num_envs, np.nan) if about < 0 else 2.0 * self.done[about] - 1.0
        self.script[:] = np.nan if self.played >= self.quiet_from else said
        return super().step(actions)


def played(env, steps, seed=0):
    """Random actions, what was paid and the infos, (steps, N)."""
    rng = np.random.default_rng(seed)
    env.reset(seed=0)
    actions = rng.integers(2, size=(steps, env.num_envs))
    results = [env.step(action) for action in actions]
    return actions, np.array([r[1] for r in results]), [r[4] for r in results]


def test_after_the_budget_it_says_what_the_person_would_say():
    env = VectorStandIn(Liking([0.0], rows=2, horizon=50), budget=60, **QUICK)
    actions, paid, infos = played(env, 100)
    assert env.trusted
    assert env.given == 60
    np.testing.assert_array_equal(paid[:30], 2.0 * actions[:30] - 1)  # the person
    np.testing.assert_allclose(paid[30:], 2.0 * actions[30:] - 1, atol=0.4)
    assert not (paid[30:] == 2.0 * actions[30:] - 1).all()
    assert [bool(info["stand_in"].all()) for info in infos] == [False] * 30 + [True] * 70
    assert all((info["feedback_count"] == 1).all() for info in infos)


def test_it_speaks_as_late_as_the_person_did():
    world = Liking([0.0], horizon=50)
    world.late = 2
    env = VectorStandIn(world, budget=80, delay=2, carry=True, **QUICK)
    actions, paid, _ = played(env, 150)
    np.testing.assert_allclose(paid[90:, 0], 2.0 * actions[88:148, 0] - 1, atol=0.4)


def test_nobody_it_cannot_predict_is_stood_in_for():
    rng = np.random.default_rng(1)
    world = Scripted(rng.choice([-1.0, 1.0], size=(400, 1)), horizon=50)
    env = VectorStandIn(world, budget=200, **QUICK)
    _, paid, infos = played(env, 300)
    assert env.error > env.baseline
    assert not env.trusted
    assert (paid[200:] == 0).all()
    assert not any(info["stand_in"].any() for info in infos)


@pytest.mark.parametrize("fills_in", [False, True])
def test_it_fills_in_where_the_person_is_silent_if_asked_to(fills_in):
    world = Liking([0.0], horizon=50)
    world.quiet_from = 60
    env = VectorStandIn(world, budget=1000, fills_in=fills_in, **QUICK)
    _, paid, infos = played(env, 80)
    assert env.trusted
    assert (paid[60:] != 0).all() == fills_in
    assert bool(infos[-1]["stand_in"].all()) == fills_in


def test_a_chain_of_wrappers_is_saved_with_it():
    def chain():
        world = make_rows("plaudit/TokenNgram-v0", 4, "SameStep", vocab=2, max_new=6)
        env = VectorScalarFeedback(VectorRecordSegments(world, 1), "noisy_person", delay=1)
        return VectorStandIn(env, budget=60, delay=[1, 2], **QUICK)

    whole, second = chain(), chain()
    played(whole, 25)
    second.set_state(whole.get_state())
    assert second.given == whole.given
    for env in (whole, second):
        env.action_space.seed(3)
    for _ in range(20):
        steps = [env.step(env.action_space.sample()) for env in (whole, second)]
        np.testing.assert_array_equal(steps[0][1], steps[1][1])
        np.testing.assert_array_equal(steps[0][4]["stand_in"], steps[1][4]["stand_in"])


def test_its_spec_makes_it_again():
    world = gym.make_vec("plaudit/TokenNgram-v0", 4)
    env = VectorStandIn(VectorScalarFeedback(VectorRecordSegments(world, 1)), budget=7)
    again = gym.make_vec(env.spec)
    assert type(again) is VectorStandIn
    assert again._budget == 7


@pytest.mark.parametrize("name", ["budget", "fit_every", "fit_steps", "held_every"])
def test_numbers_out_of_range_are_refused(name):
    with pytest.raises(ValueError, match=f"{name} must be an integer of at least"):
        VectorStandIn(Scripted([0.0]), **{name: 0})
