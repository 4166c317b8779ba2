import functools

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode

from plaudit.envs.views import TextView
from plaudit.feedback import snapshot
from plaudit.feedback.wrappers import RecordSegments, VectorRecordSegments

NGRAM = {"id": "plaudit/TokenNgram-v0", "vocab": 3, "max_new": 5, "end_token": True}
MODES = [mode.value for mode in AutoresetMode]


def vector(mode, rows=3, length=None):
    venv = gym.make_vec(num_envs=rows, autoreset_mode=mode, **NGRAM)
    return VectorRecordSegments(venv, length, keep=500)


def plain_loop(rows, steps, seed, length):
    """Segments of each row as a plain loop over single forms notes them, row by row."""
    found = []
    for row in range(rows):
        env = gym.make(**NGRAM)
        rng = np.random.default_rng([seed, row])
        obs, over = env.reset(seed=seed + row)[0], True
        for _ in range(steps):
            if over:
                seen, acted, paid, start = [obs], [], [], 0
            action = int(rng.integers(3))
            obs, reward, over, _, _ = env.step(action)
            seen.append(obs)
            acted.append(action)
            paid.append(reward)
            if over or len(acted) == length:
                found.append((row, start, np.array(seen), acted, paid))
                seen, acted, paid, start = [obs], [], [], start + len(acted)
            if over:
                obs = env.reset()[0]
    return found


def recorded(mode, rows, steps, seed, length):
    """The same by the wrapper; every row plays `steps` steps of its own stream of actions."""
    env = vector(mode, rows, length)
    env.reset(seed=seed)
    rngs = [np.random.default_rng([seed, row]) for row in range(rows)]
    done, played, by_row = np.zeros(rows, bool), np.zeros(rows, int), []
    while played.min() < steps:
        live = ~done
        actions = np.array([int(rng.integers(3)) if live[i] else 0 for i, rng in enumerate(rngs)])
        _, _, terminated, truncated, _ = env.step(actions)
        newest = env.segments.newest(len(env.last_cut))
        cut = zip(env.last_cut.tolist(), newest.tolist(), strict=True)
        by_row += [(row, env.segments.segment(slot)) for row, slot in cut if played[row] < steps]
        played += live
        done = (terminated | truncated) if mode != "SameStep" else done
        if mode == "NextStep":
            done &= live
        if mode == "Disabled" and done.any():
            env.reset(options={"reset_mask": done})
            done = np.zeros(rows, bool)
    return sorted(by_row, key=lambda pair: pair[0])


@pytest.mark.parametrize("length", [None, 2])
@pytest.mark.parametrize("mode", MODES)
def test_every_mode_records_what_a_plain_loop_records(mode, length):
    expected = plain_loop(3, 40, 7, length)
    found = recorded(mode, 3, 40, 7, length)
    assert len(found) == len(expected) > 30
    for (row, segment), (row_, start, seen, acted, paid) in zip(found, expected, strict=True):
        assert (row, segment.ref.start) == (row_, start)
        np.testing.assert_array_equal(segment.obs, seen)
        assert segment.actions.tolist() == acted
        assert segment.rewards.tolist() == paid


def test_the_single_form_records_the_same():
    env = RecordSegments(gym.make(**NGRAM), length=2, keep=100)
    rng, over = np.random.default_rng([7, 0]), False
    env.reset(seed=7)
    for _ in range(40):
        if over:
            env.reset()
        over = env.step(int(rng.integers(3)))[2]
    expected = plain_loop(1, 40, 7, 2)
    assert len(env.segments) == len(expected)
    for slot, (_, start, seen, acted, paid) in enumerate(expected):
        segment = env.segments.segment(slot)
        assert segment.ref.start == start
        np.testing.assert_array_equal(segment.obs, seen)
        assert (segment.actions.tolist(), segment.rewards.tolist()) == (acted, paid)


def test_segments_of_one_episode_name_it():
    env = RecordSegments(gym.make("plaudit/TokenNgram-v0", max_new=5), length=2)
    for seed in range(2):
        env.reset(seed=seed)
        for _ in range(5):
            env.step(0)
    refs = [env.segments.segment(i).ref for i in range(6)]
    assert [(ref.episode, ref.start, ref.end) for ref in refs] == [
        *((0, 0, 2), (0, 2, 4), (0, 4, 5)),
        *((1, 0, 2), (1, 2, 4), (1, 4, 5)),
    ]
    assert {ref.env_id for ref in refs} == {"plaudit/TokenNgram-v0"}


def test_steps_and_infos_pass_through_untouched():
    plain = gym.make_vec(num_envs=2, autoreset_mode="SameStep", **NGRAM)
    env = vector("SameStep", rows=2)
    plain.reset(seed=0)
    env.reset(seed=0)
    for _ in range(6):
        ours, theirs = env.step(np.array([0, 1])), plain.step(np.array([0, 1]))
        for a, b in zip(ours[:4], theirs[:4], strict=True):
            np.testing.assert_array_equal(a, b)
        assert ours[4].keys() == theirs[4].keys()


