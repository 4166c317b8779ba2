from itertools import pairwise

import numpy as np
import torch

from plaudit.agents.policies.ngram import NgramPolicy

# V = 2, order 2: the rows are what comes after 0, after 1, and at the beginning.
TABLE = np.log([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])


def prompts(*rows):
    ids = torch.tensor(rows)
    return ids, ids != 2


def test_teacher_forced_log_probabilities_are_those_of_the_table():
    policy = NgramPolicy(TABLE, order=2)
    batch = policy.sample(*prompts([2, 1]), max_new=3, rng=torch.Generator().manual_seed(0))
    path = [1, *batch.tokens[0].tolist()]
    expected = [TABLE[last, token] for last, token in pairwise(path)]
    np.testing.assert_allclose(policy.logp(batch)[0], expected, rtol=1e-6)
    np.testing.assert_allclose(batch.logp[0], expected, rtol=1e-6)


def test_samples_follow_the_table():
    policy = NgramPolicy(TABLE, order=2)
    ids, mask = torch.zeros(20000, 0, dtype=torch.int64), torch.zeros(20000, 0, dtype=torch.bool)
    tokens = policy.sample(ids, mask, max_new=2, rng=torch.Generator().manual_seed(0)).tokens
    shares = torch.bincount(tokens[:, 0] * 2 + tokens[:, 1], minlength=4) / 20000
    # 0.5 * 0.9, 0.5 * 0.1, 0.5 * 0.2, 0.5 * 0.8; standard error at most 0.0035
    np.testing.assert_allclose(shares, [0.45, 0.05, 0.1, 0.4], atol=0.014)


def test_entropy_is_that_of_the_row():
    policy = NgramPolicy(TABLE)
    batch = policy.sample(*prompts([1]), max_new=1, rng=torch.Generator().manual_seed(0))
    # -0.2 ln 0.2 - 0.8 ln 0.8 = 0.32189 + 0.17851
    np.testing.assert_allclose(policy.evaluate(batch).entropy, [[0.50040]], atol=1e-4)


def test_the_most_likely_token_is_predicted_deterministically():
    actions, state = NgramPolicy(TABLE).predict(np.array([[2, 0], [0, 1]]), deterministic=True)
    assert actions.tolist() == [0, 1]
    assert state is None


def test_it_has_no_parameters():
    assert list(NgramPolicy(TABLE).parameters()) == []
