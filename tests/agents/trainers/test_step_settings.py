import pytest

from plaudit.agents.trainers.step_settings import StepSettings


def test_losses_that_correct_for_older_data_get_several_passes():
    plain = StepSettings()
    assert (plain.passes(clipped=True), plain.pieces(256, clipped=True)) == (10, 4)
    assert (plain.passes(clipped=False), plain.pieces(256, clipped=False)) == (1, 1)
    assert StepSettings(epochs=3, minibatches=2).passes(clipped=False) == 3


def test_a_batch_size_says_how_many_pieces():
    settings = StepSettings(batch_size=100)
    assert [settings.pieces(rows, clipped=True) for rows in (50, 200, 201)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"steps": 0}, "steps must be at least 1, got 0"),
        ({"epochs": 0}, "epochs must be at least 1, got 0"),
        ({"minibatches": 2, "batch_size": 8}, "give minibatches or batch_size, got 2 and 8"),
        ({"lr": -1.0}, "lr must be finite and >= 0, got -1.0"),
        ({"beta": float("nan")}, "beta must be finite and >= 0, got nan"),
        ({"lr_decay": 2.0}, r"lr_decay must be in 0\.\.1, got 2.0"),
        ({"target_kl": 0.0}, "target_kl must be above 0 nats, got 0.0"),
        ({"max_grad_norm": 0.0}, "max_grad_norm must be above 0, got 0.0"),
    ],
)
def test_bad_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        StepSettings(**settings)
