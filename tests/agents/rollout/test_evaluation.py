import gymnasium as gym
import numpy as np
import pytest

import plaudit  # noqa: F401  registers the worlds
from plaudit.agents.rollout.conversation import Conversations
from plaudit.agents.rollout.evaluation import evaluate_conversations
from plaudit.envs.text import ByteTokenizer
from plaudit.envs.views import TextView
from plaudit.feedback.wrappers import HideReward
from tests.agents.talk_worlds.toys import saying, talks


def test_a_panel_is_played_a_few_at_a_time_and_told_in_order():
    # seeds 0 .. 4 have 1, 2, 3, 1, 2 turns, and every turn earns a point
    found = evaluate_conversations(saying(a=1.0), talks(2), seeds=range(5))
    assert found.true_return.tolist() == [1, 2, 3, 1, 2]
    assert found.turns.tolist() == [1, 2, 3, 1, 2]
    assert found.lengths.tolist() == [2, 4, 6, 2, 4]
    assert found.transcripts[1] == [
        ("world", "go"), ("policy", "a"), ("world", "+"), ("policy", "a"), ("world", "+"),
    ]  # fmt: skip
    assert found.summary() == {
        "true_return": 1.8, "kl": 0.0, "success": 0.0, "valid": 1.0, "turns": 1.8, "length": 3.6,
        "failed": 0.0,
    }  # fmt: skip


def test_a_failed_conversation_counts_with_what_it_had_earned():
    with pytest.warns(RuntimeWarning, match="failed"):
        found = evaluate_conversations(saying(a=0.5, x=0.5), talks(40), seeds=[2] * 40)
    earned = [sum(text == "+" for _, text in said) for said in found.transcripts]
    assert found.true_return.tolist() == earned
    assert found.summary()["failed"] == np.mean([any(t == "x" for _, t in said)
                                                 for said in found.transcripts])  # fmt: skip


def test_the_share_of_valid_turns_weighs_turns_not_batches():
    # batches of 2 conversations: the first has 1 + 2 turns, the second 3
    found = evaluate_conversations(saying(a=0.5, q=0.5), talks(2), seeds=range(3))
    said = [text for talk in found.transcripts for who, text in talk if who == "policy"]
    assert found.valid == pytest.approx(said.count("a") / 6)


def test_the_kl_is_that_of_what_was_written():
    policy, reference = saying(a=0.5, b=0.5), saying(a=0.8, b=0.2)
    found = evaluate_conversations(policy, talks(8), seeds=[0] * 8, reference=reference)
    # ln(0.5 / 0.8) = -0.470004 where it wrote a, ln(0.5 / 0.2) = 0.916291 where it wrote b
    expected = [-0.470004 if said[1][1] == "a" else 0.916291 for said in found.transcripts]
    np.testing.assert_allclose(found.kl, expected, atol=1e-5)
    assert len(set(expected)) == 2


def test_samples_are_json_and_show_who_spoke():
    sample = evaluate_conversations(saying(a=1.0), talks(), seeds=[1]).samples(3)
    assert sample == [
        {
            "prompt": "go",
            "answer": "\n> a\n+\n> a\n+",
            "paid": [],
            "true_return": 2.0,
            "status": "ended",
        }
    ]


def test_a_panel_needs_seeds_and_the_truth():
    with pytest.raises(ValueError, match="expected at least one seed"):
        evaluate_conversations(saying(a=1.0), talks(), seeds=[])

    def hidden():
        return HideReward(TextView(gym.make("plaudit/Tabular-v0"), news=True))

    blind = Conversations([hidden], ByteTokenizer(), max_new=2)
    with pytest.raises(ValueError, match="the truth is hidden"):
        evaluate_conversations(saying(a=1.0), blind, seeds=[0])
