import itertools
import math

import gymnasium as gym
import numpy as np
import pytest

from plaudit.envs.evaluate import make_rows
from plaudit.envs.token.token_ngram.game import TokenNgram
from plaudit.envs.token.token_ngram.instance import NgramInstance, draw_instance
from plaudit.envs.token.token_ngram.solution import (
    frontier,
    policy_value,
    prompt_distribution,
    solve,
)

NGRAM = "plaudit/TokenNgram-v0"
LN2 = math.log(2)


def world(**settings):
    return gym.make(NGRAM, disable_env_checker=True, **settings).unwrapped


def by_hand(reference, weights, eos=None):
    """A bigram instance over symbols 0 and 1; rows: after 0, after 1, at the beginning."""
    return NgramInstance(
        2, 2, eos, np.array(reference), np.array(weights), np.array([[0, 1], [0, 1], [0, 1]])
    )


# Symbol 1 after 1 earns 1 point, symbol 0 after 1 earns 2, nothing else; the reference is fair.
FAIR = by_hand([[0.5, 0.5]] * 3, [[0.0, 0.0], [2.0, 1.0], [0.0, 0.0]])


def test_the_best_text_of_two_symbols_by_hand():
    best = solve(FAIR, horizon=3, prompt=0)
    # 1 to go: V(after 0) = 0, V(after 1) = 2. 2 to go: after 0 write 1: 0 + 2 = 2; after 1
    # write 1: 1 + 2 = 3 (0 gives 2 + 0). 3 to go, at the beginning: write 1, then 3: "110".
    np.testing.assert_array_equal(best.values[:3], [[0, 0, 0], [0, 2, 0], [2, 3, 2]])
    assert best.objective == best.reward == 3
    # the only text written has probability 1/8 under the reference
    assert best.kl == pytest.approx(3 * LN2)


def test_one_soft_step_by_hand():
    soft = solve(FAIR, horizon=1, prompt=1, beta=1.0)
    # After 1: V = ln((e^2 + e^1) / 2), after 0: V = 0; the prompt is fair: J = V / 2.
    value = math.log((math.e**2 + math.e) / 2)
    assert soft.objective == pytest.approx(value / 2)
    # pi(0 | 1) = e^2 / (e^2 + e) = e / (e + 1)
    p = math.e / (math.e + 1)
    np.testing.assert_allclose(soft.policy(1)[1], [p, 1 - p])
    assert soft.reward == pytest.approx((2 * p + 1 * (1 - p)) / 2)
    assert soft.kl == pytest.approx((p * math.log(2 * p) + (1 - p) * math.log(2 - 2 * p)) / 2)


def test_the_end_symbol_by_hand():
    # Symbol 1 ends the text; 0 after 0 earns 1. "0 0" and then the end, or the horizon.
    ending = by_hand([[0.5, 0.5]] * 3, [[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]], eos=1)
    best = solve(ending, horizon=3, prompt=0)
    assert best.objective == 2  # "000": 0 + 1 + 1
    # Under the fair reference: P("00..") = 1/4 earns 1, P("000") = 1/8 one more: 3/8.
    assert policy_value(ending, 3, 0, ending.reference) == pytest.approx(0.375)
    assert solve(ending, 3, 0, beta=1e6).reward == pytest.approx(0.375, abs=1e-4)


def texts(instance, horizon):
    """Every text that can be written, ended ones once, as tuples."""
    found = set()
    for text in itertools.product(range(instance.vocab), repeat=horizon):
        end = text.index(instance.eos) + 1 if instance.eos in text else horizon
        found.add(text[:end])
    return sorted(found)


def enumerate_optimum(instance, horizon, beta):
    """Objective, reward and KL of the best distribution over whole texts: p(y) e^(r(y) / beta)."""
    rewards, logp = [], []
    for text in texts(instance, horizon):
        context, reward, total = instance.empty_context, 0.0, 0.0
        for token in text:
            reward += instance.weights[context, token]
            total += math.log(instance.reference[context, token])
            context = (context * (instance.vocab + 1) + token) % instance.contexts
        rewards.append(reward)
        logp.append(total)
    rewards, logp = np.array(rewards), np.array(logp)
    assert np.exp(logp).sum() == pytest.approx(1)
    tilted = logp + rewards / beta
    objective = beta * np.log(np.exp(tilted).sum())
    pi = np.exp(tilted - objective / beta)
    return objective, pi @ rewards, pi @ (np.log(pi) - logp)


@pytest.mark.parametrize("beta", [0.05, 0.5, 1.0, 20.0])
@pytest.mark.parametrize("end_token", [False, True])
@pytest.mark.parametrize(("vocab", "order", "horizon"), [(2, 1, 3), (2, 3, 4), (3, 2, 4)])
def test_dynamic_programming_equals_brute_force(vocab, order, horizon, end_token, beta):
    instance = draw_instance(vocab, order, end_token, horizon, 5)
    soft = solve(instance, horizon, 0, beta)
    expected = enumerate_optimum(instance, horizon, beta)
    np.testing.assert_allclose([soft.objective, soft.reward, soft.kl], expected, rtol=1e-9)


