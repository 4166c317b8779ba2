import functools

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode

from plaudit import feedback
from plaudit.envs.text import ByteTokenizer
from plaudit.envs.views import TextView, TokenView
from plaudit.feedback import queries, snapshot
from plaudit.feedback.loop import PreferenceLoop, Schedule
from plaudit.feedback.segments import SegmentPool
from plaudit.feedback.wrappers import (
    LearnedReward,
    RecordSegments,
    VectorLearnedReward,
    VectorRecordSegments,
)
from plaudit.feedback.wrappers.model_shape import model_shape

MODEL = {"name": "bradley_terry", "width": 8, "members": 2, "epochs": 2, "holdout": 0.0}
BUDGET = {"labels": 25, "labels_per_round": 10, "segments_per_round": 8}
MODES = [mode.value for mode in AutoresetMode]


def single(world_id="plaudit/TokenNgram-v0", length=None, teacher="oracle", **settings):
    recorded = RecordSegments(gym.make(world_id, **settings), length)
    return LearnedReward(recorded, teacher, MODEL, **BUDGET)


def vector(mode="SameStep", teacher="oracle", rows=4, **settings):
    settings = {"max_new": 3, "vocab": 4, "end_token": True, **settings}
    venv = gym.make_vec("plaudit/TokenNgram-v0", rows, autoreset_mode=mode, **settings)
    return VectorLearnedReward(VectorRecordSegments(venv), teacher, MODEL, **BUDGET)


def play(env, steps, seed=0):
    """Random steps of a single environment; what each of them returned."""
    env.action_space.seed(seed)
    shown, over = [], True
    for _ in range(steps):
        if over:
            env.reset(seed=seed) if not shown else env.reset()
        shown.append(env.step(env.action_space.sample()))
        over = shown[-1][2] or shown[-1][3]
    return shown


@pytest.mark.parametrize("world_id", ["Pendulum-v1", "CartPole-v1", "plaudit/TokenNgram-v0"])
def test_it_drives_itself_on_any_world_and_asks_exactly_its_budget(world_id):
    env = single(world_id, length=10)
    shown = play(env, 500)
    # 25 labels in rounds of 10, 10 and 5
    assert (env.loop.asked, env.loop.fits, len(env.loop.buffer)) == (25, 3, 25)
    assert all(type(reward) is float for _, reward, *_ in shown)
    assert {reward for _, reward, *_ in shown[:50]} == {0.0}


@pytest.mark.parametrize("world_id", ["Pendulum-v1", "CartPole-v1"])
@pytest.mark.parametrize("mode", ["SameStep", "NextStep", "native"])
def test_it_drives_itself_on_foreign_vectors(world_id, mode):
    if mode == "native":
        venv = gym.make_vec(world_id, 4)
    else:
        kwargs = {"autoreset_mode": mode}
        venv = gym.make_vec(world_id, 4, vectorization_mode="sync", vector_kwargs=kwargs)
    env = VectorLearnedReward(VectorRecordSegments(venv, length=10), "oracle", MODEL, **BUDGET)
    env.reset(seed=0)
    env.action_space.seed(0)
    for _ in range(150):
        _, reward, _, _, info = env.step(env.action_space.sample())
        assert reward.shape == info["true_reward"].shape == (4,)
    assert (env.loop.asked, env.loop.fits) == (25, 3)


def test_the_truth_is_in_the_info_for_evaluators_only():
    env, plain = single(max_new=4), gym.make("plaudit/TokenNgram-v0", max_new=4)
    for ours, theirs in zip(play(env, 30), play(plain, 30), strict=True):
        assert ours[4]["true_reward"] == theirs[1]
        assert ours[4]["eval"] == theirs[4]
        assert not ours[4].keys() & theirs[4].keys()


def test_neither_samplers_nor_the_buffer_see_true_rewards(monkeypatch):
    seen, uniform = [], queries.uniform

    def spy(count, size):
        def sample(candidates, model, rng):
            seen.extend(candidates)
            return uniform(count, size)(candidates, model, rng)

        return sample

    monkeypatch.setattr(queries, "uniform", spy)
    env = single()
    play(env, 500)
    kept = [segment for row in env.loop.buffer for segment in row.query.segments]
    assert seen
    assert kept
    assert {segment.rewards for segment in [*seen, *kept]} == {None}
    assert {s["rewards"] for s in env.loop.get_state()["buffer"]["segments"]} == {None}


