"""What every registered world promises, in its single and in its vector form."""

import random
import warnings

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.utils.env_match import check_environments_match
from gymnasium.vector import AutoresetMode

from plaudit.envs.cards import measure_card, stored_card
from plaudit.envs.registry import WORLDS
from plaudit.envs.types import OUTCOMES
from plaudit.envs.vector import LoopVectorEnv
from plaudit.feedback import snapshot

MODES = [mode.value for mode in AutoresetMode]
STEPS = 40
ROWS = 3
# Settings under which episodes are short and of different lengths, so that rows reset often.
SHORT = {
    "plaudit/Sentiment-v0": {"max_bytes": 5},
    "plaudit/TokenNgram-v0": {"horizon": 6, "end_token": True, "vocab": 4, "reward_at": "span"},
}

every_world = pytest.mark.parametrize("world_id", WORLDS)


def make(world_id, **settings):
    return gym.make(world_id, disable_env_checker=True, **settings)


def short(world_id):
    return make(world_id, **SHORT.get(world_id, {}))


def vector(world_id, mode="SameStep", rows=ROWS):
    return gym.make_vec(world_id, rows, autoreset_mode=mode, **SHORT.get(world_id, {}))


def random_actions(env, steps=STEPS, seed=0):
    """(steps, ROWS) actions; the last one, which ends a text where there is an end, is frequent."""
    rng, count = np.random.default_rng(seed), int(env.action_space.n)
    actions = rng.integers(0, count, (steps, ROWS))
    return np.where(rng.random((steps, ROWS)) < 0.2, count - 1, actions)


def same(first, second):
    """Bit-equal, for nested dicts, tuples and arrays; dtypes count."""
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[k], second[k]) for k in first)
    if isinstance(first, tuple | list):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, np.ndarray) and first.dtype == object:
        return same(list(first), list(second))
    if isinstance(first, np.ndarray):
        return first.dtype == second.dtype and np.array_equal(first, second)
    return first == second


def row_info(info, row):
    """The info of one row, as the single form gives it."""
    out = {}
    for key, value in info.items():
        if not key.startswith("_") and info[f"_{key}"][row]:
            out[key] = row_info(value, row) if isinstance(value, dict) else value[row]
    return out


def episode(env, seed):
    """Everything a seeded episode shows under random actions."""
    rng = np.random.default_rng(99)
    shown, over = [env.reset(seed=seed)], False
    while not over:
        shown.append(env.step(int(rng.integers(env.action_space.n))))
        over = shown[-1][2] or shown[-1][3]
    return shown


@every_world
def test_gymnasium_finds_nothing_to_complain_about(world_id):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(short(world_id).unwrapped)
        checked = gym.make(world_id, **SHORT.get(world_id, {}))
        for seed in range(3):
            episode(checked, seed)


@every_world
def test_the_same_seed_gives_the_same_episode(world_id):
    check_environments_match(make(world_id), make(world_id), num_steps=STEPS, seed=3)
    assert same(episode(short(world_id), 7), episode(short(world_id), 7))


@every_world
def test_seeds_give_different_episodes(world_id):
    env = make(world_id)
    starts = {env.reset(seed=seed)[0].tobytes() for seed in range(20)}
    assert len(starts) > 1


@every_world
def test_two_worlds_and_the_global_streams_leave_each_other_alone(world_id):
    alone, mixed = episode(short(world_id), 5), []
    env, other = short(world_id), short(world_id)
    state, old_state = random.getstate(), np.random.get_state()
    rng, over = np.random.default_rng(99), False
    mixed.append(env.reset(seed=5))
    assert random.getstate() == state
    assert same(np.random.get_state(), old_state)
    while not over:
        np.random.seed(0)
        random.seed(0)
        other.reset(seed=int(np.random.randint(9)))
        other.step(0)
        mixed.append(env.step(int(rng.integers(env.action_space.n))))
        over = mixed[-1][2] or mixed[-1][3]
    assert same(alone, mixed)


@every_world
@pytest.mark.parametrize("form", [make, lambda world_id: vector(world_id, rows=1)])
def test_without_a_seed_every_world_begins_elsewhere_and_asks_no_global_stream(world_id, form):
    starts = set()
    for _ in range(20):
        np.random.seed(0)
        state = np.random.get_state()
        starts.add(form(world_id).reset()[0].tobytes())
        assert same(np.random.get_state(), state)
    assert len(starts) > 1