@pytest.mark.parametrize("end_token", [False, True])
def test_the_hard_optimum_is_the_best_text(end_token):
    instance = draw_instance(3, 3, end_token, 4, 2)
    assert solve(instance, 4, 0).reward == pytest.approx(
        max(earned(instance, text) for text in texts(instance, 4))
    )


def earned(instance, text):
    context, total = instance.empty_context, 0.0
    for token in text:
        total += instance.weights[context, token]
        context = instance.successor[context, token]
    return total


def test_the_objective_is_reward_less_beta_kl():
    instance = draw_instance(5, 3, False, 7, 0)
    for beta in (0.1, 1.0, 10.0):
        soft = solve(instance, 7, 2, beta)
        assert soft.objective == pytest.approx(soft.reward - beta * soft.kl)


def test_playing_the_soft_policy_earns_its_reward():
    venv, beta = make_rows(NGRAM, 4000, max_new=6), 0.7
    soft = solve(venv.game.instance, 6, 2, beta)
    venv.reset(seed=0)
    rng, total = np.random.default_rng(0), np.zeros(4000)
    for togo in range(6, 0, -1):
        edges = soft.policy(togo)[venv.get_state()["rows"]["game"]["context"]].cumsum(1)
        actions = np.minimum((edges < rng.random((4000, 1))).sum(1), 15)
        total += venv.step(actions)[1]
    # 4 standard errors: about 4 * 3 / sqrt(4000) = 0.2
    assert abs(total.mean() - soft.reward) < 4 * total.std() / np.sqrt(4000)


@pytest.mark.parametrize("reward_at", ["span", "end"])
@pytest.mark.parametrize("end_token", [False, True])
def test_when_points_are_paid_changes_neither_returns_nor_optimum(reward_at, end_token):
    settings = {"vocab": 4, "max_new": 7, "span": 3, "end_token": end_token}
    often, seldom = world(**settings), world(**settings, reward_at=reward_at)
    assert often.oracle(0.5).value == seldom.oracle(0.5).value
    for seed in range(20):
        rewards = [play(env, seed) for env in (often, seldom)]
        assert sum(rewards[0]) == pytest.approx(sum(rewards[1]))
        due = [t % 3 == 0 or t == len(rewards[1]) for t in range(1, len(rewards[1]) + 1)]
        if reward_at == "end":
            due = [t == len(rewards[1]) for t in range(1, len(rewards[1]) + 1)]
        assert all(reward == 0 for reward, paid in zip(rewards[1], due, strict=True) if not paid)


def play(env, seed):
    env.reset(seed=seed)
    rng, rewards, over = np.random.default_rng(seed), [], False
    while not over:
        _, reward, over, _, _ = env.step(int(rng.integers(env.action_space.n)))
        rewards.append(reward)
    return rewards


def test_the_end_symbol_ends_the_text_and_earns_nothing():
    env = world(vocab=4, end_token=True)
    env.reset(seed=0)
    assert env.step(0)[2] is False
    obs, reward, terminated, truncated, _ = env.step(3)
    assert (reward, terminated, truncated) == (0.0, True, False)
    assert obs[-2:].tolist() == [0, 3]
    assert env.render()[-2:] == "|a"


def test_with_an_end_symbol_and_one_token_the_reference_can_only_end():
    # The reference ends a text at a rate of 1 / max_new = 1 per token, so every other symbol would
    # cost an infinite KL and prompts could not be drawn.
    with pytest.raises(ValueError, match=r"max_new must be an integer in 2\.\.32 tokens, got 1"):
        TokenNgram(end_token=True, max_new=1)


def test_prompts_never_hold_the_end_symbol():
    venv = make_rows(NGRAM, 500, vocab=3, end_token=True, prompt=8, max_new=4)
    obs, _ = venv.reset(seed=0)
    assert set(np.unique(obs[:, 4:])) == {0, 1}


@pytest.mark.parametrize("end_token", [False, True])
def test_prompts_follow_the_reference(end_token):
    game = TokenNgram(vocab=3, ngram=2, prompt=3, end_token=end_token, max_new=2)
    _, state = game.ask({"world": np.random.default_rng(0).random((20_000, 3))})
    expected = prompt_distribution(game.instance, 3)
    shares = np.bincount(state["start"], minlength=4) / 20_000
    assert expected.sum() == pytest.approx(1)
    if end_token:
        assert expected[2] == 0  # no prompt ends with the end symbol
    # 4 standard deviations of a share are at most 4 * sqrt(0.25 / 20000) = 0.014
    np.testing.assert_allclose(shares, expected, atol=0.014)


