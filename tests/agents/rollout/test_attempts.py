import gymnasium as gym
import numpy as np
import pytest
import torch

import plaudit  # noqa: F401  registers the worlds
from plaudit.agents.policies.tiny_transformer import TinyTransformer
from plaudit.agents.rollout.play import play
from plaudit.agents.rollout.tokens import collect
from plaudit.envs.evaluate import make_rows
from plaudit.envs.text import ByteTokenizer
from plaudit.envs.vector import LoopVectorEnv
from plaudit.envs.views import TextView, TokenView
from plaudit.feedback.wrappers import VectorConstraint, VectorRecordSegments, VectorTeacherReward

CHECKLIST = "plaudit/TokenChecklist-v0"
GAME = {"attempts": 3, "max_new": 5, "constraints": 2}


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def world(rows=16, **settings):
    return make_rows(CHECKLIST, rows, **GAME, **settings)


def writer(env, **settings):
    spec = env.unwrapped.token_spec
    policy = TinyTransformer(
        spec.vocab_size, eos_id=spec.eos_id, pad_id=spec.pad_id, symbols=spec.pad_id, width=16,
        heads=2, context=env.observation_space.shape[1], **settings,
    )  # fmt: skip
    torch.nn.init.normal_(policy.output.weight, std=0.3, generator=rng())
    return policy


def test_a_row_is_what_the_single_form_shows_and_pays():
    env = world()
    rollout = play(writer(env), env, seeds=range(16), rng=rng())
    batch, single = rollout.batch, gym.make(CHECKLIST, **GAME)
    for i in range(16):
        obs, _ = single.reset(seed=i)
        said, mask = batch.tokens[i].tolist(), batch.action_mask[i].tolist()
        for token, chosen, reward in zip(said, mask, rollout.rewards[i].tolist(), strict=True):
            if chosen:
                obs, paid, over, _, _ = single.step(token)
                assert paid == pytest.approx(reward, abs=1e-6)
        assert over
        whole = [*batch.prompt_ids[i][batch.prompt_mask[i]].tolist(), *said]
        length = int(np.flatnonzero(mask)[-1]) + 1 + int(batch.prompt_mask[i].sum())
        assert whole[:length] == obs[obs != env.token_spec.pad_id].tolist()
    assert rollout.turns.max() == 2
    assert rollout.valid == 1.0


def test_log_probabilities_of_sampling_are_those_of_one_forward_pass():
    env = world()
    policy = writer(env)
    batch = play(policy, env, seeds=range(16), rng=rng()).batch
    torch.testing.assert_close(policy.logp(batch), batch.logp, atol=1e-5, rtol=1e-5)


def test_the_reply_to_an_attempt_is_heard_not_written():
    env = world()
    rollout = play(writer(env), env, seeds=range(16), rng=rng())
    words = env.tokenizer.words
    for i in range(16):
        mask = rollout.batch.action_mask[i]
        last = int(mask.nonzero()[-1])
        heard = [words[t] for t in rollout.batch.tokens[i, :last][~mask[:last]].tolist()]
        attempts = int(rollout.turns[i][mask].max()) + 1
        assert heard.count("again") == attempts - 1
        assert rollout.rewards[i][~mask].abs().sum() == 0


def test_answers_to_the_same_prompt_begin_in_the_same_state():
    env = world(4)
    rollout = play(writer(env), env, seeds=[5, 5, 6, 6], rng=rng())
    first = rollout.states[:, 0].tolist()
    assert first[0] == first[1] != first[2] == first[3]
    assert rollout.groups.tolist() == [0, 0, 1, 1]


def test_wrappers_pay_what_they_pay_and_the_truth_is_logged():
    env = VectorTeacherReward(VectorRecordSegments(world(8)), "oracle")
    rollout = play(writer(env), env, seeds=range(8), rng=rng())
    plain = play(writer(world(8)), world(8), seeds=range(8), rng=rng())
    assert torch.equal(rollout.true_scores, plain.rewards.sum(1))
    assert not torch.equal(rollout.rewards, plain.rewards)


def test_greedy_answers_do_not_depend_on_the_generator():
    env = world()
    tokens = [
        play(writer(env), env, seeds=range(16), rng=rng(seed), greedy=True).batch.tokens
        for seed in (0, 1)
    ]
    assert torch.equal(*tokens)


def test_whole_answers_are_for_one_turn():
    with pytest.raises(ValueError, match="expected one turn, got 3"):
        collect(writer(world()), world(), seeds=range(16), rng=rng())


def test_a_window_that_forgets_is_refused():
    def make():
        spoken = TextView(gym.make("plaudit/RepeatedRPS-v0", disable_env_checker=True))
        return TokenView(spoken, ByteTokenizer(), max_new=2)

    env = LoopVectorEnv([make] * 2, "Disabled")
    policy = TinyTransformer(258, eos_id=256, pad_id=257, context=400)
    with pytest.raises(ValueError, match=r"does not keep what was said .* through Conversations"):
        play(policy, env, seeds=[0, 1], rng=rng())


@pytest.mark.parametrize("setting", [{"backspace": True}, {"macro": 2}])
def test_a_backspace_and_macro_actions_stay_refused(setting):
    env = make_rows(CHECKLIST, 2, **setting)
    with pytest.raises(ValueError, match="must have no backspace and no macro actions"):
        play(TinyTransformer(13), env, seeds=[0, 1], rng=rng())


def test_what_a_world_of_several_turns_costs_is_told_token_by_token():
    game = {"turns": 2, "max_new": 3, "reward_at": "token", "length_cost": 0.5}
    plain = make_rows("plaudit/TokenSafe-v0", 32, **game)
    priced = VectorConstraint(
        make_rows("plaudit/TokenSafe-v0", 32, **game), {"component": "length"}
    )
    seen, step = [], priced.step
    priced.step = lambda actions: seen.append(step(actions)) or seen[-1]
    policy = writer(plain)
    assert play(policy, plain, seeds=range(32), rng=rng()).costs is None
    rollout = play(policy, priced, seeds=range(32), rng=rng())
    whole = sum(info["cost"] for *_, info in seen)
    np.testing.assert_allclose(rollout.costs.sum(1), whole, atol=1e-6)
    # what is written in either turn costs, what is heard does not
    turns = rollout.turns[rollout.costs > 0]
    assert set(turns.tolist()) == {0, 1}
    assert not (rollout.costs[~rollout.batch.action_mask] != 0).any()


def test_later_turns_are_states_by_all_that_was_seen_before():
    env = world(64)
    rollout = play(writer(env), env, seeds=[7] * 64, rng=rng())
    seen = {}
    for i in range(64):
        mask, said = rollout.batch.action_mask[i], rollout.batch.tokens[i].tolist()
        for turn in range(int(rollout.turns[i][mask].max()) + 1):
            places = (mask & (rollout.turns[i] == turn)).nonzero()[:, 0].tolist()
            states = {int(rollout.states[i, place]) for place in places}
            assert len(states) == 1
            seen.setdefault(tuple(said[: places[0]]), set()).update(states)
    assert all(len(states) == 1 for states in seen.values())  # the same seen, the same number
    assert len(set.union(*seen.values())) == len(seen) > 64  # and another one for anything else