@pytest.mark.parametrize("mode", MODES)
def test_a_restored_recorder_goes_on_bit_equal(mode, tmp_path):
    env, fresh = vector(mode, length=3), vector(mode, length=3)
    env.reset(seed=1)
    rng = np.random.default_rng(0)
    for _ in range(7):
        env.step(rng.integers(0, 3, 3))
    snapshot.save(tmp_path, env.get_state())
    fresh.set_state(snapshot.load(tmp_path))
    for actions in rng.integers(0, 3, (15, 3)):
        env.step(actions)
        fresh.step(actions)
    assert env.segments.total == fresh.segments.total > 0
    for slot in range(len(env.segments)):
        first, second = env.segments.segment(slot), fresh.segments.segment(slot)
        assert first.ref == second.ref
        np.testing.assert_array_equal(first.obs, second.obs)


def test_a_fresh_single_form_goes_on_from_a_saved_state():
    env, fresh = RecordSegments(gym.make(**NGRAM)), RecordSegments(gym.make(**NGRAM))
    env.reset(seed=1)
    env.step(0)
    fresh.set_state(env.get_state())
    for action in (0, 1, 0, 0):
        np.testing.assert_array_equal(env.step(action)[0], fresh.step(action)[0])
    assert fresh.segments.segment(0).actions.tolist() == [0, 0, 1, 0, 0]


def test_a_pool_too_small_for_the_rows_is_refused():
    with pytest.raises(ValueError, match="keep must be at least num_envs = 4, got 3"):
        VectorRecordSegments(gym.make_vec(num_envs=4, **NGRAM), keep=3)


@pytest.mark.parametrize("length", [None, 2])
@pytest.mark.parametrize("mode", ["single", "loop", *MODES])
def test_from_each_state_kept_the_world_goes_on_as_it_did(mode, length, tmp_path):
    settings = {"vectorization_mode": "sync"} if mode == "loop" else {"autoreset_mode": mode}
    if mode == "single":
        env = RecordSegments(gym.make(**NGRAM), length, states=True)
    else:
        env = VectorRecordSegments(
            gym.make_vec(num_envs=3, **settings, **NGRAM), length, states=True
        )
    rng, plain = np.random.default_rng(0), gym.make(**NGRAM).unwrapped
    env.reset(seed=3)
    for _ in range(9):
        _, _, over, *_ = env.step(rng.integers(0, 3, () if mode == "single" else 3))
        if mode in ("single", "Disabled") and np.any(over):
            env.reset(**({} if mode == "single" else {"options": {"reset_mask": over}}))
    snapshot.save(tmp_path, env._recorder.get_state())
    env._recorder.set_state(snapshot.load(tmp_path))
    assert len(env.segments) > 1
    for slot in range(len(env.segments)):
        segment = env.segments.segment(slot)
        for t, action in enumerate(segment.actions.tolist()):
            plain.set_state(segment.states[t])
            obs, reward, *_ = plain.step(action)
            np.testing.assert_array_equal(obs, segment.obs[t + 1])
            assert reward == segment.rewards[t]
            np.testing.assert_equal(plain.get_state(), segment.states[t + 1])
        assert segment.view().states is None


def test_states_handed_out_are_copies():
    env = RecordSegments(gym.make(**NGRAM), 1, states=True)
    env.reset(seed=0)
    env.step(0)
    env.segments.segment(0).states[0]["game"].clear()
    assert env.segments.segment(0).states[0]["game"]


def test_behind_words_the_numbers_of_the_world_are_kept_and_the_words_beside_them():
    env = RecordSegments(TextView(gym.make("plaudit/TwentyQuestions-v0")), length=3)
    plain = gym.make("plaudit/TwentyQuestions-v0")
    read = [env.reset(seed=0)[0]]
    numbers = [plain.reset(seed=0)[0]]
    said = ["is it alive?", "no", "could it possibly be bigger than a house?"]
    acts = [plain.unwrapped.parse("ask animal"), plain.unwrapped.parse("ask food")]
    for words in (plain.unwrapped.words(acts[0]), said[1], plain.unwrapped.words(acts[1])):
        read.append(env.step(words)[0])
    segment = env.segments.segment(0)
    numbers += [plain.step(acts[0])[0]]
    np.testing.assert_array_equal(segment.obs[:2], numbers)
    assert segment.actions.tolist() == [acts[0], -1, acts[1]]  # "no" is no question
    assert segment.text.startswith(f"{read[0]}\n> {plain.unwrapped.words(acts[0])}\n")
    assert segment.text.count(read[0]) == 1  # what was read before is not told again
    assert "\n> no\n" in segment.text


