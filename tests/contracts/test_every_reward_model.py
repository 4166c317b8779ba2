"""What every registered reward model promises."""

import random
from dataclasses import replace

import numpy as np
import pytest
import torch

from plaudit import feedback
from plaudit.feedback.asks import Compare
from plaudit.feedback.models.base import RewardModel
from plaudit.feedback.registry import MODELS
from plaudit.feedback.snapshot import load, save
from plaudit.feedback.store import FeedbackBuffer
from plaudit.feedback.types import Query, Segment, SegmentRef, pad

SMALL_WORLD = {
    "transitions": np.full((4, 3, 4), 0.25).tolist(),
    "rewards": np.zeros((4, 3)).tolist(),
    "start": [1.0, 0.0, 0.0, 0.0],
    "horizon": 5,
}
"""Four states and three actions, as `segments` below shows them: the state, and the steps left."""

SETTINGS = {
    "attention": {"vocab_size": 3, "layers": 1, "width": 8, "members": 2, "epochs": 1},
    "bradley_terry": {"kind": "vectors", "obs_dim": 2, "action_dim": 3},
    "linear": {"features": {"name": "numbers", "actions_n": 3}},
    "pessimistic": {"of": "linear", "features": {"name": "numbers", "actions_n": 3}},
    "regret_linear": {
        "world": "plaudit/Tabular-v0",
        "settings": SMALL_WORLD,
        "features": {"name": "numbers", "actions_n": 3},
    },
}


def segments(name, count, seed=0, steps=5, truth=True):
    rng = np.random.default_rng(seed)
    made = []
    for episode in range(count):
        actions = rng.integers(0, 3, steps)
        left = np.arange(steps, -1, -1)
        obs = np.stack([rng.integers(0, 4, steps + 1), left], 1).astype(np.float64)
        worth = obs[:-1, 0]
        if name == "attention":  # windows of the tokens so far, filled with 3
            line = np.concatenate([np.full(steps, 3), actions])
            obs = np.stack([line[t : t + steps] for t in range(steps + 1)])
            worth = actions.astype(np.float64)
        rewards = worth if truth else np.full(steps, np.nan)
        ref = SegmentRef("test", episode, 0, steps)
        made.append(Segment(obs, actions, ref, rewards=rewards))
    return made


def buffer(name, truth_after=True):
    shown = segments(name, 200)
    queries = [Query(tuple(shown[i : i + 2]), Compare(), query_id=i) for i in range(0, 200, 2)]
    answers = feedback.make("oracle").answer(queries)
    if not truth_after:
        hidden = segments(name, 200, truth=False)
        queries = [Query(tuple(hidden[i : i + 2]), Compare(), query_id=i) for i in range(0, 200, 2)]
        answers = [replace(answer, probs=None) for answer in answers]  # exact odds tell returns
    made = FeedbackBuffer(privileged=True)
    made.add(queries, answers)
    return made


def make(name):
    return feedback.model(name, **SETTINGS[name], seed=3)


def predict(name, model, seed=9):
    batch = pad(segments(name, 6, seed))
    return model.predict(batch.obs[:, :-1], batch.actions)


@pytest.mark.parametrize("name", MODELS)
def test_it_has_the_methods_of_a_reward_model(name):
    assert isinstance(make(name), RewardModel)


@pytest.mark.parametrize("name", MODELS)
def test_before_any_fit_it_predicts_zero(name):
    mean, std = predict(name, make(name))
    assert mean.shape == std.shape == (6, 5)
    assert not mean.any()
    assert not std.any()


@pytest.mark.parametrize("name", MODELS)
def test_mean_and_std_are_those_of_the_members(name):
    model = make(name)
    model.fit(buffer(name))
    batch = pad(segments(name, 6, 9))
    members = model.members(batch.obs[:, :-1], batch.actions)
    mean, std = predict(name, model)
    np.testing.assert_allclose(mean, members.mean(0), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(std, members.std(0), rtol=1e-5, atol=1e-5)
    assert std.max() > 0


@pytest.mark.parametrize("name", MODELS)
def test_a_batch_of_one_is_predicted_as_in_a_larger_batch(name):
    model = make(name)
    model.fit(buffer(name))
    batch = pad(segments(name, 6, 9))
    single = model.predict(batch.obs[2:3, 1:2], batch.actions[2:3, 1:2])[0]
    np.testing.assert_allclose(single[0, 0], predict(name, model)[0][2, 1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_the_fit_never_reads_the_truth(name):
    seeing, blind = make(name), make(name)
    seeing.fit(buffer(name))
    blind.fit(buffer(name, truth_after=False))
    np.testing.assert_array_equal(predict(name, seeing)[0], predict(name, blind)[0])


@pytest.mark.parametrize("name", MODELS)
def test_a_restored_model_predicts_and_goes_on_bit_equal(name, tmp_path):
    model, again = make(name), feedback.model(name, **SETTINGS[name], seed=77)
    model.fit(buffer(name))
    save(tmp_path, model.get_state())
    again.set_state(load(tmp_path))
    np.testing.assert_array_equal(predict(name, model)[0], predict(name, again)[0])
    model.fit(buffer(name))
    again.fit(buffer(name))
    np.testing.assert_array_equal(predict(name, model)[0], predict(name, again)[0])


@pytest.mark.parametrize("name", MODELS)
def test_the_streams_of_the_process_are_neither_used_nor_moved(name):
    quiet, loud = make(name), make(name)
    quiet.fit(buffer(name))
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()
    loud.fit(buffer(name))
    assert torch.equal(torch.get_rng_state(), before[0])
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])
    assert random.getstate() == before[2]
    np.testing.assert_array_equal(predict(name, quiet)[0], predict(name, loud)[0])
