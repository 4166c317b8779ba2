import pytest
import torch

from plaudit.agents.rollout.rows import Row, filled, left_padded

CPU = torch.device("cpu")


def two_turns():
    row = Row([7, 8])
    row.write([1, 2], [-0.5, -0.25], turn=0, state=11)
    row.pay(1.5)
    row.hear([9])
    row.write([3], [-1.0], turn=1, state=12)
    return row


def test_a_row_holds_what_was_written_and_heard_in_order():
    row = two_turns()
    assert (row.prompt, row.tokens) == ([7, 8], [1, 2, 9, 3])
    assert row.chosen == [True, True, False, True]
    assert row.logp == [-0.5, -0.25, 0.0, -1.0]
    assert row.rewards == [0.0, 1.5, 0.0, 0.0]
    assert (row.turns, row.states) == ([0, 0, 0, 1], [11, 11, 0, 12])
    assert len(row) == 6


def test_nothing_is_learned_from_a_row_that_failed():
    row = two_turns()
    row.fail()
    assert row.tokens == [1, 2, 9, 3]
    assert not any(row.chosen)
    assert not any(row.rewards)
    assert not any(row.logp)
    assert filled([row], 0, CPU).batch.status == ("failed",)


def test_costs_stand_at_their_tokens_where_the_world_tells_them():
    row = two_turns()
    assert filled([row], 0, CPU).costs is None
    row.pay(0.0, 0.5)
    row.pay(0.0, 2.0)
    assert filled([row, two_turns()], 0, CPU).costs.tolist() == [[0, 0, 0, 2.5], [0] * 4]
    row.fail()
    assert filled([row, two_turns()], 0, CPU).costs.tolist() == [[0] * 4] * 2
    failed = two_turns()
    failed.fail()
    # it may have failed before its world could tell; ranks that have rows need an answer from it
    assert filled([failed], 0, CPU).costs.tolist() == [[0] * 4]


@pytest.mark.parametrize(("seeds", "groups"), [(None, [0, 1, 2]), ([9, 4, 9], [1, 0, 1])])
def test_rows_with_equal_seeds_are_a_group(seeds, groups):
    assert filled([two_turns()] * 3, 0, CPU, seeds).groups.tolist() == groups


def test_rows_of_different_lengths_are_padded_behind_and_prompts_in_front():
    short = Row([5])
    short.write([4], [-2.0], turn=0, state=-(2**63))
    whole = filled([two_turns(), short], 99, CPU)
    assert whole.batch.prompt_ids.tolist() == [[7, 8], [99, 5]]
    assert whole.batch.prompt_mask.tolist() == [[True, True], [False, True]]
    assert whole.batch.tokens.tolist() == [[1, 2, 9, 3], [4, 99, 99, 99]]
    assert whole.batch.action_mask[1].tolist() == [True, False, False, False]
    assert whole.rewards.tolist()[0] == [0.0, 1.5, 0.0, 0.0]
    assert whole.states[1].tolist() == [-(2**63), 0, 0, 0]


def test_an_empty_row_among_others_is_all_padding():
    ids, mask = left_padded([[], [1, 2]], 0, CPU)
    assert ids.tolist() == [[0, 0], [1, 2]]
    assert mask.tolist() == [[False, False], [True, True]]
    assert left_padded([[], []], 0, CPU)[0].shape == (2, 0)