@every_world
def test_episodes_end_within_the_horizon_and_say_how(world_id):
    env = make(world_id)
    horizon = stored_card(world_id)["horizon"]
    for seed in range(5):
        shown = episode(env, seed)
        assert len(shown) - 1 <= horizon
        for obs, *_ in shown:
            assert env.observation_space.contains(obs)
        outcomes = [step[-1]["outcome"] for step in shown]
        assert outcomes[-1] in OUTCOMES[1:]
        assert set(outcomes[:-1]) == {"running"}
        assert [step[-1]["success"] for step in shown[:-1]] == [False] * (len(shown) - 1)
        assert shown[-1][-1]["success"] is (outcomes[-1] == "success")


@every_world
def test_reward_components_add_up_to_the_reward(world_id):
    for _, reward, _, _, info in episode(short(world_id), 2)[1:]:
        assert isinstance(reward, float)
        assert sum(info["reward_components"].values()) == pytest.approx(reward)


@every_world
def test_a_step_after_the_end_or_before_the_beginning_is_an_error(world_id):
    env = short(world_id).unwrapped
    with pytest.raises(RuntimeError, match="call reset"):
        env.step(0)
    episode(env, 0)
    with pytest.raises(RuntimeError, match="call reset"):
        env.step(0)


@every_world
@pytest.mark.parametrize("action", [-1, 10**6, 0.5, np.array([0]), None, "0"])
def test_an_illegal_action_is_refused_and_changes_nothing(world_id, action):
    env = short(world_id)
    env.reset(seed=0)
    before = env.unwrapped.get_state()
    with pytest.raises(ValueError, match=r"action must be .* got"):
        env.step(action)
    assert same(env.unwrapped.get_state(), before)


@every_world
@pytest.mark.parametrize(
    "actions", [[0, 0], [-1, 0, 0], [10**6, 0, 0], [0.5, 0, 0], [[0], [0], [0]], [None] * 3]
)
def test_vector_forms_refuse_illegal_actions_too(world_id, actions):
    venv = vector(world_id)
    venv.reset(seed=0)
    before = venv.get_state()
    with pytest.raises(ValueError, match=r"actions must be .* got"):
        venv.step(np.array(actions))
    assert same(venv.get_state(), before)


@every_world
def test_action_masks_are_fresh_bools_and_allow_something(world_id):
    env, venv = make(world_id).unwrapped, vector(world_id)
    mask = env.action_masks()
    assert mask.dtype == np.bool_
    assert mask.shape == (env.action_space.n,)
    assert mask.any()
    mask[:] = False
    assert env.action_masks().any()
    assert venv.action_masks().shape == (ROWS, venv.single_action_space.n)


@every_world
def test_a_restored_world_goes_on_bit_equal(world_id, tmp_path):
    env, fresh = short(world_id).unwrapped, short(world_id).unwrapped
    env.reset(seed=11)
    env.step(0)
    snapshot.save(tmp_path, env.get_state())
    theirs = play_on(env)
    fresh.set_state(snapshot.load(tmp_path))
    assert same(play_on(fresh), theirs)


def play_on(env):
    """The rest of an episode, and one more without a seed."""
    shown, over = [], False
    for begin in (False, True):
        if begin:
            shown.append(env.reset())
        over = False
        while not over:
            shown.append(env.step(0))
            over = shown[-1][2] or shown[-1][3]
    return shown


@every_world
def test_a_state_is_a_fresh_copy(world_id):
    env = short(world_id).unwrapped
    env.reset(seed=11)
    env.step(0)
    state, again = env.get_state(), env.get_state()
    play_on(env)
    assert same(state, again)
    env.set_state(state)
    play_on(env)
    assert same(state, again)


