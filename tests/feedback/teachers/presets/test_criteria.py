import json
import math
from dataclasses import replace

import numpy as np
import pytest

from plaudit.feedback.asks import Approve, Check, Compare, Rate
from plaudit.feedback.criteria import PLAIN_TEXT
from plaudit.feedback.teachers.presets import criteria
from plaudit.feedback.types import Query
from tests.contracts.teacher_cases.case import segment
from tests.contracts.teacher_cases.criteria import CASES

GOOD = segment(text="It opens now. I oiled it.")  # all four of PLAIN_TEXT
POOR = segment(text="open open open")  # says something, at most 100 words: 2 of 4


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def asked(teacher, ask, *segments):
    return teacher.probs(Query(segments, ask))


def test_a_rubric_is_boltzmann_in_its_score():
    # 1 - 2/4 = .5 apart: sigmoid(.5 beta)
    assert asked(criteria.rubric(beta=2.0), Compare(), GOOD, POOR)[0] == pytest.approx(sigmoid(1))
    # approved above .5; rated .2 apart: the poor one lies between .4 and .6
    assert asked(criteria.rubric(beta=2.0), Approve(), POOR)[1] == pytest.approx(0.5)
    levels = asked(criteria.rubric(beta=2.0), Rate(5), POOR)
    assert levels[2] == pytest.approx(sigmoid(0.2) - sigmoid(-0.2))


def test_an_agreement_is_calibrated_on_the_first_batch():
    teacher = criteria.rubric(agreement=0.9)
    teacher.answer([Query((GOOD, POOR), Compare(), query_id=i) for i in range(50)])
    assert asked(teacher, Compare(), GOOD, POOR)[0] == pytest.approx(0.9)
    with pytest.raises(ValueError, match="give beta or agreement, not both"):
        criteria.rubric(beta=1.0, agreement=0.9)


def test_a_checklist_is_answered_rightly_as_often_as_stated():
    ask = Check(tuple(PLAIN_TEXT))
    odds = criteria.checklist(accuracy=0.9).odds(Query((POOR,), ask))
    said_yes = [part[1] for part in odds.parts]
    # variety is 1/3: sigmoid(2 logit(.9) (0 - .5)) = .1, as it counts only whether it reaches .5
    np.testing.assert_allclose(said_yes, [0.9, 0.9, 0.1, 0.1])
    sure = criteria.checklist(accuracy=1.0).odds(Query((POOR,), ask))
    assert [part[1] for part in sure.parts] == [1.0, 1.0, 0.0, 0.0]


def test_a_constitution_votes():
    shorter, varied = {"name": "less", "of": "words"}, "variety"
    teacher = criteria.constitution([shorter, varied], weights=[1.0, 3.0], beta=0.5)
    # GOOD has 6 words to 3 and variety 5/6 to 1/3: -1 + 3 = 2 votes
    assert asked(teacher, Compare(), GOOD, POOR)[0] == pytest.approx(sigmoid(1))


def test_votes_are_calibrated_within_each_query_only():
    # "wait" is shorter than POOR and more varied: 1 + 2 votes; GOOD is longer: -1 + 2.
    # So (sigmoid(3 beta) + sigmoid(beta)) / 2 = .8, where pairs of all four would give more.
    third = segment(text="wait")
    one = Query((third, POOR), Compare()), Query((GOOD, POOR), Compare())
    shorter = {"name": "less", "of": "words"}
    teacher = criteria.constitution([shorter, "variety"], [1.0, 2.0], agreement=0.8)
    teacher.answer([*one] * 25)
    votes = [teacher.probs(query)[0] for query in one]
    assert np.mean(votes) == pytest.approx(0.8)
    assert teacher.choice.beta == pytest.approx(np.log(votes[1] / (1 - votes[1])))


def test_a_verifier_is_certain_but_for_mistakes():
    program = {"name": "contains", "text": "oil"}
    assert asked(criteria.verifier(program), Approve(), GOOD).tolist() == [0, 1, 0]
    wrong = criteria.verifier(program, mistake=0.25)
    np.testing.assert_allclose(asked(wrong, Approve(), GOOD), [0.25, 0.75, 0])
    assert asked(criteria.verifier(program), Rate(5), POOR).tolist() == [1, 0, 0, 0, 0, 0]
    of_text = criteria.verifier("builtins:len", reads="text")
    assert asked(of_text, Approve(), segment(text="x")).tolist() == [0, 1, 0]


def test_intransitive_preferences_go_in_a_circle():
    beats = [[0.5, 0.9, 0.2], [0.1, 0.5, 0.7], [0.8, 0.3, 0.5]]
    one, two, three = (replace(segment(0.0), actions=np.array([i])) for i in range(3))
    teacher = criteria.intransitive(beats)
    circle = [(one, two), (two, three), (three, one)]
    wins = [asked(teacher, Compare(), *pair)[0] for pair in circle]
    np.testing.assert_allclose(wins, [0.9, 0.7, 0.8])
    with pytest.raises(ValueError, match="give matrix or world, one of them"):
        criteria.intransitive()


def test_none_of_them_sees_the_true_rewards():
    for pay in (0.0, 100.0):
        rich = segment(pay, text="It opens now. I oiled it.")
        plain = segment(0.0, text="It opens now. I oiled it.")
        for teacher in (criteria.rubric(), criteria.constitution(), criteria.checklist()):
            assert teacher.lens(rich).rewards is None
        assert asked(criteria.rubric(), Compare(), rich, plain)[0] == pytest.approx(0.5)


@pytest.mark.parametrize("settings", [case.settings for case in CASES])
def test_settings_are_json(settings):
    assert json.loads(json.dumps(settings)) == settings