def test_the_truth_of_vectors_is_in_the_info_final_ones_included():
    env = vector(end_token=False)
    plain = gym.make_vec("plaudit/TokenNgram-v0", 4, max_new=3, vocab=4)
    plain.reset(seed=1)
    env.reset(seed=1)
    for actions in np.random.default_rng(0).integers(0, 4, (6, 4)):
        ours, theirs = env.step(actions)[4], plain.step(actions)
        assert ours["true_reward"].tolist() == theirs[1].tolist()
        assert ours["eval"]["outcome"].tolist() == theirs[4]["outcome"].tolist()
        assert ("final_info" in ours) == ("final_info" in theirs[4])
    final, expected = ours["final_info"], theirs[4]["final_info"]
    assert final["eval"]["success"].tolist() == expected["success"].tolist()
    assert "outcome" not in final


def test_the_reward_is_the_models_opinion_of_what_was_seen_and_done():
    env = single(max_new=4)
    play(env, 200)
    obs, _ = env.reset(seed=5)
    for action in (3, 1, 2, 0):
        expected = env.loop.model.predict(obs[None, None], np.array([[action]]))[0][0, 0]
        obs, reward, *_ = env.step(action)
        assert reward == expected
    assert env.loop.fits == 3


def test_rows_of_a_vector_are_paid_as_the_single_form():
    env = vector(rows=3, end_token=False)
    rng = np.random.default_rng(0)
    obs, _ = env.reset(seed=0)
    for _ in range(60):
        obs, *_ = env.step(rng.integers(0, 4, 3))
    for _ in range(5):
        actions = rng.integers(0, 4, 3)
        expected = env.loop.model.predict(obs[:, None], actions[:, None])[0][:, 0]
        obs, reward, *_ = env.step(actions)
        assert reward.tolist() == expected.tolist()
    assert np.ptp(reward) > 0


@pytest.mark.parametrize("mode", ["NextStep", "Disabled"])
def test_rows_that_did_not_play_are_paid_nothing(mode):
    env = vector(mode)
    rng = np.random.default_rng(0)
    env.reset(seed=0)
    over, paid = np.zeros(4, bool), []
    for _ in range(100):
        _, reward, terminated, _, _ = env.step(rng.integers(0, 4, 4))
        assert reward[over].tolist() == [0.0] * int(over.sum())
        paid += reward[~over].tolist()
        over = terminated
        if mode == "Disabled" and over.all():
            env.reset()
            over = np.zeros(4, bool)
        elif mode == "Disabled" and over[0]:
            env.reset(options={"reset_mask": over})
            over = np.zeros(4, bool)
    assert any(paid)


@pytest.mark.parametrize("mode", MODES)
def test_a_restored_vector_goes_on_bit_equal(mode, tmp_path):
    env, fresh = vector(mode, "noisy_person"), vector(mode, "noisy_person")
    rng = np.random.default_rng(0)
    env.reset(seed=0)
    for _ in range(12):
        env.step(rng.integers(0, 4, 4))
        if mode == "Disabled":
            env.reset(seed=int(rng.integers(99)))
    snapshot.save(tmp_path, env.get_state())
    fresh.set_state(snapshot.load(tmp_path))
    asked = env.loop.asked
    assert asked < 25 or mode == "Disabled"
    for actions in rng.integers(0, 4, (40, 4)):
        ours, theirs = env.step(actions), fresh.step(actions)
        for a, b in zip(ours[:4], theirs[:4], strict=True):
            np.testing.assert_array_equal(a, b)
        if mode == "Disabled" and ours[2].all():
            env.reset(seed=3)
            fresh.reset(seed=3)
    assert env.loop.asked == fresh.loop.asked == 25
    assert env.loop.fit_stats == fresh.loop.fit_stats


def test_a_restored_single_form_goes_on_bit_equal(tmp_path):
    env, fresh = single(max_new=3), single(max_new=3)
    play(env, 40)
    snapshot.save(tmp_path, env.get_state())
    fresh.set_state(snapshot.load(tmp_path))
    first, second = (finish(both) for both in (env, fresh))
    assert first == second
    assert env.loop.asked == fresh.loop.asked == 25


def finish(env):
    """Rewards of 60 more steps, from the middle of an episode."""
    rewards, over = [], False
    rng = np.random.default_rng(1)
    for _ in range(60):
        if over:
            env.reset()
        _, reward, over, _, info = env.step(int(rng.integers(16)))
        rewards += [reward, info["true_reward"]]
    return rewards


