import math

import numpy as np
import pytest
import torch

from plaudit.agents.policies.ngram import NgramPolicy
from plaudit.agents.policies.tiny_transformer import TinyTransformer
from plaudit.agents.policies.windows import read_windows
from plaudit.agents.search import scores
from plaudit.agents.search.best_of_n import best_of_n, best_text_of_n
from plaudit.envs.evaluate import make_rows

SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))]
NOTHING = torch.zeros((2, 0), dtype=torch.int64)


def uniform(vocab=3):
    return NgramPolicy(np.log(np.full((1, vocab), 1 / vocab)), order=1)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def last_token(batch):
    return batch.tokens[:, -1]


def chosen(score, n=4, policy=None, **settings):
    return best_of_n(policy or uniform(), score, NOTHING, NOTHING, n=n, max_new=2, rng=rng())


def test_the_best_of_each_prompts_answers_is_chosen():
    found = chosen(last_token)
    assert found.scores.shape == (2, 4)
    assert found.batch.tokens[:, -1].tolist() == found.scores.max(1).values.tolist()
    assert found.chosen.tolist() == found.scores.argmax(1).tolist()


def test_one_answer_is_the_policys_own():
    alone = uniform().sample(NOTHING, NOTHING, max_new=2, rng=rng())
    assert torch.equal(chosen(last_token, n=1).batch.tokens, alone.tokens)


def test_of_equal_ones_the_first_is_chosen():
    assert chosen(lambda batch: torch.zeros(len(batch.tokens))).chosen.tolist() == [0, 0]


def test_scores_and_n_out_of_range_are_refused():
    with pytest.raises(ValueError, match="n must be at least 1 answer per prompt, got 0"):
        chosen(last_token, n=0)
    spoilt = lambda batch: torch.where(torch.arange(8) == 5, torch.nan, 0.0)  # noqa: E731
    with pytest.raises(ValueError, match=r"answer 5, \[\d, \d\], scores nan, no finite number"):
        chosen(spoilt)
    with pytest.raises(ValueError, match=r"must give 8 numbers, one per answer, got shape \(1,\)"):
        chosen(lambda batch: [1.0])


def counting(prompt, rng):
    return prompt + "!" * int(rng.integers(5))


def test_texts_are_chosen_alike():
    found = best_text_of_n(
        counting,
        lambda prompt, text: len(text) - len(prompt),
        ["a", "bcd"],
        n=40,
        rng=np.random.default_rng(0),
    )
    assert found.texts == ["a!!!!", "bcd!!!!"]
    assert found.scores.shape == (2, 40)
    assert (found.scores.argmax(1) == found.chosen).all()


def test_texts_that_score_no_number_are_refused():
    settings = {"n": 1, "rng": np.random.default_rng(0)}
    with pytest.raises(ValueError, match=r"'a!+' to 'a' scores nan, no finite number"):
        best_text_of_n(counting, lambda prompt, text: math.nan, ["a"], **settings)
    with pytest.raises(ValueError, match="n must be at least 1"):
        best_text_of_n(counting, len, ["a"], n=0, rng=settings["rng"])


def expected_best(values, n):
    """Mean of the best of n values drawn evenly: sum_i v_(i) ((i / K)^n - ((i - 1) / K)^n)."""
    places = np.arange(len(values) + 1) / len(values)
    return float(np.sort(values) @ np.diff(places**n))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", [1, 2, 8])
def test_the_mean_of_the_best_is_the_exact_order_statistic(n, seed):
    env = make_rows("plaudit/TokenBandit-v0", 256, vocab=4, length=2, contexts=2)
    policy = TinyTransformer(4, layers=1, width=8, heads=2, symbols=6)  # uniform over 16 answers
    seeds = list(range(1024))
    windows = np.concatenate([env.reset(seed=seeds[i : i + 256])[0] for i in range(0, 1024, 256)])
    score = scores.world_return(env, seeds[:256])
    ids, mask = read_windows(windows, env.token_spec.pad_id)
    found = best_of_n(policy, score, ids, mask, n=n, max_new=2, rng=rng(seed))
    best = found.scores.max(1).values.numpy()
    asked = ids[:, 0].numpy() - 4
    exact = np.array([expected_best(env.game.rewards[x], n) for x in asked])
    # prompts are known; what varies is the best answer: 4 standard errors of 1024 of them
    error = (best - exact).std() / 1024**0.5
    assert best.mean() == pytest.approx(exact.mean(), abs=4 * error)
    if n == 2:  # and it would be noticed if only one were sampled
        assert best.mean() > env.game.rewards[asked].mean() + 4 * error
