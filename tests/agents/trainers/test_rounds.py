import torch

from plaudit.agents.trainers.rounds import Answers, Rounds, joined
from plaudit.agents.types import TokenBatch


def answers(prompt, answer, groups):
    rows = len(groups)
    batch = TokenBatch(
        torch.full((rows, prompt), 1),
        torch.ones(rows, prompt, dtype=torch.bool),
        torch.full((rows, answer), 2),
        torch.ones(rows, answer, dtype=torch.bool),
        torch.zeros(rows, answer),
        ("ended",) * rows,
    )
    known = {"groups": torch.tensor(groups, dtype=torch.int64), "scores": torch.zeros(rows)}
    return Answers(batch, known | {"ref_logp": torch.ones(rows, answer)})


def test_rollouts_of_different_widths_stand_under_one_another():
    whole = joined([answers(1, 2, [0]), answers(3, 1, [0, 5]), answers(2, 2, [])], pad_id=9)
    assert whole.batch.prompt_ids.tolist() == [[9, 9, 1], [1, 1, 1], [1, 1, 1]]
    assert whole.batch.tokens.tolist() == [[2, 2], [2, 9], [2, 9]]
    assert whole.batch.action_mask.sum(1).tolist() == whole.known["ref_logp"].sum(1).tolist()
    assert whole.batch.prompt_mask.sum(1).tolist() == [1, 3, 3]
    # the second rollout's groups 0 and 5 come behind the first one's group 0
    assert whole.known["groups"].tolist() == [0, 1, 6]


def test_the_latest_rounds_are_held_and_can_be_saved():
    rounds = Rounds(2, pad_id=9)
    for rows in (1, 2, 3):
        rounds.add(answers(1, 1, [0] * rows))
    assert len(rounds.all()) == 5
    again = Rounds(2, pad_id=9)
    again.set_state(rounds.get_state(), torch.device("cpu"))
    rounds.add(answers(1, 1, [0]))
    assert (len(again.all()), len(rounds.all())) == (5, 4)
    assert again.all().batch.status == ("ended",) * 5


def test_parts_without_rows_need_not_know_what_the_others_know():
    empty, full = answers(2, 2, []), answers(1, 1, [0, 1])
    full.known["advantage"] = torch.ones(2, 1)
    assert joined([empty, full, empty], pad_id=9).known["advantage"].tolist() == [[1.0], [1.0]]
    assert len(joined([empty, empty], pad_id=9)) == 0
