import math
from itertools import pairwise

import numpy as np
import pytest

from plaudit.feedback.asks import Choose, Compare
from plaudit.feedback.teachers.choices import Boltzmann
from plaudit.feedback.teachers.utilities import FollowUp
from plaudit.feedback.teachers.utilities.base import utilities_of
from plaudit.feedback.types import Query
from tests.contracts.teacher_cases.case import segment

# P(next letter | letter); a continuation's first letter follows the text's last one.
NEXT = {"a": {"y": 0.8, "n": 0.2}, "b": {"y": 0.1, "n": 0.9}, "y": {"y": 0.5, "n": 0.5}}
A, B = segment(0.0, text="xa"), segment(0.0, text="yb")


def bigrams(contexts, continuations):
    pairs = zip(contexts, continuations, strict=True)
    return [sum(math.log(NEXT[x][y]) for x, y in pairwise(text[-1] + more)) for text, more in pairs]


def test_praise_less_complaint_in_closed_form():
    # after a: (log .8 + log .8 .5) / 2 - log .2; after b: (log .1 + log .1 .5) / 2 - log .9
    utility = FollowUp(bigrams, positive=("y", "yn"), negative=("n",), between="")
    expected = [math.log(0.8) + math.log(0.5) / 2 - math.log(0.2)]
    expected.append(math.log(0.1) + math.log(0.5) / 2 - math.log(0.9))
    query = Query((A, B), Compare())
    np.testing.assert_allclose(utilities_of(utility, (A, B), query), expected)
    assert utility.segment(B) == pytest.approx(expected[1])


def test_with_one_of_each_the_odds_are_a_likelihood_ratio():
    # exp(r_a - r_b) = (.8 / .2) / (.1 / .9) = 36, so P(a) = 36 / 37
    utility, query = FollowUp(bigrams, ("y",), ("n",), ""), Query((A, B), Compare())
    probs = Boltzmann().odds(query.ask, utilities_of(utility, (A, B), query))[0]
    assert probs[0] == pytest.approx(36 / 37)


def test_a_query_is_one_call_and_no_text_is_scored_again():
    calls = []

    def scorer(contexts, continuations):
        calls.append((contexts, continuations))
        return np.zeros(len(contexts))

    utility, query = FollowUp(scorer, ("y",), ("n",)), Query((A, B), Compare())
    utility.together((A, B), query)
    assert calls == [(["xa\n", "xa\n", "yb\n", "yb\n"], ["y", "n", "y", "n"])]
    utility.together((B, A), query)
    utility.segment(A)
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("scorer", "error", "message"),
    [
        (lambda contexts, more: np.zeros(3), ValueError, r"must say \(4,\) log-probabilities"),
        ("math:pi", TypeError, "scorer 'math:pi' must be callable"),
        ("smollm", KeyError, "unknown scorer 'smollm'"),
    ],
)
def test_what_does_not_score_is_refused(scorer, error, message):
    with pytest.raises(error, match=message):
        FollowUp(scorer, ("y", "yn"), ("n", "nn")).segment(A)


def test_follow_ups_of_both_kinds_are_needed():
    with pytest.raises(ValueError, match="negative must be a list of 1 or more texts"):
        FollowUp(bigrams, negative=())


@pytest.mark.smollm2
@pytest.mark.slow
def test_a_real_model_expects_thanks_after_help_and_not_after_nonsense():
    from plaudit.agents.policies.smollm2 import smollm2

    policy = smollm2()
    turn = "<|im_end|>\n<|im_start|>user\n"
    utility = FollowUp(lambda *texts: scored(policy, *texts), between=turn)
    asked = {
        "How many days are there in a week?": "There are seven days in a week.",
        "Who wrote Hamlet?": "William Shakespeare wrote Hamlet.",
        "What is two plus two?": "Two plus two is four.",
    }
    for question, answer in asked.items():
        start = f"<|im_start|>user\n{question}{turn.replace('user', 'assistant')}"
        said = (answer, "I don't know.", "Bananas bananas yellow the of.")
        texts = tuple(segment(0.0, text=start + one) for one in said)
        worth = utility.together(texts, Query(texts, Choose(3)))
        assert worth.argmax() == 0
    # One at a time as in a batch, so that padding changes nothing.
    alone = FollowUp(utility.scorer, between=turn).segment(texts[1])
    assert alone == pytest.approx(worth[1], abs=1e-3)


def scored(policy, contexts, continuations):
    """Log-probabilities of continuations, all texts in one batch, padded on the right."""
    import torch

    split = [
        [policy.tokenizer(text).input_ids for text in pair]
        for pair in zip(contexts, continuations, strict=True)
    ]
    longest = max(len(before) + len(after) for before, after in split)
    ids = torch.zeros(len(split), longest, dtype=torch.long)
    seen, told = torch.zeros_like(ids), torch.zeros_like(ids)
    for row, (before, after) in enumerate(split):
        end = len(before) + len(after)
        ids[row, :end] = torch.tensor(before + after)
        seen[row, :end] = 1
        told[row, len(before) : end] = 1
    with torch.no_grad():
        logits = policy.model(input_ids=ids, attention_mask=seen).logits
    logp = logits.log_softmax(-1)[:, :-1].gather(-1, ids[:, 1:, None])[..., 0]
    return (logp * told[:, 1:]).sum(1).numpy()
