import gymnasium as gym
import numpy as np
import pytest

from plaudit.feedback.wrappers import (
    HideReward,
    LearnedReward,
    RecordSegments,
    VectorHideReward,
    VectorLearnedReward,
    VectorRecordSegments,
)

TELLTALE = ("reward_components", "success", "outcome", "held_out", "true_reward", "eval")
WORLDS = {"plaudit/TokenNgram-v0": {"max_new": 3}, "plaudit/Sentiment-v0": {"max_bytes": 3}}
every_world = pytest.mark.parametrize("world_id", WORLDS)


def keys(info):
    """Every key at any depth, without the underscore of masks."""
    for key, value in info.items():
        yield key.removeprefix("_")
        if isinstance(value, dict):
            yield from keys(value)


@every_world
def test_nothing_tells_the_truth(world_id):
    env = HideReward(gym.make(world_id, **WORLDS[world_id]))
    steps = [(0.0, env.reset(seed=0)[1])]
    for action in (1, 2, 0):
        _, reward, _, _, info = env.step(action)
        steps.append((reward, info))
    for reward, info in steps:
        assert reward == 0.0
        assert not set(keys(info)) & set(TELLTALE)


@every_world
@pytest.mark.parametrize("mode", ["SameStep", "NextStep", "Disabled"])
def test_nothing_tells_the_truth_of_vectors_nor_in_final_infos(world_id, mode):
    venv = gym.make_vec(world_id, 2, autoreset_mode=mode, **WORLDS[world_id])
    env = VectorHideReward(venv)
    found = [keys(env.reset(seed=0)[1])]
    for _ in range(4):
        _, reward, _, _, info = env.step(np.array([1, 0]))
        assert reward.tolist() == [0.0, 0.0]
        found.append(list(keys(info)))
    assert not {key for step in found for key in step} & set(TELLTALE)
    assert any("final_info" in step for step in found) == (mode == "SameStep")


def single(**settings):
    return HideReward(RecordSegments(gym.make("plaudit/TokenNgram-v0", max_new=3)), **settings)


def vector(**settings):
    venv = gym.make_vec("plaudit/TokenNgram-v0", 2, max_new=3)
    return VectorHideReward(VectorRecordSegments(venv), **settings)


@pytest.mark.parametrize("make", [single, vector])
def test_what_would_tell_it_indirectly_is_refused(make):
    env = make()
    env.reset(seed=0)
    with pytest.raises(PermissionError, match=r"oracle would tell .* privileged_simulator=True"):
        env.oracle()
    with pytest.raises(PermissionError, match=r"render would tell .* privileged_simulator=True"):
        env.render()
    with pytest.raises(PermissionError, match=r"get_state would tell .* privileged_simulator=True"):
        env.get_state()
    with pytest.raises(PermissionError, match=r"set_state would tell .* privileged_simulator=True"):
        env.set_state(env.env.get_state())


@pytest.mark.parametrize("make", [single, vector])
def test_a_declared_privilege_allows_it(make):
    env = make(privileged_simulator=True)
    env.reset(seed=0)
    assert env.oracle().kind == "exact"
    assert env.render()
    assert env.oracle(beta=0.5).value < env.oracle().value
    env.set_state(env.get_state())


def test_a_checkpoint_around_it_needs_the_privilege_when_it_is_written():
    # Not only when it is read: a run that could not be resumed fails at its first checkpoint.
    model = {"name": "bradley_terry", "width": 8}
    with pytest.raises(PermissionError, match="get_state would tell"):
        VectorLearnedReward(vector(), model=model).get_state()
    env = VectorLearnedReward(vector(privileged_simulator=True), model=model)
    env.reset(seed=0)
    env.set_state(env.get_state())


@pytest.mark.parametrize(
    ("make", "learned"), [(single, LearnedReward), (vector, VectorLearnedReward)]
)
def test_a_learned_reward_around_it_shows_no_truth_either(make, learned):
    model = {"name": "bradley_terry", "width": 8, "epochs": 1}
    env = learned(make(), "oracle", model, labels=4, labels_per_round=4, segments_per_round=4)
    infos = [env.reset(seed=0)[1]]
    for t in range(14):
        if t % 3 == 0:
            env.reset()
        infos.append(env.step(np.array([t % 2, 3]) if learned is VectorLearnedReward else t)[-1])
    assert env.loop.asked == 4  # the teacher still sees the truth
    assert not {key for info in infos for key in keys(info)} & set(TELLTALE)


def test_a_teacher_outside_can_still_be_shown_the_truth():
    plain, env = gym.make("CartPole-v1"), HideReward(gym.make("CartPole-v1"))
    for one in (plain, env):
        one.reset(seed=0)
    assert plain.step(0)[1] == 1.0
    assert (env.step(0)[1], env.truth) == (0.0, 1.0)
