import gymnasium as gym
import pytest
import torch

import plaudit  # noqa: F401  registers the worlds
from plaudit.agents.rollout.conversation import Conversations
from plaudit.agents.rollout.template import chat_template
from plaudit.agents.rollout.turns import collect_turns
from plaudit.envs.text import ByteTokenizer
from plaudit.envs.views import TextView, hf_tokenizer
from plaudit.feedback.wrappers import Constraint, HideReward, RecordSegments, TeacherReward
from tests.agents.talk_worlds.toys import END, PAD, Letters, saying, talks, tiny

PLUS = list(b"+\n")
WORLDS = ("plaudit/RepeatedRPS-v0", "plaudit/Tabular-v0", "plaudit/TokenChecklist-v0")


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def collect(policy, conversations, seeds, **settings):
    return collect_turns(policy, conversations, seeds=seeds, rng=rng(), **settings)


def test_a_row_interleaves_what_was_written_and_heard():
    # seed 2: 1 + 2 % 3 = 3 turns
    rollout = collect(saying(a=1.0), talks(), [2])
    batch, a = rollout.batch, [ord("a"), END]
    assert batch.prompt_ids.tolist() == [list(b"go\n")]
    assert batch.tokens.tolist() == [[*a, *PLUS, *a, *PLUS, *a]]
    assert batch.action_mask.int().tolist() == [[1, 1, 0, 0, 1, 1, 0, 0, 1, 1]]
    assert rollout.rewards.tolist() == [[0, 1, 0, 0, 0, 1, 0, 0, 0, 1]]
    assert rollout.turns[batch.action_mask].tolist() == [0, 0, 1, 1, 2, 2]
    assert batch.status == ("ended",)
    assert rollout.true_scores.tolist() == [3.0]


def test_equal_things_seen_are_equal_states_across_rows():
    # "go" at first, then "+" or "-"
    rollout = collect(saying(a=0.5, b=0.5), talks(32), [2] * 32)
    mask = rollout.batch.action_mask
    seen = {}
    for row in range(32):
        said = [text for who, text in rollout.info["transcript"][row] if who == "world"]
        states = rollout.states[row][mask[row]].tolist()
        assert states[0::2] == states[1::2]  # both tokens of a turn
        for text, state in zip(said, states[0::2], strict=False):
            seen.setdefault(text, set()).add(state)
    assert {text: len(states) for text, states in seen.items()} == {"go": 1, "+": 1, "-": 1}
    assert len(set.union(*seen.values())) == 3


def test_rows_end_where_their_worlds_end():
    rollout = collect(saying(a=1.0), talks(4), [0, 1, 2, 2])
    assert rollout.batch.action_mask.sum(1).tolist() == [2, 4, 6, 6]
    assert rollout.groups.tolist() == [0, 1, 2, 2]
    assert rollout.batch.tokens[0].tolist() == [ord("a"), END, *[PAD] * 8]


@pytest.mark.parametrize("world", WORLDS)
def test_log_probabilities_of_sampling_are_those_of_one_forward_pass(world):
    def make():
        return TextView(gym.make(world, disable_env_checker=True), news=True)

    # rows of very different lengths, so that the cache has holes
    conversations = Conversations([make] * 6, ByteTokenizer(), max_new=5, max_turns=4)
    policy = tiny(context=2400)
    rollout = collect(policy, conversations, [1, 1, 2, 2, 3, 3])
    assert len(set(rollout.batch.action_mask.sum(1).tolist())) > 1
    torch.testing.assert_close(policy.logp(rollout.batch), rollout.batch.logp, atol=1e-5, rtol=1e-5)


def test_log_probabilities_of_a_table_are_those_of_the_table():
    policy = saying(a=0.25, b=0.75)
    rollout = collect(policy, talks(8), [2] * 8)
    torch.testing.assert_close(policy.logp(rollout.batch), rollout.batch.logp, atol=1e-6, rtol=0)
    chosen = rollout.batch.tokens == ord("a")
    # ln 0.25 = -1.386294
    torch.testing.assert_close(
        rollout.batch.logp[chosen], torch.full((int(chosen.sum()),), -1.386294)
    )


def test_a_world_that_raises_takes_only_its_own_row_with_it():
    with pytest.warns(
        RuntimeWarning, match=r"conversation \d+ failed: the world raised RuntimeError"
    ):
        rollout = collect(saying(a=0.7, x=0.3), talks(16), [2] * 16)
    failed = [status == "failed" for status in rollout.batch.status]
    assert any(failed)
    assert not all(failed)
    for row, bad in enumerate(failed):
        assert rollout.batch.action_mask[row].any().item() is not bad
        earned = sum(text == "+" for _, text in rollout.info["transcript"][row])
        assert rollout.rewards[row].sum() == (0 if bad else 3)
        assert rollout.true_scores[row] == earned  # known, but nothing to learn from
        assert ("broken by an x" in rollout.info["failure"][row]) is bad