def test_the_first_tokens_of_a_text_without_prompt_earn_nothing():
    env = world(ngram=3, prompt=0, instance_seed=1)
    for token in range(5):
        env.reset(seed=0)
        assert [env.step(token)[1], env.step(token)[1]] == [0.0, 0.0]


def test_the_frontier_rises_and_flattens():
    game = TokenNgram(vocab=8, max_new=6)
    points = frontier(game.instance, 6, 2, np.geomspace(100, 0.01, 15).tolist())
    rewards, kls = np.array([p.reward for p in points]), np.array([p.kl for p in points])
    assert (np.diff(rewards) > 0).all()
    assert (np.diff(kls) > 0).all()
    slopes = np.diff(rewards) / np.diff(kls)  # points per nat: the betas in between
    assert (np.diff(slopes) < 0).all()
    floor = policy_value(game.instance, 6, 2, game.reference())
    assert rewards[0] == pytest.approx(floor, abs=0.2)
    assert rewards[-1] == pytest.approx(game.oracle().value, rel=1e-3)


@pytest.mark.slow
def test_the_largest_task_is_solved_for_thirty_betas():
    points = frontier(draw_instance(64, 3, False, 16, 0), 16, 2, np.geomspace(0.1, 30, 30).tolist())
    assert all(a.reward > b.reward for a, b in itertools.pairwise(points))


def test_behind_the_last_token_the_oracle_has_nothing_to_say():
    env = world(max_new=1)
    env.reset(seed=0)
    env.step(0)
    for ask in (env.oracle().q, env.oracle().act):
        with pytest.raises(ValueError, match="the episode is over"):
            ask(env.get_state())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"vocab": 1}, "vocab must be an integer in 2..64, got 1"),
        ({"vocab": 65}, "vocab must be an integer in 2..64, got 65"),
        ({"ngram": 0}, "ngram must be an integer in 1..3, got 0"),
        ({"ngram": 4}, "ngram must be an integer in 1..3, got 4"),
        ({"max_new": 0}, "max_new must be an integer in 1..32 tokens, got 0"),
        ({"max_new": 33}, "max_new must be an integer in 1..32 tokens, got 33"),
        ({"prompt": -1}, "prompt must be an integer in 0..32 tokens, got -1"),
        ({"instance_seed": -1}, "instance_seed must be an integer of at least 0, got -1"),
        (
            {"end_token": True, "order": "middle_out"},
            r"end_token needs order='left_to_right', got 'middle_out'",
        ),
    ],
)
def test_settings_out_of_range_say_what_was_expected(settings, message):
    with pytest.raises(ValueError, match=message):
        TokenNgram(**settings)


def test_tables_too_large_to_solve_are_refused(monkeypatch):
    # The bounds on vocab and ngram keep V**ngram at 64**3 = 2**18; the check holds for larger ones.
    monkeypatch.setattr("plaudit.envs.token.token_ngram.game.MAX_VOCAB", 128)
    with pytest.raises(ValueError, match=r"at most 2\*\*20 for an exact optimum, got 102\*\*3"):
        TokenNgram(vocab=102, ngram=3)
    assert 101**3 <= 2**20 < 102**3


def test_instances_differ_by_their_seed_and_episodes_do_not_touch_them():
    first, second = TokenNgram(instance_seed=0), TokenNgram(instance_seed=1)
    assert not np.array_equal(first.reference(), second.reference())
    first.reference()[:] = 0
    assert first.reference().sum(1) == pytest.approx(np.ones(17))
    with pytest.raises(ValueError, match="read-only"):
        first.instance.weights[0, 0] = 1


def test_a_text_is_rendered_with_a_bar_before_the_answer():
    env = gym.make("plaudit/TokenNgram-v0", render_mode="ansi", prompt=1, max_new=3)
    obs, _ = env.reset(seed=0)
    env.step(2)
    assert env.render() == "abcdefghijklmnop"[obs[-1]] + "|c"


def test_a_sum_kept_while_writing_is_the_sum_read_from_the_text():
    venv = make_rows(NGRAM, 50, vocab=5, ngram=3, max_new=6)
    venv.reset(seed=0)
    for actions in np.random.default_rng(0).integers(0, 5, (6, 50)):
        venv.step(actions)
        state = venv.get_state()["rows"]["game"]
        game = venv.game
        read = game.value(state, *game.text(state))["ngram"]
        np.testing.assert_allclose(read, state["earned"], atol=1e-12)


def test_the_share_of_rewarded_n_grams_is_a_setting():
    few = draw_instance(64, 2, False, 4, 0, 0.1).weights[:-1] != 0
    assert few.mean() == pytest.approx(0.1, abs=0.02)  # 4096 draws: deviation 0.3 / 64 = 0.005
    assert TokenNgram(ngram=1, rewarded=1.0).instance.weights.all()
    with pytest.raises(ValueError, match="rewarded"):
        TokenNgram(rewarded=1.5)
