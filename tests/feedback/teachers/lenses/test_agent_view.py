from dataclasses import replace

import pytest

from plaudit.feedback.teachers.lenses import AgentView
from tests.contracts.teacher_cases.case import segment

OTHER = replace(segment(3.0, 4.0, text="theirs"), states=({}, {}, {}))
SEEN = replace(segment(1.0, 2.0, text="mine"), others={"player_1": OTHER})


def test_the_other_agents_eyes_and_pay():
    seen = AgentView("player_1")(SEEN)
    assert (seen.text, seen.rewards.tolist()) == ("theirs", [3.0, 4.0])
    assert seen.obs is OTHER.obs
    assert seen.states is None
    assert AgentView("player_1", rewards=False)(SEEN).rewards is None


@pytest.mark.parametrize(
    ("agent", "seen", "message"),
    [
        ("player_2", SEEN, "what 'player_2' saw; did you mean 'player_1'"),
        ("player_1", SEEN.view(), "does not show what 'player_1' saw"),
        ("player_1", replace(SEEN, others={"player_1": OTHER.view()}), "what 'player_1' was paid"),
    ],
)
def test_an_agent_that_is_not_shown_is_refused(agent, seen, message):
    with pytest.raises(ValueError, match=message):
        AgentView(agent)(seen)
