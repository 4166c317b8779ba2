import gymnasium as gym
import numpy as np
import pytest

import plaudit
from plaudit.agents.search.mcts import MCTS
from plaudit.envs.evaluate import panel
from plaudit.envs.finite import FiniteMDP
from plaudit.feedback.wrappers import HideReward, LearnedReward, RecordSegments

SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))]
DELIVERY = {"size": 4, "horizon": 6}
# One step: action 0 pays 0.6; action 1 leads to one of two states, and 1 or nothing; 2 is illegal.
GAMBLE = {
    "transitions": [[[0, 1, 0], [0, 0.5, 0.5], [1, 0, 0]]] + [[[0, 1, 0]] * 3] * 2,
    "rewards": [[[0, 0.6, 0], [0, 1, 0], [9, 0, 0]]] + [[[0] * 3] * 3] * 2,
    "start": [1, 0, 0],
    "horizon": 1,
    "terminal": [False, True, True],
    "legal_actions": [[True, True, False], [True] * 3, [True] * 3],
}


def world(name="Delivery", seed=0, **settings):
    env = gym.make(f"plaudit/{name}-v0", **settings)
    env.reset(seed=seed)
    return env


def same(first, second):
    np.testing.assert_equal(first, second)
    return True


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("name", "settings"), [("Tabular", {}), ("Delivery", DELIVERY)])
def test_with_many_simulations_it_plays_what_the_oracle_would(name, settings, seed):
    env = world(name, seed, **settings)
    q, player, over = env.unwrapped.oracle().q, MCTS(env, simulations=400, seed=seed), False
    while not over:
        values = q(env.unwrapped.get_state())
        found = player.search()
        assert values[found.action] == values.max()
        over = env.step(found.action)[2]


def test_the_world_is_left_exactly_as_it_was():
    env = world(**DELIVERY)
    before = env.unwrapped.get_state()
    MCTS(env, simulations=50).search()
    assert same(before, env.unwrapped.get_state())
    twin = world(**DELIVERY)
    for action in (0, 3, 1):
        assert same(env.step(action), twin.step(action))


def test_a_search_that_breaks_off_leaves_it_so_too():
    env = world(**DELIVERY)
    before = env.unwrapped.get_state()
    with pytest.raises(ValueError, match="a value in the search is nan; expected finite numbers"):
        MCTS(env, value=lambda obs: np.array([np.nan])).search()
    assert same(before, env.unwrapped.get_state())


def test_the_same_seed_searches_alike():
    first, second, other = (
        MCTS(world(**DELIVERY), simulations=60, seed=seed).search() for seed in (1, 1, 2)
    )
    assert same(vars(first), vars(second))
    assert first.values.tolist() != other.values.tolist()


def test_what_it_reports_adds_up():
    found = MCTS(world(**DELIVERY), simulations=60).search()
    assert found.visits.sum() == 60
    assert found.value == pytest.approx(float(found.visits @ found.values) / 60)
    assert found.action == found.visits.argmax()


def test_illegal_actions_are_not_tried():
    found = MCTS(world("Tabular", **GAMBLE), simulations=60).search()
    assert found.visits[2] == 0
    assert np.isnan(found.values[2])


def test_it_knows_what_chance_will_draw_unless_that_is_drawn_anew():
    knowing, honest, luck = [], [], []
    for seed in range(6):
        env = world("Tabular", seed, **GAMBLE)
        knowing.append(MCTS(env, simulations=40).search().values[1])
        found = MCTS(env, simulations=200, redraw=["chance"]).search()
        honest.append(found.action)
        # 0.5 by chance, from some 75 tries: 4 standard errors are 4 * 0.5 / sqrt(75)
        assert found.values[1] == pytest.approx(0.5, abs=0.23)
        luck.append(env.step(1)[1])
    assert knowing == luck
    assert len(set(luck)) == 2
    assert honest == [0] * 6


def test_values_stand_for_the_rest_of_the_episode():
    env = world("Tabular")  # the lock: only its last step pays
    q, asked = env.unwrapped.oracle().q, []

    def value(obs):
        asked.append(float(obs[0, 0] % 8))  # further states are worth more; 8 is the trap
        return np.array(asked[-1:])

    found = MCTS(env, simulations=30, value=value, depth=1).search()
    assert found.action == q(env.unwrapped.get_state()).argmax()
    assert len(asked) == 30
    # a step pays nothing: what an action earns is the value behind it
    assert found.values.tolist() == asked[:3]


def test_a_prior_says_what_is_tried():
    env = world(**DELIVERY)
    obs = env.unwrapped.game.observe(env.unwrapped.get_state()["game"])[0]
    seen = []

    def prior(obs, mask):
        seen.append((obs.shape, mask.shape))
        return np.array([[0.0, 0.0, 1.0, 0.0]])

    found = MCTS(env, simulations=20, prior=prior).search(obs)
    assert found.visits[2] > 10
    assert set(seen) == {((1, *obs.shape), (1, 4))}
    with pytest.raises(ValueError, match=r"needs to know what the player sees: search\(obs\)"):
        MCTS(env, prior=prior).search()


