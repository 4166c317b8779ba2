"""Every registry: its entries resolve, and an unknown name is told the nearest one."""

import pkgutil

import pytest

from plaudit import agents, feedback
from plaudit.agents import registry as agent_names
from plaudit.feedback import registry as feedback_names
from plaudit.feedback.loop import SAMPLERS

REGISTRIES = {
    "teacher": (feedback.make, feedback_names.TEACHERS),
    "reward model": (feedback.model, feedback_names.MODELS),
    "loss": (agents.loss, agent_names.LOSSES),
    "advantage": (agents.advantage, agent_names.ADVANTAGES),
    "shaping": (agents.shaping, agent_names.SHAPINGS),
    "policy": (agents.policy, agent_names.POLICIES),
    "trainer": (lambda name: agents.make(name, None), agent_names.TRAINERS),
}


@pytest.mark.parametrize("kind", REGISTRIES)
def test_an_unknown_name_is_told_the_nearest(kind):
    find, table = REGISTRIES[kind]
    for name in table:
        with pytest.raises(KeyError, match=f"unknown {kind} '{name}x'; did you mean '{name}'"):
            find(f"{name}x")


@pytest.mark.parametrize("table", [*(table for _, table in REGISTRIES.values()), SAMPLERS])
def test_every_entry_stands_for_something_callable(table):
    assert all(callable(pkgutil.resolve_name(entry)) for entry in table.values())