@every_world
@pytest.mark.parametrize("mode", MODES)
def test_a_restored_vector_goes_on_bit_equal(world_id, mode, tmp_path):
    venv, fresh = vector(world_id, mode), vector(world_id, mode)
    actions = random_actions(short(world_id))
    venv.reset(seed=4)
    for row in actions[:11]:
        venv.step(row)
    state = venv.get_state()
    snapshot.save(tmp_path, state)
    theirs = [venv.step(row) for row in actions[11:]]
    assert same(state, snapshot.load(tmp_path))
    fresh.set_state(snapshot.load(tmp_path))
    assert same([fresh.step(row) for row in actions[11:]], theirs)
    mask = np.array([False, True, False])
    assert same(fresh.reset(options={"reset_mask": mask}), venv.reset(options={"reset_mask": mask}))


@every_world
def test_a_vector_with_same_step_resets_plays_the_single_episodes(world_id):
    envs, venv = [short(world_id) for _ in range(ROWS)], vector(world_id)
    obs, info = venv.reset(seed=10)
    for i, env in enumerate(envs):
        assert same((obs[i], row_info(info, i)), env.reset(seed=10 + i))
    for actions in random_actions(envs[0]):
        obs, reward, terminated, truncated, info = venv.step(actions)
        for i, env in enumerate(envs):
            single = env.step(int(actions[i]))
            shown = obs[i], reward[i], terminated[i], truncated[i]
            now = {k: v for k, v in info.items() if not k.lstrip("_").startswith("final_")}
            if single[2] or single[3]:
                assert same(info["final_obs"][i], single[0])
                assert same(row_info(info["final_info"], i), single[4])
                assert info["_final_obs"][i]
                assert info["_final_info"][i]
                single = (*env.reset()[:1], *single[1:4], env.unwrapped._details())
            elif "_final_obs" in info:
                assert not info["_final_obs"][i]
            assert same((*shown, row_info(now, i)), single)


@every_world
def test_a_vector_with_next_step_resets_plays_the_single_episodes(world_id):
    envs, venv = [short(world_id) for _ in range(ROWS)], vector(world_id, "NextStep")
    venv.reset(seed=10)
    for i, env in enumerate(envs):
        env.reset(seed=10 + i)
    over = [False] * ROWS
    for actions in random_actions(envs[0]):
        obs, reward, terminated, truncated, info = venv.step(actions)
        assert "final_obs" not in info
        for i, env in enumerate(envs):
            if over[i]:
                started = env.reset()
                single = (started[0], 0.0, False, False, started[1])
            else:
                single = env.step(int(actions[i]))
            over[i] = single[2] or single[3]
            shown = obs[i], reward[i], terminated[i], truncated[i], row_info(info, i)
            assert same(shown, single)


@every_world
def test_a_vector_that_does_not_reset_freezes_finished_rows(world_id):
    envs, venv = [short(world_id) for _ in range(ROWS)], vector(world_id, "Disabled")
    venv.reset(seed=10)
    last = [(*env.reset(seed=10 + i)[:1], 0.0, False, False) for i, env in enumerate(envs)]
    for step, actions in enumerate(random_actions(envs[0])):
        obs, reward, terminated, truncated, info = venv.step(actions)
        for i, env in enumerate(envs):
            if last[i][2] or last[i][3]:
                last[i] = (last[i][0], 0.0, *last[i][2:])
                assert row_info(info, i) == {}
            else:
                *last[i], details = env.step(int(actions[i]))
                assert same(row_info(info, i), details)
            assert same((obs[i], reward[i], terminated[i], truncated[i]), tuple(last[i]))
        done = terminated | truncated
        if step % 4 == 3 and done.any():
            obs, info = venv.reset(options={"reset_mask": done})
            for i in np.flatnonzero(done):
                started = envs[i].reset()
                assert same((obs[i], row_info(info, i)), started)
                last[i] = (started[0], 0.0, False, False)
            assert [row_info(info, i) == {} for i in range(ROWS)] == (~done).tolist()


@every_world
@pytest.mark.parametrize("mode", MODES)
def test_the_loop_over_single_forms_equals_the_native_vector(world_id, mode):
    native, loop = vector(world_id, mode), LoopVectorEnv([lambda: short(world_id)] * ROWS, mode)
    native.reset(seed=2)
    loop.reset(seed=2)
    for actions in random_actions(short(world_id)):
        ours, theirs = native.step(actions), loop.step(actions)
        assert same(ours[:4], theirs[:4])
        for i in range(ROWS):
            assert same(row_info(ours[4], i), row_info(theirs[4], i))