def test_it_learns_the_sign_of_the_truth():
    # Stretches of five steps of Pendulum, where the reward is minus a cost, compared once.
    recorded = RecordSegments(gym.make("Pendulum-v1"), length=5)
    model = {"name": "bradley_terry", "members": 1, "width": 32, "lr": 0.01, "holdout": 0.0}
    schedule = {"labels": 150, "labels_per_round": 150, "segments_per_round": 150}
    env = LearnedReward(recorded, "oracle", model, **schedule)
    play(env, 760)
    shown = play(env, 300, seed=1)
    assert env.loop.fits == 1
    learned, true = zip(*[(s[1], s[4]["true_reward"]) for s in shown], strict=True)
    assert np.corrcoef(learned, true)[0, 1] > 0.5


def test_the_model_is_shaped_by_the_outermost_token_view():
    tokens = {"kind": "tokens", "vocab_size": 16, "pad_id": 16}
    world = gym.make("plaudit/TokenNgram-v0")
    assert model_shape(world) == tokens
    assert model_shape(gym.make_vec("plaudit/TokenNgram-v0", 2)) == tokens
    sync = gym.make_vec("plaudit/TokenNgram-v0", 2, vectorization_mode="sync")
    assert model_shape(sync) == tokens
    view = TokenView(TextView(world), ByteTokenizer(), max_new=4)
    assert model_shape(view) == {"kind": "tokens", "vocab_size": 258, "pad_id": 257}
    shape = {"kind": "vectors", "obs_dim": 4, "action_dim": 2}
    assert model_shape(gym.make("CartPole-v1")) == shape
    shape = {"kind": "vectors", "obs_dim": 3, "action_dim": 1}
    assert model_shape(gym.make_vec("Pendulum-v1", 2)) == shape


def test_worlds_whose_spaces_no_model_reads_are_refused_with_what_helps():
    with pytest.raises(TypeError, match=r"FlattenObservation, inside RecordSegments, makes many"):
        single("FrozenLake-v1")
    words = RecordSegments(TextView(gym.make("plaudit/TwentyQuestions-v0")))
    with pytest.raises(TypeError, match=r"put a TokenView or a ByteView around .*, inside Record"):
        LearnedReward(words)


@pytest.mark.parametrize(
    "change",
    [
        lambda env: gym.wrappers.RescaleObservation(env, np.float32(-1), np.float32(1)),
        lambda env: gym.wrappers.TransformAction(env, lambda a: -a, env.action_space),
        gym.wrappers.TimeAwareObservation,
    ],
)
def test_what_changes_between_recorder_and_model_is_refused(change):
    between = change(RecordSegments(gym.make("Pendulum-v1")))
    with pytest.raises(TypeError, match=rf"{type(between).__name__} .* inside RecordSegments"):
        LearnedReward(between)
    LearnedReward(RecordSegments(change(gym.make("Pendulum-v1"))), model=MODEL)
    scaled = gym.wrappers.TransformReward(RecordSegments(gym.make("Pendulum-v1")), lambda r: 2 * r)
    LearnedReward(scaled, model=MODEL)


def test_what_changes_between_a_vectors_recorder_and_its_model_is_refused():
    venv = VectorRecordSegments(gym.make_vec("CartPole-v1", 2, vectorization_mode="sync"))
    with pytest.raises(TypeError, match=r"NormalizeObservation .* inside RecordSegments"):
        VectorLearnedReward(gym.wrappers.vector.NormalizeObservation(venv))


def test_the_state_of_another_loop_is_refused_before_anything_is_applied():
    env = single(max_new=3)
    play(env, 20)
    for other in (
        single(max_new=3, teacher="coin_flip"),
        single(max_new=3, vocab=4),
        single("plaudit/Delivery-v0"),
    ):
        before = env.get_state()
        other.reset(seed=5)
        with pytest.raises(ValueError, match="the state is that of a loop of"):
            env.set_state(other.get_state())
        np.testing.assert_equal(env.get_state()["loop"]["asked"], before["loop"]["asked"])
        np.testing.assert_equal(env.get_state()["env"], before["env"])


def test_a_state_of_other_parts_is_refused_before_anything_is_applied():
    env = single(max_new=3)
    env.reset(seed=0)
    state = env.get_state()
    state["loop"]["teacher"] = {"rng": None}
    with pytest.raises(ValueError, match=r"the state of 'oracle' should hold .* got \['rng'\]"):
        env.set_state(state)
    with pytest.raises(ValueError, match="the state is that of a loop of None"):
        env.set_state({})