def test_depth_and_discount_say_what_counts():
    moves = {"successor": [[1, 1], [2, 2], [2, 2]], "terminal": [False, False, True]}
    mdp = FiniteMDP([[0, 1], [10, 10], [0, 0]], [1, 0, 0], 2, **moves)
    dense = np.zeros((3, 2, 3))
    np.put_along_axis(dense, mdp.successor, 1.0, 2)
    env = world(
        "Tabular",
        transitions=dense.tolist(),
        rewards=mdp.expected.tolist(),
        start=[1, 0, 0],
        horizon=2,
        terminal=moves["terminal"],
    )
    # 1 and then 10: 11, with a discount 1 + 0.5 * 10 = 6, of one step 1
    for settings, value in (({}, 11), ({"discount": 0.5}, 6), ({"depth": 1}, 1)):
        assert MCTS(env, simulations=9, **settings).search().values[1] == pytest.approx(value)


class Coin(gym.Env):
    """Not plaudit's: two actions that begin at 5; the second one pays."""

    observation_space = gym.spaces.Discrete(3)
    action_space = gym.spaces.Discrete(2, start=5)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.left = 2
        return self.left, {}

    def step(self, action):
        self.left -= 1
        return self.left, float(action == 6), self.left == 0, False, {}

    def get_state(self):
        return {"left": self.left}

    def set_state(self, state):
        self.left = state["left"]


def test_other_worlds_that_can_be_saved_are_searched_too():
    env = gym.wrappers.TimeLimit(Coin(), 2)
    env.reset()
    found = MCTS(env, simulations=20).search()
    assert found.action == 6
    assert found.visits.sum() == 20
    assert env._elapsed_steps == 0  # what stands around the world was not played
    assert MCTS(env, simulations=20).predict(2) == (6, None)
    with pytest.raises(TypeError, match=r"only plaudit's own worlds, unwrapped, can redraw"):
        MCTS(env, redraw=["chance"]).search()


def test_a_hidden_truth_is_not_searched_unless_the_privilege_is_declared():
    with pytest.raises(PermissionError, match="declare privileged_simulator=True to allow it"):
        MCTS(HideReward(world(**DELIVERY))).search()
    paid = MCTS(HideReward(world(**DELIVERY), privileged_simulator=True), simulations=30).search()
    assert paid.values.tolist() == [0.0] * 4  # allowed, but there is nothing to see


def test_a_learned_reward_can_be_searched_for():
    schedule = {"labels": 20, "labels_per_round": 20, "segments_per_round": 8}
    model = {"name": "bradley_terry", "width": 8, "epochs": 2, "holdout": 0.0}
    env = LearnedReward(RecordSegments(world(**DELIVERY)), "oracle", model, **schedule)
    env.reset(seed=0)
    asked, before = env.loop.asked, len(env.env.segments)
    found = MCTS(env, simulations=12).search()
    assert found.values.tolist() == [0.0] * 4  # nothing was fitted yet
    assert (env.loop.asked, len(env.env.segments)) == (asked, before)


def evaluated(simulations, episodes, seed=0):
    player = MCTS(gym.make("plaudit/Delivery-v0", **DELIVERY), simulations=simulations, seed=seed)
    return plaudit.evaluate(player, "plaudit/Delivery-v0", episodes=episodes, **DELIVERY)


def test_evaluate_measures_it_with_the_states_of_its_rows():
    random = plaudit.evaluate("random", "plaudit/Delivery-v0", episodes=64, **DELIVERY)
    assert evaluated(60, 4).mean > random.interval[1]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_few_simulations_beat_random_play_and_many_all_but_reach_the_optimum(seed):
    few, many = evaluated(8, 64, seed), evaluated(600, 12, seed)
    random = plaudit.evaluate("random", "plaudit/Delivery-v0", episodes=64, **DELIVERY)
    assert few.interval[0] > random.interval[1]
    env, best = world(**DELIVERY), []
    for start in panel("plaudit/Delivery-v0", 12):
        env.reset(seed=start)
        best.append(env.unwrapped.oracle().q(env.unwrapped.get_state()).max())
    # a detour costs a point of 50; one episode in a few may hold one
    assert many.mean > np.mean(best) - 0.25


def test_rows_that_are_over_are_left_alone():
    env = world("Tabular", **GAMBLE)
    running, game = env.unwrapped.get_state(), env.unwrapped
    env.step(0)
    ended = game.get_state()
    player = MCTS(world("Tabular", 5, **GAMBLE), simulations=20, redraw=["chance"])
    chosen, _ = player.predict(np.zeros((2, 2)), states=[ended, running])
    assert chosen.tolist() == [0, 0]
    with pytest.raises(ValueError, match="the episode is over: there is nothing left to choose"):
        MCTS(env).search()


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"simulations": 0}, ValueError, "simulations must be at least 1, got 0"),
        ({"depth": 0}, ValueError, "depth must be at least 1, got 0"),
        ({"exploration": -1}, ValueError, "exploration must be finite and >= 0, got -1"),
        ({"discount": 0}, ValueError, "discount must be above 0 and at most 1, got 0"),
        ({"redraw": ["luck"]}, TypeError, r"Delivery has no arrays \['luck'\]; it has left, place"),
    ],
)
def test_settings_out_of_range_are_refused(settings, error, message):
    with pytest.raises(error, match=message):
        MCTS(world(**DELIVERY), **settings).search()


def test_what_cannot_be_searched_is_refused():
    with pytest.raises(TypeError, match="expected a single form with Discrete actions"):
        MCTS(gym.make_vec("plaudit/Delivery-v0", 2, **DELIVERY))
    with pytest.raises(TypeError, match="expected a single form with Discrete actions"):
        MCTS(world("PointReach"))
    with pytest.raises(TypeError, match="no layer of it has get_state and set_state"):
        MCTS(gym.make("CartPole-v1"))
