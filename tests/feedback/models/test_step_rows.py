import numpy as np
import pytest
import torch

from plaudit import feedback
from plaudit.feedback.asks import Compare, Rate
from plaudit.feedback.models.maximum_likelihood import Likelihood
from plaudit.feedback.models.step_rows import Answers
from plaudit.feedback.store import FeedbackBuffer
from plaudit.feedback.types import Feedback, Query, Segment, SegmentRef

ROWS = torch.zeros(1, 2, 1, dtype=torch.int64)
THERE = torch.ones(1, 2, 1, dtype=torch.bool)


def cost(first, second, answer, **thought):
    told = {name: torch.tensor([value]) for name, value in thought.items()}
    answers = Answers(Compare(), ROWS, THERE, torch.tensor([answer]), **told)
    return answers.nats(Likelihood().nats, torch.tensor([[[first, second]]])).item()


def softplus(x):
    return np.log1p(np.exp(x))


def test_a_doubtful_answer_counts_as_both():
    assert cost(2.0, 0.5, 0) == pytest.approx(softplus(-1.5))
    assert cost(2.0, 0.5, 0, doubt=0.25) == pytest.approx(
        0.75 * softplus(-1.5) + 0.25 * softplus(1.5)
    )
    assert cost(2.0, 0.5, 0, doubt=1.0) == pytest.approx(cost(2.0, 0.5, 1))


def test_what_is_preferred_has_to_win_by_the_margin():
    assert cost(2.0, 0.5, 0, margin=1.0) == pytest.approx(softplus(-0.5))
    assert cost(2.0, 0.5, 1, margin=1.0) == pytest.approx(softplus(2.5))


def test_thoughts_go_along_with_rows():
    both = torch.tensor([0.1, 0.9])
    answers = Answers(Compare(), ROWS.repeat(2, 1, 1), THERE.repeat(2, 1, 1), both.long(), both)
    assert answers.rows(torch.tensor([1])).doubt.tolist() == pytest.approx([0.9])


def tokens(ask, answer):
    made = [
        Segment(np.full((2, 1), i), np.array([i]), SegmentRef("t", i, 0, 1))
        for i in range(ask.segments)
    ]
    buffer = FeedbackBuffer()
    buffer.add([Query(tuple(made), ask)], [Feedback(0, "a", answer)])
    return buffer


@pytest.mark.parametrize(
    ("ask", "thought", "match"),
    [
        (Rate(), {"doubt": np.zeros(1)}, "comparisons without ties"),
        (Compare(), {"margin": np.zeros(2)}, r"margin must be \(1,\), one per answer"),
        (Compare(), {"doubt": np.full(1, 1.5)}, r"doubt must be in \[0, 1\]"),
    ],
)
def test_thoughts_that_do_not_go_with_the_answers_are_refused(ask, thought, match):
    with pytest.raises(ValueError, match=match):
        feedback.model("bradley_terry", vocab_size=4).fit(tokens(ask, 0), **thought)


def test_a_doubted_answer_is_learned_the_other_way_round():
    model = feedback.model("bradley_terry", vocab_size=4, holdout=0.0, epochs=40)
    model.fit(tokens(Compare(), 0), doubt=np.ones(1))
    rewards = model.predict(np.array([[[0]], [[1]]]), np.array([[0], [1]]))[0][:, 0]
    assert rewards[1] > rewards[0]
