import gymnasium as gym
import torch

from plaudit.agents.policies.linear_softmax import LinearSoftmax
from plaudit.agents.trainers.reference import Reference


def policy():
    return LinearSoftmax(gym.spaces.Discrete(3), gym.spaces.Discrete(2))


def test_a_copy_is_saved_and_stays_where_the_policy_was():
    trained = policy()
    kept, other = Reference(trained), Reference(policy())
    with torch.no_grad():
        for p in trained.parameters():
            p += 1.0
    for p in other.policy.parameters():
        p.data += 2.0
    other.set_state(kept.get_state())
    for p in chain_of(kept, other):
        assert not p.any()
        assert not p.requires_grad


def chain_of(*references):
    return [p for one in references for p in one.policy.parameters()]


def test_a_given_one_is_its_owners():
    given = policy()
    reference = Reference(policy(), given)
    assert reference.policy is given
    assert reference.get_state() == {"parameters": []}


def test_where_none_is_needed_there_is_none():
    assert Reference(policy(), needed=False).policy is None
