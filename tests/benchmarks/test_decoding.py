import pytest
import torch

from benchmarks import decoding, tiny_gpt2
from benchmarks.measure import Timing
from benchmarks.promises import PROMISES


def one_round(name, rate):
    return Timing(name, (rate,), 1.0, 1.0)


@pytest.mark.slow
def test_both_sides_sample_from_the_same_model():
    assert decoding.same_texts(tiny_gpt2.model(False), tiny_gpt2.same_weights(False))
    assert decoding.agrees(tiny_gpt2.equal_size(False))


@pytest.mark.slow
def test_the_gate_tells_another_model_apart():
    other = tiny_gpt2.same_weights(False)
    with torch.no_grad():
        other.model.transformer.h[3].mlp.c_fc.weight.mul_(1.5)
    assert not decoding.same_texts(tiny_gpt2.model(False), other)


def test_a_wrong_text_leaves_nothing_timed(monkeypatch):
    monkeypatch.setattr(decoding, "same_texts", lambda *_: False)
    (row,) = decoding.table()
    assert row["note"] == "wrong: nothing was timed"


def test_the_reward_is_the_share_of_liked_words():
    assert tiny_gpt2.liked("t1", "t4 t8 t3 t0") == 0.75
    assert tiny_gpt2.liked("t1", "") == 0.0


def test_promises_are_about_rows_there_are(monkeypatch):
    monkeypatch.setattr(decoding, "same_texts", lambda *_: True)
    monkeypatch.setattr(decoding, "agrees", lambda *_: True)
    monkeypatch.setattr(
        decoding, "interleaved", lambda cases: [one_round(case.name, 2.0) for case in cases]
    )
    rows = decoding.table()
    promises = [promise for promise in PROMISES if promise.table == "decoding"]
    for promise in promises:
        concerned = [row for row in rows if promise.concerns(row)]
        assert concerned
        assert all(row[promise.key] == (1.0, 1.0, 1.0) for row in concerned)
    assert len(promises) == 3