def test_a_conversation_that_outgrows_the_context_fails():
    # prompt 3, turn 2, reply 2: 7 + 2 = 9 fit in 10; then 7 + 2 + 2 + 2 = 13 do not
    with pytest.warns(RuntimeWarning, match="context of 10 tokens ran over in turn 3"):
        rollout = collect(saying(a=1.0), talks(2, max_context=10), [1, 2])
    assert rollout.batch.status == ("ended", "failed")  # seed 1 needs two turns only


def test_the_policys_own_context_counts_too():
    with pytest.warns(RuntimeWarning, match="context of 12 tokens"):
        rollout = collect(tiny(context=12), talks(4, max_new=4), [2] * 4)
    assert "failed" in rollout.batch.status


def test_a_first_text_that_leaves_no_room_is_an_error():
    with pytest.raises(ValueError, match=r"prompt of 3 tokens and a turn of 2 exceed .* 4 tokens"):
        collect(saying(a=1.0), talks(max_context=4), [0])


def test_a_conversation_may_be_cut():
    rollout = collect(saying(a=1.0), talks(2, max_turns=2), [1, 2])
    assert rollout.batch.status == ("ended", "length")
    assert rollout.rewards.sum(1).tolist() == [2.0, 2.0]


def test_the_share_of_readable_turns_is_told():
    rollout = collect(saying(a=0.5, q=0.5), talks(200), [0] * 200)
    said = [text for talk in rollout.info["transcript"] for who, text in talk if who == "policy"]
    assert rollout.valid == said.count("a") / 200


def test_a_turn_that_reaches_its_limit_is_closed_for_it():
    rollout = collect(saying(a=1.0), talks(max_new=1), [1])
    # "a" has no room for its end: the line break in front of "+" is read, not written
    assert rollout.batch.tokens[0].tolist() == [ord("a"), *b"\n+\n", ord("a")]
    assert rollout.batch.action_mask[0].tolist() == [True, False, False, False, True]


def test_the_same_generator_gives_the_same_conversations():
    first, second = (collect(tiny(), talks(4, max_new=3), [2] * 4) for _ in range(2))
    assert torch.equal(first.batch.tokens, second.batch.tokens)
    greedy = collect(tiny(), talks(4, max_new=3), [2] * 4, greedy=True)
    assert all(torch.equal(row, greedy.batch.tokens[0]) for row in greedy.batch.tokens)


def test_wrappers_pay_what_they_pay_and_the_truth_is_logged():
    def make(hide=False):
        world = gym.make("plaudit/Tabular-v0", instance="recoverable", disable_env_checker=True)
        recorded = RecordSegments(TextView(world, news=True))
        return TeacherReward(HideReward(recorded) if hide else recorded, "oracle")

    conversations = Conversations([make] * 4, ByteTokenizer(), max_new=3)
    rollout = collect(tiny(), conversations, [1] * 4)
    # three texts that cannot be read: 3 * -0.1 and the episode is over
    torch.testing.assert_close(rollout.true_scores, torch.full((4,), -0.3))
    assert rollout.rewards.sum() != pytest.approx(-1.2)
    hidden = Conversations([lambda: make(hide=True)] * 4, ByteTokenizer(), max_new=3)
    assert collect(tiny(), hidden, [1] * 4).true_scores is None


def test_what_a_conversation_costs_is_told_turn_by_turn():
    class Dear(Letters):
        def step(self, action):
            *rest, info = super().step(action)
            return *rest, info | {"price": 1.0 + self.left}

    dear = lambda: Constraint(Dear(), {"info": "price"})  # noqa: E731
    rollout = collect(saying(a=1.0), talks(2, world=dear), [2, 0])
    # turns of two letters with 2, 1 and 0 left cost 3, 2 and 1; heard replies cost nothing
    assert rollout.costs.tolist() == [[0, 3, 0, 0, 0, 2, 0, 0, 0, 1], [0, 1, *[0] * 8]]
    assert collect(saying(a=1.0), talks(), [2]).costs is None


@pytest.mark.slow
@pytest.mark.smollm2
def test_smollm2_scores_what_it_said_in_a_conversation():
    from plaudit import agents

    policy = agents.policy("smollm2")

    def make():
        world = gym.make("plaudit/RepeatedRPS-v0", rounds=3, disable_env_checker=True)
        return TextView(world, news=True)

    template = chat_template(policy.tokenizer, "Say rock, paper or scissors.")
    conversations = Conversations(
        [make] * 4, hf_tokenizer(policy.tokenizer), max_new=5, template=template
    )
    rollout = collect(policy, conversations, [1, 1, 2, 2])
    assert len(set(rollout.batch.action_mask.sum(1).tolist())) > 1
    gap = (policy.logp(rollout.batch) - rollout.batch.logp).abs()[rollout.batch.action_mask]
    # logits of 20 and more have rounding errors of 2e-6 each in float32
    assert gap.mean() < 1e-5
    assert gap.max() < 1e-4
