from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest

import plaudit  # noqa: F401  registers the worlds
from plaudit.feedback.teachers.utilities import Verifier
from tests.contracts.teacher_cases.case import segment
from tests.contracts.teacher_cases.criteria import CHECKLIST_WORLD, MATH_WORLD, played

STEP, EQUALS, IDK, END = 104, 105, 106, 109  # of TokenMath with bound 100


def test_a_program_reads_the_segment_or_its_text():
    seen = segment(0.0, 0.0, text="ok")
    assert Verifier(lambda seen: len(seen) == 2).segment(seen) == 1
    assert Verifier("tests.feedback.teachers.utilities.test_verifier:ok", reads="text").segment(
        seen
    ) == pytest.approx(0.75)
    assert Verifier(lambda text: text == "no", reads="text").items(seen).tolist() == [0.0]


def ok(text):
    return 0.75 * (text == "ok")


def test_a_program_may_tell_steps_apart():
    seen = segment(0.0, 0.0, 0.0)
    assert Verifier({"name": "chose", "action": 1}).steps(seen).tolist() == [0.0, 0.0, 0.0]
    with pytest.raises(ValueError, match="tells no step from another"):
        Verifier({"name": "lacks", "text": "x"}).steps(segment(0.0, text="ok"))


def test_a_checklist_is_met_constraint_by_constraint():
    # "no letter twice", "l once", "8 letters", "sum leaves 1 by 5", of "l" (= 12, leaves 2)
    word = played(CHECKLIST_WORLD, 11, 12)
    assert Verifier(world=CHECKLIST_WORLD).items(word).tolist() == [1.0, 1.0, 0.0, 0.0]
    assert Verifier(world=CHECKLIST_WORLD, by="process").segment(word) == 0.5
    assert Verifier(world=CHECKLIST_WORLD).segment(word) == 0


def test_the_weights_of_a_checklist_count():
    weights = {"weights": [5.0, 1.0, 1.0, 3.0]}
    word = played(CHECKLIST_WORLD, 11, 12, **{"weights": (5.0, 1.0, 1.0, 3.0)})
    verifier = Verifier(world=CHECKLIST_WORLD, settings=weights, by="process")
    assert verifier.segment(word) == pytest.approx(0.6)  # (5 + 1) / 10


def test_steps_are_worth_by_how_much_they_change_the_verdict():
    # "l" meets two of four; "la" too (12 + 1 leaves 3); "laa" repeats a letter
    word = played(CHECKLIST_WORLD, 11, 0, 0)
    steps = Verifier(world=CHECKLIST_WORLD, by="process").steps(word)
    np.testing.assert_allclose(steps, [0.5, 0.0, -0.25])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("world", "settings"),
    [(CHECKLIST_WORLD, {}), (MATH_WORLD, {"unanswerable": 0.0, "task": "countdown"})],
)
def test_what_the_oracle_writes_is_right_in_full(world, settings, seed):
    env = gym.make(world, **settings).unwrapped
    env.reset(seed=seed)
    states, over, info = [env.get_state()], False, {}
    while not over:
        _, _, over, _, info = env.step(env.oracle().act(env.get_state()))
        states.append(env.get_state())
    seen = replace(segment(*[0.0] * (len(states) - 1)), states=tuple(states))
    assert info["success"]
    for by in ("outcome", "process"):
        assert Verifier(world=world, settings=settings, by=by).segment(seen) == 1


@pytest.mark.parametrize(
    ("text", "outcome", "process"),
    [
        ((35, STEP, 70, STEP, EQUALS, 78, END), 1, 1),  # 7 * 5 = 35, * 2 = 70, + 8 = 78
        ((35, STEP, 1, STEP, EQUALS, 78, END), 1, 1 / 2),  # right after a wrong step
        ((35, STEP, 70, STEP, EQUALS, 8, END), 0, 1),
        ((EQUALS, 78, END), 1, 0),
        ((IDK, END), 0, 0),  # although there is an answer
    ],
)
def test_chains_are_right_by_their_answer_or_by_their_steps(text, outcome, process):
    seen = played(MATH_WORLD, *text)
    assert Verifier(world=MATH_WORLD).segment(seen) == outcome
    assert Verifier(world=MATH_WORLD, by="process").segment(seen) == process


def test_each_right_step_of_a_chain_is_worth_its_share_when_it_is_written():
    seen = played(MATH_WORLD, 35, STEP, 70, STEP, EQUALS, 78, END)
    process = Verifier(world=MATH_WORLD, by="process").steps(seen)
    assert process.tolist() == [0, 0.5, 0, 0.5, 0, 0, 0]
    assert Verifier(world=MATH_WORLD).steps(seen).tolist() == [0, 0, 0, 0, 0, 1, 0]
    assert Verifier(world=MATH_WORLD).items(seen).tolist() == [1, 1]


def test_to_refuse_what_has_no_answer_is_right():
    settings = {"unanswerable": 1.0}
    refuses = Verifier(world=MATH_WORLD, settings=settings)
    assert refuses.segment(played(MATH_WORLD, IDK, END, **settings)) == 1
    assert refuses.segment(played(MATH_WORLD, EQUALS, 1, END, **settings)) == 0


def test_states_of_another_world_are_refused():
    seen = played(MATH_WORLD, IDK, END)
    with pytest.raises(ValueError, match="expected a state of TokenMath"):
        Verifier(world=MATH_WORLD, settings={"steps": 4}).segment(seen)
    with pytest.raises(ValueError, match="Verifier needs the states of the world"):
        Verifier(world=MATH_WORLD).segment(seen.view())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "give program or world, one of them"),
        ({"program": "words", "world": MATH_WORLD}, "give program or world, one of them"),
        ({"world": "plaudit/TokenNgram-v0"}, "has no verifier; .* TokenChecklist, TokenMath"),
        ({"world": MATH_WORLD, "by": "steps"}, "unknown by 'steps'"),
        ({"program": "words", "reads": "txt"}, "unknown reads 'txt'; did you mean 'text'"),
    ],
)
def test_settings_that_verify_nothing_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Verifier(**settings)
