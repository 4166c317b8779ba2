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

SETTINGS = {"bradley_terry": {"kind": "vectors", "obs_dim": 2, "action_dim": 3}}


def segments(count, seed=0, steps=5, truth=True):
    rng = np.random.default_rng(seed)
    made = []
    for episode in range(count):
        obs, actions = rng.normal(size=(steps + 1, 2)), rng.integers(0, 3, steps)
        rewards = obs[:-1, 0] if truth else np.full(steps, np.nan)
        ref = SegmentRef("test", episode, 0, steps)
        made.append(Segment(obs, actions, ref, rewards=rewards))
    return made


def buffer(truth_after=True):
    shown = segments(200)
    queries = [Query(tuple(shown[i : i + 2]), Compare(), query_id=i) for i in range(0, 200, 2)]
    answers = feedback.make("oracle").answer(queries)
    if not truth_after:
        hidden = segments(200, truth=False)
        queries = [Query(tuple(hidden[i : i + 2]), Compare(), query_id=i) for i in range(0, 200, 2)]
        answers = [replace(answer, probs=None) for answer in answers]  # exact odds tell returns
    made = FeedbackBuffer(privileged=True)
    made.add(queries, answers)
    return made


def make(name):
    return feedback.model(name, **SETTINGS[name], seed=3)


def predict(model, seed=9):
    batch = pad(segments(6, seed))
    return model.predict(batch.obs[:, :-1], batch.actions)


@pytest.mark.parametrize("name", MODELS)
def test_it_has_the_methods_of_a_reward_model(name):
    assert isinstance(make(name), RewardModel)


@pytest.mark.parametrize("name", MODELS)
def test_before_any_fit_it_predicts_zero(name):
    mean, std = predict(make(name))
    assert mean.shape == std.shape == (6, 5)
    assert not mean.any()
    assert not std.any()


@pytest.mark.parametrize("name", MODELS)
def test_mean_and_std_are_those_of_the_members(name):
    model = make(name)
    model.fit(buffer())
    batch = pad(segments(6, 9))
    members = model.members(batch.obs[:, :-1], batch.actions)
    mean, std = predict(model)
    np.testing.assert_allclose(mean, members.mean(0), atol=1e-6)
    np.testing.assert_allclose(std, members.std(0), atol=1e-6)
    assert std.max() > 0


@pytest.mark.parametrize("name", MODELS)
def test_a_batch_of_one_is_predicted_as_in_a_larger_batch(name):
    model = make(name)
    model.fit(buffer())
    batch = pad(segments(6, 9))
    single = model.predict(batch.obs[2:3, 1:2], batch.actions[2:3, 1:2])[0]
    np.testing.assert_allclose(single[0, 0], predict(model)[0][2, 1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_the_fit_never_reads_the_truth(name):
    seeing, blind = make(name), make(name)
    seeing.fit(buffer())
    blind.fit(buffer(truth_after=False))
    np.testing.assert_array_equal(predict(seeing)[0], predict(blind)[0])


@pytest.mark.parametrize("name", MODELS)
def test_a_restored_model_predicts_and_goes_on_bit_equal(name, tmp_path):
    model, again = make(name), feedback.model(name, **SETTINGS[name], seed=77)
    model.fit(buffer())
    save(tmp_path, model.get_state())
    again.set_state(load(tmp_path))
    np.testing.assert_array_equal(predict(model)[0], predict(again)[0])
    model.fit(buffer())
    again.fit(buffer())
    np.testing.assert_array_equal(predict(model)[0], predict(again)[0])


@pytest.mark.parametrize("name", MODELS)
def test_the_streams_of_the_process_are_neither_used_nor_moved(name):
    quiet, loud = make(name), make(name)
    quiet.fit(buffer())
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()
    loud.fit(buffer())
    assert torch.equal(torch.get_rng_state(), before[0])
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])
    assert random.getstate() == before[2]
    np.testing.assert_array_equal(predict(quiet)[0], predict(loud)[0])