@pytest.mark.parametrize("rows", [None, 2])
def test_written_tokens_are_told_by_the_worlds_tokenizer(rows, tmp_path):
    world = {"id": "plaudit/Sentiment-v0", "max_bytes": 3}
    env = RecordSegments(gym.make(**world))
    if rows:
        env = VectorRecordSegments(gym.make_vec(num_envs=rows, **world))
    env.reset(seed=0)
    for letter in b"yes":
        env.step(letter if rows is None else np.full(rows, letter))
    told = [env.segments.segment(slot).text for slot in range(len(env.segments))]
    assert told == ["yes"] * (rows or 1)
    snapshot.save(tmp_path, env._recorder.get_state())
    env._recorder.set_state(snapshot.load(tmp_path))
    assert env.segments.segment(0).text == "yes"
    assert env.segments.segment(0).view().text == "yes"


@pytest.mark.parametrize("mode", ["single", "SameStep", "NextStep"])
def test_worlds_that_speak_are_retold_from_their_states(mode):
    single, game = gym.make("plaudit/Delivery-v0"), gym.make("plaudit/Delivery-v0").unwrapped
    env = RecordSegments(single, length=1, text=True)
    if mode != "single":
        venv = gym.make_vec("plaudit/Delivery-v0", 2, autoreset_mode=mode)
        env = VectorRecordSegments(venv, length=1, text=True)
    env.reset(seed=0)
    env.step(1 if mode == "single" else np.ones(2, int))
    game.reset(seed=0)
    first, done = game.says(), game.words(1)
    assert env.segments.segment(0).text.startswith(f"{first}\n> {done}\n")
    silent = RecordSegments(gym.make("plaudit/Delivery-v0"), length=1)
    silent.reset(seed=0)
    silent.step(1)
    assert silent.segments.segment(0).text is None


@pytest.mark.parametrize("mode", ["SameStep", "NextStep"])
def test_vectors_of_words_are_told_to_the_end_of_the_episode(mode):
    make = functools.partial(gym.make, "plaudit/TwentyQuestions-v0")
    venv = gym.vector.SyncVectorEnv([lambda: TextView(make())] * 2, autoreset_mode=mode)
    env = VectorRecordSegments(venv)
    first, _ = env.reset(seed=0)
    env.step(("guess dog", "ask animal"))
    segment = env.segments.segment(0)
    assert segment.text.startswith(f"{first[0]}\n> guess dog\n")
    assert segment.text != f"{first[0]}\n> guess dog\n{first[0]}"
    assert (segment.obs.shape, segment.actions.shape) == ((2, 0), (1, 0))


def test_words_of_a_world_without_any_are_refused_and_can_be_left_out():
    with pytest.raises(TypeError, match=r"text=True needs a world of words, .* got .*CartPole"):
        RecordSegments(gym.make("CartPole-v1"), text=True)
    with pytest.raises(ValueError, match="text must be True, False or None, got 'yes'"):
        RecordSegments(gym.make("CartPole-v1"), text="yes")
    env = RecordSegments(TextView(gym.make("plaudit/TwentyQuestions-v0")), 1, text=False)
    env.reset(seed=0)
    env.step("ask animal")
    assert env.segments.segment(0).text is None


@pytest.mark.parametrize("length", [2.5, True, "5", 0])
def test_a_length_that_is_no_number_of_steps_is_refused(length):
    with pytest.raises(ValueError, match="length must be an integer of at least 1 steps, got"):
        RecordSegments(gym.make(**NGRAM), length)
    with pytest.raises(ValueError, match="keep must be an integer of at least 2 segments, got"):
        VectorRecordSegments(gym.make_vec(num_envs=2, **NGRAM), keep=length)


def test_rows_that_rested_are_not_live():
    env = vector("NextStep", rows=2)
    env.reset(seed=0)
    lives = []
    for action in (0, 2, 0, 0):  # 2 is the end token
        env.step(np.array([action, 0]))
        lives.append(env.live.tolist())
    assert lives == [[True, True], [True, True], [False, True], [True, True]]


def test_a_vector_keeps_what_was_when_the_arrays_of_a_step_change_afterwards():
    env = VectorRecordSegments(gym.make_vec("CartPole-v1", 2, vectorization_mode="sync"), length=20)
    obs, _ = env.reset(seed=0)
    seen = [obs[0].copy()]
    for step in range(5):
        actions = np.array([step % 2, 1])
        obs, reward, terminated, truncated, _ = env.step(actions)
        seen.append(obs[0].copy())
        for array in (obs, actions, reward):
            array[:] = 0
        terminated[:] = truncated[:] = True  # nobody's episode is over
    env.reset()  # cuts what was done
    first = env.segments.segment(0)
    np.testing.assert_array_equal(first.obs, seen)
    assert first.actions.tolist() == [0, 1, 0, 1, 0]
    assert first.rewards.tolist() == [1.0] * 5


def test_a_vector_keeps_finer_actions_that_come_later():
    env = VectorRecordSegments(gym.make_vec("Pendulum-v1", 2))
    env.reset(seed=0)
    env.step(np.ones((2, 1), np.int64))
    env.step(np.full((2, 1), 0.5))
    env.reset()
    assert env.segments.segment(0).actions.tolist() == [[1.0], [0.5]]
