import numpy as np

import plaudit
from plaudit.agents.policies.ngram import NgramPolicy
from plaudit.agents.search.base import SearchPolicy
from plaudit.agents.search.beam import beam
from plaudit.agents.search.best_of_n import best_of_n
from plaudit.envs.evaluate import make_rows

SMALL = {"vocab": 3, "max_new": 3, "ngram": 1, "prompt": 1}
WORLD = "plaudit/TokenNgram-v0"


def likes(token):
    """A score: how often a token was written."""
    return lambda batch: ((batch.tokens == token) & batch.action_mask).sum(1)


def test_a_search_is_a_policy_that_can_be_evaluated():
    game = make_rows(WORLD, 1, **SMALL).game
    best = int(game.instance.weights[0].argmax())
    uniform = NgramPolicy(np.log(np.full((1, 3), 1 / 3)), order=1)

    def wide(ids, mask, max_new, rng):
        return beam(
            uniform, ids, mask, width=27, max_new=max_new, worth=likes(best), logp_weight=0.0
        ).batch

    def several(ids, mask, max_new, rng):
        return best_of_n(uniform, likes(best), ids, mask, n=8, max_new=max_new, rng=rng).batch

    alone, some, every = (
        plaudit.evaluate(policy, WORLD, episodes=64, **SMALL)
        for policy in (uniform, SearchPolicy(uniform, several), SearchPolicy(uniform, wide))
    )
    assert alone.interval[1] < some.mean < every.mean
    # the best token three times is the optimum of a world whose rewards are unigrams
    assert every.normalised == 1.0


def test_it_answers_windows_with_padding_behind_the_end():
    policy = NgramPolicy(np.log([[0.5, 0.5]]), order=1, eos_id=1, pad_id=2)
    search = SearchPolicy(
        policy, lambda ids, mask, max_new, rng: policy.sample(ids, mask, max_new=max_new, rng=rng)
    )
    obs = np.array([[5, 0], [0, 0], [5, 5]])
    answers = search.respond(obs, pad_id=5, max_new=4, seed=3)
    assert np.array_equal(answers, policy.respond(obs, pad_id=5, max_new=4, seed=3))
    assert search.vocab_size == 2
