import gymnasium as gym
import numpy as np
import pytest
import torch

from plaudit.agents.policies.actor_critic import ActorCritic
from plaudit.agents.policies.tiny_transformer import TinyTransformer
from plaudit.agents.trainers.samples import Demonstrations, samples, tokenise, trimmed
from plaudit.envs.text import ByteTokenizer

BYTES = ByteTokenizer()
TEXTS = [("ab", "c"), ("d", "efg"), ("", "h")]
SPACES = (gym.spaces.Box(-1, 1, (2,)), gym.spaces.Discrete(3))


def writer(**settings):
    small = {"layers": 1, "width": 8, "heads": 2, "context": 8, "eos_id": 256, "pad_id": 257}
    return TinyTransformer(258, **small | settings)


def actor():
    return ActorCritic(*SPACES, hidden=(4,))


def steps(count=3, **parts):
    given = {"obs": np.zeros((count, 2), np.float32), "actions": np.zeros(count, np.int64)}
    return Demonstrations(**given | parts)


def test_texts_become_tokens_with_an_end_behind_each():
    batch = tokenise(TEXTS, BYTES, writer())
    a = ord("a")
    assert batch.prompt_ids.tolist() == [[a, a + 1], [257, a + 3], [257, 257]]
    assert batch.prompt_mask.tolist() == [[True, True], [False, True], [False, False]]
    expected = [[a + 2, 256, 257, 257], [a + 4, a + 5, a + 6, 256], [a + 7, 256, 257, 257]]
    assert batch.tokens.tolist() == expected
    assert batch.action_mask.sum(1).tolist() == [2, 4, 2]
    assert batch.status == ("ended",) * 3


def test_without_an_end_token_answers_just_stop():
    class Endless(ByteTokenizer):
        eos_id = None

    batch = tokenise(TEXTS, Endless(), writer(eos_id=None))
    assert batch.action_mask.sum(1).tolist() == [1, 3, 1]
    assert batch.status == ("length",) * 3


def test_rows_are_scored_as_the_policy_does_whatever_padding_they_share():
    policy = writer(seed=1)
    with torch.no_grad():
        policy.output.weight.normal_()
    data = tokenise(TEXTS, BYTES, policy)
    told = samples(policy, data).told(torch.tensor([0, 2]))
    torch.testing.assert_close(told["logp"], policy.logp(data)[[0, 2]])
    assert told["logp"].shape == told["entropy"].shape == (2, 4)
    assert trimmed(data.rows(torch.tensor([0, 2]))).tokens.shape == (2, 2)
    assert trimmed(data.rows(torch.tensor([2]))).prompt_ids.shape == (1, 0)


def test_demonstrated_steps_are_scored_one_position_each():
    policy, masks = actor(), np.array([[1, 1, 0]] * 3)
    data = samples(policy, steps(masks=masks))
    # outputs start near 0, so that each of the two legal actions has odds 1 / 2: ln 2 = 0.6931
    told = data.told(torch.tensor([2, 0]))
    torch.testing.assert_close(told["logp"], torch.full((2, 1), -0.6931), atol=0.02, rtol=0)
    assert (len(data), data.mask.shape) == (3, (3, 1))


def test_hugging_faces_tokenizers_are_taken_as_they_are():
    class Theirs:
        eos_token_id = pad_token_id = 256

        def __len__(self):
            return 258

        def get_vocab(self):
            return {"a": 0}

        def encode(self, text, add_special_tokens):
            return BYTES.encode(text)

    assert len(samples(writer(), TEXTS, Theirs())) == 3
    neither = Theirs()
    neither.eos_token_id = neither.pad_token_id = None
    with pytest.raises(ValueError, match="the tokenizer has neither pad nor end token"):
        samples(writer(), TEXTS, neither)


@pytest.mark.parametrize(
    ("policy", "data", "tokenizer", "error", "message"),
    [
        (writer, [], BYTES, ValueError, "there is nothing to imitate: the data set has no rows"),
        (actor, steps(0), None, ValueError, "there is nothing to imitate"),
        (writer, TEXTS, None, TypeError, "texts need a tokenizer: give tokenizer="),
        (writer, [("a", 1)], BYTES, TypeError, r"texts, got \"\('a', 1\)\" as row 0"),
        (writer, 7, BYTES, TypeError, "expected a TokenBatch, Demonstrations or .* got '7'"),
        (actor, TEXTS, BYTES, TypeError, "tokens are imitated by a token policy, got ActorCritic"),
        (writer, steps(), None, TypeError, "imitated by a vector policy, got TinyTransformer"),
        (actor, steps(actions=np.zeros(2)), None, ValueError, "as many rows each, got .*'obs': 3"),
        (writer, [("a", "b"), ("abcd", "efgh")], BYTES, ValueError, "row 1 has 9 tokens, .* of 8"),
        (
            lambda: writer(eos_id=None),
            TEXTS,
            BYTES,
            ValueError,
            "258 tokens with end token None, the tokenizer has 258 with end token 256",
        ),
        (
            lambda: TinyTransformer(9),
            TEXTS,
            BYTES,
            ValueError,
            "the policy writes 9 tokens .* the tokenizer has 258",
        ),
    ],
)
def test_what_does_not_fit_is_refused(policy, data, tokenizer, error, message):
    with pytest.raises(error, match=message):
        samples(policy(), data, tokenizer)


def test_token_rows_that_cannot_be_learned_are_refused():
    policy = writer()
    data = tokenise(TEXTS, BYTES, policy)
    with pytest.raises(TypeError, match="holds tokens already: leave tokenizer out"):
        samples(policy, data, BYTES)
    data.tokens[1, 2] = 258
    with pytest.raises(ValueError, match=r"row 1 holds token 258 at position 2; .* writes 0..257"):
        samples(policy, data)
    data.action_mask[0] = data.action_mask[1] = False
    with pytest.raises(ValueError, match="row 0 has no token to learn"):
        samples(policy, data)
