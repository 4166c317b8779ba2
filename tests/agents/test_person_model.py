import gymnasium as gym
import numpy as np
import pytest
import torch

from plaudit.agents.person_model import PersonModel

SPACES = (gym.spaces.Discrete(3), gym.spaces.Discrete(2))


def model(**settings):
    settings = {"hidden": (16,), "lr": 1e-2, "keep": 1000, "held_every": 5, "seed": 0} | settings
    return PersonModel(*SPACES, **settings)


def heard(person, said, rows=40, weight=1.0):
    """The person says something of each state and action; one judgement per row."""
    obs, actions = np.arange(rows) % 3, np.arange(rows) // 3 % 2
    numbers = person.read(obs, actions)
    words = torch.tensor([float(said(*pair)) for pair in zip(obs, actions, strict=True)])
    shares = torch.full((1, rows), weight)
    person.add(
        {"numbers": numbers[None], "said": words}, torch.ones(rows, dtype=torch.bool), shares
    )


def test_every_fifth_judgement_is_held_out():
    person = model()
    heard(person, lambda state, action: 1.0, rows=12)
    assert (len(person._held), len(person._learned)) == (3, 9)  # judgements 0, 5 and 10


def test_it_learns_what_is_said_to_what_and_is_then_trusted():
    person = model()
    assert not person.trusted
    heard(person, lambda state, action: 1.0 if state == action else -1.0)
    person.fit(300)
    said = person.predict(person.read(np.array([0, 1, 2]), np.array([0, 0, 0])))
    assert said.tolist() == pytest.approx([1.0, -1.0, -1.0], abs=0.1)
    assert person.trusted
    assert person.error < 0.05


def test_the_baseline_is_the_error_of_the_mean():
    person = model(held_every=2)
    heard(person, lambda state, action: float(action), rows=12)
    person.fit(1)
    # actions 0 0 0 1 1 1 0 0 0 1 1 1: held out are 0 0 1 0 0 1, the mean of the others is 2/3;
    # (4 * (2/3)^2 + 2 * (1/3)^2) / 6 = 1/3
    assert person.baseline == pytest.approx(1 / 3)


def test_whoever_answers_by_a_coin_is_not_trusted():
    rng = np.random.default_rng(0)
    person = model()
    heard(person, lambda state, action: rng.choice([-1.0, 1.0]), rows=200)
    person.fit(300)
    assert not person.trusted


def test_shares_weigh_what_is_learned():
    person = model(hidden=(8,), held_every=2)
    heard(person, lambda state, action: 1.0, rows=20, weight=3.0)
    heard(person, lambda state, action: -1.0, rows=20, weight=1.0)
    person.fit(400)
    # weighted mean (3 * 1 + 1 * -1) / 4
    said = person.predict(person.read(np.arange(3), np.zeros(3, int)))
    assert said.tolist() == pytest.approx([0.5] * 3, abs=0.15)


def test_it_goes_on_from_its_state():
    first, second = model(), model(seed=9)
    heard(first, lambda state, action: float(state))
    first.fit(20)
    second.set_state(first.get_state())
    numbers = first.read(np.arange(3), np.zeros(3, int))
    for person in (first, second):
        person.fit(20)
    assert torch.equal(first.predict(numbers), second.predict(numbers))
    assert (first.error, first.baseline) == (second.error, second.baseline)


def test_actions_may_be_continuous():
    person = PersonModel(
        gym.spaces.Box(-1, 1, (2,)),
        gym.spaces.Box(-1, 1, (3,)),
        hidden=(4,),
        lr=0.1,
        keep=9,
        held_every=2,
        seed=0,
    )
    assert person.predict(person.read(np.zeros((5, 2)), np.ones((5, 3)))).shape == (5,)
