import numpy as np
import pytest
import torch

from plaudit.agents.policies.ngram import NgramPolicy
from plaudit.agents.policies.tiny_transformer import TinyTransformer
from plaudit.agents.policies.windows import read_windows
from plaudit.agents.search import scores
from plaudit.agents.search.beam import beam
from plaudit.envs.evaluate import make_rows

# A bigram model over 2 tokens. What begins with 0 is likelier at first, what begins with 1 in the
# end: 00 has 0.6 * 0.55 = 0.33, 01 has 0.27, 10 has 0.4 * 0.9 = 0.36, 11 has 0.04.
MODEL = np.log([[0.55, 0.45], [0.9, 0.1], [0.6, 0.4]])
ASKED = torch.zeros((1, 0), dtype=torch.int64)


def searched(width, policy=None, max_new=2, **settings):
    policy = policy or NgramPolicy(MODEL)
    return beam(policy, ASKED, ASKED, width=width, max_new=max_new, **settings)


def worth(table):
    """Of whole answers by their tokens; of beginnings nothing."""

    def score(batch):
        rows = zip(batch.tokens, batch.action_mask, strict=True)
        return torch.tensor([table.get(tuple(row[mask].tolist()), 0.0) for row, mask in rows])

    return score


def test_a_width_of_one_is_greedy():
    found = searched(1)
    assert found.batch.tokens.tolist() == [[0, 0]]
    assert found.ranks.exp().tolist() == [[pytest.approx(0.33)]]


def test_a_wider_beam_finds_what_begins_less_likely():
    found = searched(2)
    assert found.answers.tokens.tolist() == [[1, 0], [0, 0]]
    assert found.ranks.exp().tolist() == [pytest.approx([0.36, 0.33])]
    torch.testing.assert_close(found.batch.logp.exp(), torch.tensor([[0.4, 0.9]]))
    torch.testing.assert_close(found.batch.logp, NgramPolicy(MODEL).logp(found.batch))


def test_a_beam_of_all_answers_finds_the_best_whatever_beginnings_are_worth():
    found = searched(4, worth=worth({(1, 1): 5.0, (0, 1): 4.0}), logp_weight=0.0)
    assert found.answers.tokens.tolist()[:2] == [[1, 1], [0, 1]]
    assert found.ranks.tolist() == [[5.0, 4.0, 0.0, 0.0]]


def test_ranks_add_log_probability_and_worth():
    table = {(1,): 1.0, (1, 1): 1.0}
    found = searched(4, worth=worth(table), logp_weight=0.1)
    # 0.1 ln 0.04 + 1 = 0.678112, above 0.1 ln 0.36 = -0.102165
    assert found.batch.tokens.tolist() == [[1, 1]]
    assert found.ranks[0, :2].tolist() == pytest.approx([0.678112, -0.102165], abs=1e-6)


def test_what_is_scored_is_a_batch_as_the_policy_would_have_sampled_it():
    found = searched(4, worth=lambda batch: batch.logp.sum(1), logp_weight=0.0)
    assert found.ranks.exp().tolist() == [pytest.approx([0.36, 0.33, 0.27, 0.04])]


def test_of_equally_likely_tokens_no_more_branch_than_are_asked_for():
    flat = NgramPolicy(np.log(np.full((1, 4), 0.25)), order=1)
    found = searched(4, flat, max_new=1, branch=1)
    assert torch.isfinite(found.ranks).sum() == 1


def test_only_the_likeliest_tokens_branch():
    found = searched(4, branch=1)
    assert found.batch.tokens.tolist() == [[0, 0]]
    assert found.ranks[0, 1:].tolist() == [-np.inf] * 3
    assert found.answers.action_mask.sum(1).tolist() == [2, 0, 0, 0]


def test_answers_that_have_ended_compete_with_longer_ones():
    policy = NgramPolicy(np.log([[0.55, 0.45]]), order=1, eos_id=1)
    found = searched(3, policy, max_new=2)
    # the end token at once: 0.45; "0" and any: 0.55 * 0.55 = 0.3025 and 0.55 * 0.45 = 0.2475
    assert found.ranks.exp().tolist() == [pytest.approx([0.45, 0.3025, 0.2475])]
    assert found.answers.status == ("ended", "length", "ended")
    assert found.answers.tokens.tolist() == [[1, 2], [0, 0], [0, 1]]
    assert found.answers.action_mask.tolist() == [[True, False], [True, True], [True, True]]


def test_what_sampling_cuts_away_is_not_tried():
    policy = NgramPolicy(MODEL, top_k=1)
    found = searched(4, policy)
    assert found.ranks[0].tolist() == [0.0, -np.inf, -np.inf, -np.inf]


def trained_like():
    """A transformer that says something, whatever."""
    policy = TinyTransformer(4, layers=1, width=8, heads=2, symbols=6)
    with torch.no_grad():
        policy.output.weight.normal_(generator=torch.Generator().manual_seed(0))
    return policy


def test_prompts_of_different_lengths_are_searched_apart():
    policy, ids = trained_like(), torch.tensor([[9, 2], [0, 1]])
    mask = torch.tensor([[False, True], [True, True]])
    both = beam(policy, ids, mask, width=3, max_new=3)
    alone = beam(policy, ids[:1, 1:], mask[:1, 1:], width=3, max_new=3)
    torch.testing.assert_close(both.ranks[:1], alone.ranks)
    assert torch.equal(both.batch.tokens[:1], alone.batch.tokens)
    greedy = policy.sample(ids, mask, max_new=3, rng=torch.Generator(), greedy=True)
    assert torch.equal(beam(policy, ids, mask, width=1, max_new=3).batch.tokens, greedy.tokens)


def test_a_beam_of_all_answers_finds_the_exact_optimum_of_a_world():
    env = make_rows("plaudit/TokenBandit-v0", 32, vocab=4, length=3, contexts=2)
    ids, mask = read_windows(env.reset(seed=0)[0], env.token_spec.pad_id)
    paid = scores.world_return(env, range(32))
    optimum = env.game.rewards.max(1)[ids[:, 0].numpy() - 4]
    found = {
        width: beam(trained_like(), ids, mask, width=width, max_new=3, worth=paid, logp_weight=0.0)
        for width in (1, 64)
    }
    assert found[64].ranks[:, 0].numpy() == pytest.approx(optimum)
    # only whole answers are paid for, so that a narrow beam goes astray
    assert (found[1].ranks[:, 0].numpy() < optimum - 0.1).any()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": 0}, "width must be at least 1, got 0"),
        ({"width": 1, "max_new": 0}, "max_new must be at least 1, got 0"),
        ({"width": 1, "branch": 0}, "branch must be at least 1, got 0"),
        ({"width": 1, "logp_weight": -1.0}, "logp_weight must be finite and at least 0, got -1.0"),
        ({"width": 1, "logp_weight": 0.0}, "nothing to rank by: logp_weight is 0 and there is no"),
        ({"width": 1, "worth": worth({(0,): np.nan})}, r"answer 0, \[0\], scores nan"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        searched(**settings)


def test_answers_longer_than_the_context_are_refused():
    with pytest.raises(
        ValueError, match="a prompt of 0 tokens and an answer of 65 exceed the cont"
    ):
        searched(1, trained_like(), max_new=65)