def test_a_question_about_fewer_steps_than_segments_have_is_refused():
    mark = {"kind": "mark", "steps": 3}
    with pytest.raises(ValueError, match=r"'mark' asks about 3 steps, .* segments of 5 steps"):
        LearnedReward(RecordSegments(gym.make("Pendulum-v1"), 5), ask=mark, model=MODEL)
    with pytest.raises(ValueError, match=r"cuts whole episodes; give it length=3"):
        LearnedReward(RecordSegments(gym.make("Pendulum-v1")), ask=mark, model=MODEL)
    LearnedReward(RecordSegments(gym.make("Pendulum-v1"), 3), ask=mark, model=MODEL)


def test_a_round_needs_two_segments_and_one_is_no_pair():
    loop = PreferenceLoop(
        "oracle", MODEL, Schedule(labels=3, segments_per_round=1), shape(), seed=0
    )
    pool, row = SegmentPool(8, "test"), np.zeros((1, 2, 3), np.int16)
    for _ in range(3):
        actions, rewards = np.zeros((1, 1), int), np.zeros((1, 1))
        pool.add(row, actions, rewards, np.zeros(1, int), np.zeros(1, int))
        loop.update(pool)
    # one segment is no pair; of two, and then of the newest two, there is one pair each
    assert loop.asked == 2


def shape():
    return {"kind": "tokens", "vocab_size": 4, "pad_id": 4}


@pytest.mark.parametrize("name", ["labels", "labels_per_round", "segments_per_round"])
@pytest.mark.parametrize("value", [0, 10.5, "20", True])
def test_a_schedule_out_of_range_is_refused(name, value):
    with pytest.raises(ValueError, match=f"{name} must be an integer of at least 1, got"):
        Schedule(**{name: value})


def test_a_question_that_is_only_a_name_is_refused_with_its_form():
    with pytest.raises(TypeError, match=r"an ask is \{'kind': ..., setting: ...\}, got 'rate'"):
        Schedule(ask="rate")


def test_unknown_names_are_named_with_the_nearest():
    with pytest.raises(KeyError, match="did you mean 'oracle'"):
        single(teacher="orcale")
    with pytest.raises(TypeError, match="a teacher is a name or"):
        single(teacher={"nam": "oracle"})
    with pytest.raises(KeyError, match="did you mean 'uniform'"):
        Schedule(sampler="unifrom")
    with pytest.raises(TypeError, match="'label_per_round'; did you mean 'labels_per_round'"):
        LearnedReward(RecordSegments(gym.make("Pendulum-v1")), label_per_round=3)


def test_a_step_before_the_first_reset_is_the_worlds_error():
    with pytest.raises(gym.error.ResetNeeded):
        single().step(0)
    with pytest.raises(RuntimeError, match="before the first reset"):
        vector().step(np.zeros(4, int))


def test_a_teacher_that_is_no_spec_is_refused():
    env = RecordSegments(gym.make("plaudit/TokenNgram-v0"))
    with pytest.raises(TypeError, match=r"a teacher is a name or \{'name'.*, got <.*Simulated"):
        LearnedReward(env, teacher=feedback.make("oracle"))


def test_forked_rows_learn_after_torch_has_used_threads_in_the_parent():
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        torch.randn(512, 512) @ torch.randn(512, 512)
        rows = [functools.partial(single, max_new=3)] * 2
        env = gym.vector.AsyncVectorEnv(rows, context="fork")
        env.reset(seed=0)
        paid = []
        for _ in range(60):
            env.step_async(env.action_space.sample())
            paid.append(env.step_wait(timeout=60)[1])
        env.close()
    finally:
        torch.set_num_threads(threads)
    assert not paid[0].any()
    assert all(rewards.any() for rewards in np.array(paid[-20:]).T)


@pytest.mark.parametrize(("holdout", "said"), [(0.5, True), (0.0, False)])
def test_a_budget_that_taught_nothing_is_said_so(holdout, said, caplog):
    recorded = RecordSegments(gym.make("plaudit/TokenNgram-v0"), 4)
    model = {**MODEL, "holdout": holdout}
    env = LearnedReward(recorded, "coin_flip", model, **BUDGET)
    play(env, 200)
    assert env.loop.asked == 25
    assert ("it pays 0" in caplog.text) == said
