import numpy as np
import pytest
import torch

from plaudit.agents.policies.ngram import NgramPolicy
from plaudit.agents.rollout.retries import collect_retries, distinct_answers
from plaudit.envs.evaluate import make_rows

ODDS = [0.6, 0.3, 0.1]


def policy():
    return NgramPolicy(np.log([ODDS]), order=1, pad_id=3)


def drawn(n, rows=4000, max_new=1):
    nothing = torch.zeros((rows, 0), dtype=torch.int64)
    rng = torch.Generator().manual_seed(0)
    return distinct_answers(policy(), nothing, nothing.bool(), n=n, max_new=max_new, rng=rng)


def test_the_second_answer_is_drawn_from_what_is_left():
    given = drawn(2)[:, :, 0]
    first, second = given[:, 0], given[:, 1]
    assert (first != second).all()
    assert abs(float((first == 0).float().mean()) - 0.6) < 4 * 0.008  # sd (0.6 x 0.4 / 4000)^.5
    # After 0 the answer 1 has odds 0.3 / 0.4.
    after = second[first == 0]
    assert abs(float((after == 1).float().mean()) - 0.75) < 4 * 0.009


def test_all_answers_are_given_before_one_comes_again():
    assert (drawn(3).sort(1).values[:, :, 0] == torch.tensor([0, 1, 2])).all()
    assert drawn(4, rows=3).shape == (3, 4, 1)


def test_answers_of_several_tokens_differ_as_wholes():
    given = drawn(9, rows=5, max_new=2)  # 3 x 3 answers
    numbers = (3 * given[..., 0] + given[..., 1]).sort(1).values
    assert (numbers == torch.arange(9)).all()


def test_nothing_stands_behind_the_end():
    ending = NgramPolicy(np.log([ODDS]), order=1, pad_id=3, eos_id=0)
    nothing = torch.zeros((8, 0), dtype=torch.int64)
    rng = torch.Generator().manual_seed(0)
    given = distinct_answers(ending, nothing, nothing.bool(), n=5, max_new=2, rng=rng)
    # The end at once, or 1 or 2 and any token: 7 answers.
    assert all(len({tuple(answer) for answer in row}) == 5 for row in given.tolist())
    assert (given[given[..., 0] == 0][:, 1] == 3).all()


def test_each_answer_is_paid_alone():
    env = make_rows("plaudit/TokenChecklist-v0", 16, vocab=3, max_new=3, constraints=1)
    size, spec = env.token_spec.vocab_size, env.token_spec
    uniform = NgramPolicy(
        np.full((1, size), -np.log(size)), order=1, pad_id=spec.pad_id, eos_id=spec.eos_id
    )
    rng = torch.Generator().manual_seed(0)
    paid = collect_retries(uniform, env, seeds=range(16), n=3, rng=rng)
    assert paid.shape == (16, 3)
    assert set(paid.flatten().tolist()) == {0.0, 1.0}


def test_what_is_refused():
    with pytest.raises(ValueError, match="n must be at least 1 answer per prompt, got 0"):
        drawn(0)
    env = make_rows("plaudit/TokenChecklist-v0", 2, vocab=3, max_new=3, attempts=2)
    size, spec = env.token_spec.vocab_size, env.token_spec
    uniform = NgramPolicy(
        np.full((1, size), -np.log(size)), order=1, pad_id=spec.pad_id, eos_id=spec.eos_id
    )
    with pytest.raises(ValueError, match="expected one turn, got 2"):
        collect_retries(uniform, env, seeds=range(2), n=2, rng=torch.Generator())