@every_world
def test_arrays_that_a_vector_returned_never_change(world_id):
    venv = vector(world_id)
    kept = [venv.reset(seed=0)]
    copies = [venv.reset(seed=0)[0].copy()]
    for actions in random_actions(short(world_id)):
        kept.append(venv.step(actions))
        copies.append(kept[-1][0].copy())
    assert all(np.array_equal(step[0], copy) for step, copy in zip(kept, copies, strict=True))


@every_world
@pytest.mark.parametrize(
    "mask", [[True], [1, 1, 1], [False] * 3, None], ids=["short", "ints", "none", "first"]
)
def test_a_wrong_reset_mask_is_refused(world_id, mask):
    venv = vector(world_id, "Disabled")
    if mask is not None:
        venv.reset(seed=0)
    mask = [True, False, True] if mask is None else mask
    with pytest.raises(ValueError, match="reset_mask"):
        venv.reset(options={"reset_mask": np.array(mask)})


@every_world
def test_seeds_may_be_given_row_by_row(world_id):
    venv = vector(world_id)
    first, _ = venv.reset(seed=np.array([8, 5, 8]))
    assert same(first[1], short(world_id).reset(seed=5)[0])
    assert same(first[0], first[2])
    with pytest.raises(ValueError, match="3 seeds"):
        venv.reset(seed=[1, 2])


@every_world
def test_the_stored_card_is_what_is_measured(world_id):
    assert measure_card(world_id) == stored_card(world_id)


@every_world
def test_the_oracle_is_what_the_card_says(world_id):
    card, env = stored_card(world_id), make(world_id)
    oracle = env.unwrapped.oracle()
    assert oracle.kind == card["ceiling_kind"]
    assert oracle.value == pytest.approx(card["ceiling"], abs=1e-4)
    assert card["floor"] < card["ceiling"]
    env.reset(seed=0)
    state = env.unwrapped.get_state()
    assert env.action_space.contains(oracle.act(state))
    q = oracle.q(state)
    assert (q is None) == (oracle.kind != "exact")
    if q is not None:
        assert q.shape == (env.action_space.n,)
        assert q[oracle.act(state)] == q.max()


@every_world
def test_playing_the_oracle_earns_about_its_value(world_id):
    env, returns = make(world_id), []
    oracle = env.unwrapped.oracle()
    for seed in range(60):
        env.reset(seed=seed)
        returns.append(0.0)
        over = False
        while not over:
            _, reward, terminated, truncated, _ = env.step(oracle.act(env.unwrapped.get_state()))
            returns[-1] += reward
            over = terminated or truncated
    # 60 episodes: within 4 standard errors of the mean
    error = np.std(returns, ddof=1) / np.sqrt(60)
    assert abs(np.mean(returns) - oracle.value) <= 4 * error


@every_world
def test_returns_of_the_random_policy_lie_in_the_range_of_the_card(world_id):
    low, high = stored_card(world_id)["floor_range"]
    env = make(world_id)
    rng = np.random.default_rng(1)
    for seed in range(20):
        env.reset(seed=seed)
        total, over = 0.0, False
        while not over:
            _, reward, over, _, _ = env.step(int(rng.integers(env.action_space.n)))
            total += reward
        # other seeds than the card's 1024, so a little room on either side
        assert low - 0.5 * (high - low) <= total <= high + 0.5 * (high - low)


@every_world
def test_specs_are_json(world_id):
    env = short(world_id)
    again = gym.make(gym.envs.registration.EnvSpec.from_json(env.spec.to_json()))
    assert same(episode(again, 1), episode(short(world_id), 1))


@pytest.mark.slow
@every_world
def test_single_forms_run_in_other_processes(world_id):
    venv = gym.make_vec(
        world_id,
        2,
        vectorization_mode="async",
        vector_kwargs={"context": "spawn"},
        **SHORT.get(world_id, {}),
    )
    try:
        obs, _ = venv.reset(seed=3)
        assert same(obs[1], short(world_id).reset(seed=4)[0])
        obs, *_ = venv.step(np.array([0, 1]))
        assert venv.observation_space.contains(obs)
    finally:
        venv.close()
