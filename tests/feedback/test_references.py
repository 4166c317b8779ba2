import gymnasium as gym
import numpy as np
import pytest

from plaudit.feedback import references
from plaudit.feedback.references import reference_policy
from plaudit.feedback.wrappers import LanguageFeedback, VectorLanguageFeedback


def written(env, tokens):
    """Observations before each of some tokens, (T, ...)."""
    seen = [env.reset(seed=0)[0]]
    for token in tokens:
        seen.append(env.step(token)[0])
    return np.array(seen[:-1])


@pytest.mark.parametrize(("ngram", "prompt"), [(1, 0), (2, 2), (3, 0), (3, 1)])
def test_the_reference_of_token_ngram_is_its_table(ngram, prompt):
    settings = {"vocab": 3, "ngram": ngram, "prompt": prompt, "max_new": 4}
    env = gym.make("plaudit/TokenNgram-v0", **settings)
    tokens, instance = [2, 0, 1, 1], env.unwrapped.game.instance
    env.reset(seed=0)
    context, expected = int(env.unwrapped.get_state()["game"]["start"][0]), []
    for token in tokens:
        expected.append(instance.reference[context])
        context = int(instance.successor[context, token])
    odds = reference_policy("world", env)(written(env, tokens), np.ones((4, 3), bool))
    np.testing.assert_array_equal(odds, expected)


def test_next_tokens_of_token_bandit_multiply_to_the_odds_of_an_answer():
    settings = {"vocab": 3, "length": 3, "contexts": 2, "coverage": 0.5}
    env = gym.make("plaudit/TokenBandit-v0", **settings)
    game, tokens = env.unwrapped.game, [2, 0, 1]
    odds = reference_policy("world", env)(written(env, tokens), np.ones((3, 3), bool))
    prompt = int(env.unwrapped.get_state()["game"]["prompt"][0])
    np.testing.assert_allclose(odds.sum(1), 1.0)
    # answer 2 0 1 has number 2 * 9 + 0 * 3 + 1 = 19
    product = odds[0, 2] * odds[1, 0] * odds[2, 1]
    assert product == pytest.approx(game.reference[prompt, 19])


def test_uniform_is_even_over_the_legal_actions():
    mask = np.array([[True, False, True], [False, True, False]])
    for name in ("uniform", "world"):
        odds = reference_policy(name, gym.make("plaudit/Delivery-v0"))(np.zeros((2, 1)), mask)
        assert odds.tolist() == [[0.5, 0, 0.5], [0, 1, 0]]


def test_a_world_without_a_reference_says_which_have_one():
    with pytest.raises(TypeError, match="no reference policy of its own, as TokenNgram"):
        reference_policy("world", gym.make("CartPole-v1"))
    env = gym.make("plaudit/TokenNgram-v0", order="right_to_left")
    with pytest.raises(ValueError, match="only writes from left to right; got order='right_to"):
        reference_policy("world", env)


@pytest.mark.parametrize("make", [gym.make, gym.make_vec])
def test_what_a_wrapper_changes_is_not_read_as_the_worlds(make):
    wrap = LanguageFeedback if make is gym.make else VectorLanguageFeedback
    for show in ("words", "slots"):
        env = wrap(make("plaudit/TokenNgram-v0"), "coin_flip", in_observation=show)
        if show == "words":
            reference_policy("world", env)
            continue
        with pytest.raises(TypeError, match="TokenNgram's reference reads what the world shows"):
            reference_policy("world", env)


def test_names_and_what_functions_return_are_checked():
    env, mask = gym.make("CartPole-v1"), np.ones((2, 2), bool)
    with pytest.raises(ValueError, match=r"or 'module:attribute', got 'unif'"):
        reference_policy("unif", env)
    with pytest.raises(ValueError, match="there is no reference 'nowhere:policy': No module"):
        reference_policy("nowhere:policy", env)
    with pytest.raises(TypeError, match=r"'numpy:pi' must be callable, got 3\.14"):
        reference_policy("numpy:pi", env)
    with pytest.raises(ValueError, match=r"shape \(2, 2\), whose rows add up to 1"):
        reference_policy("numpy:dot", env)(np.ones(2), mask)
    with pytest.raises(ValueError, match=r"sums \[2.0, 2.0\]"):
        reference_policy("numpy:maximum", env)(np.zeros((2, 2)), mask)


def test_a_function_may_return_log_probabilities(monkeypatch):
    logs = np.log([[0.25, 0.75]])
    monkeypatch.setattr(references, "told", lambda obs, mask: logs, raising=False)
    told = reference_policy("plaudit.feedback.references:told", gym.make("CartPole-v1"))
    np.testing.assert_allclose(told(np.zeros((1, 4)), np.ones((1, 2), bool)), [[0.25, 0.75]])
