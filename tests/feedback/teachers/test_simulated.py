import numpy as np
import pytest

from plaudit.feedback.asks import Compare
from plaudit.feedback.teachers.choices import Argmax, Boltzmann
from plaudit.feedback.teachers.lenses import full_view
from plaudit.feedback.teachers.noises import Delay, DropOut, Skip, SkipPoor
from plaudit.feedback.teachers.simulated import Simulated
from plaudit.feedback.teachers.utilities import PartialReturn
from plaudit.feedback.types import Query, Segment, SegmentRef


def compare(first, second, query_id=0):
    segments = tuple(
        Segment(np.zeros(2), np.zeros(1), SegmentRef("test", 0, 0, 1), rewards=np.array([value]))
        for value in (first, second)
    )
    return Query(segments, Compare(), query_id=query_id)


def teacher(choice, noises=(), seed=0):
    return Simulated(full_view, PartialReturn(), choice, noises, seed=seed, name="ann")


def test_poll_gives_every_answer_once():
    ann = teacher(Argmax())
    ann.submit([compare(1, 0, 5), compare(0, 1, 6)], now=3)
    ann.submit([compare(1, 0, 7)], now=4)
    polled = ann.poll()
    assert [(f.query_id, f.answer, f.asked) for f in polled] == [(5, 0, 3), (6, 1, 3), (7, 0, 4)]
    assert ann.poll() == []


def test_a_skip_has_no_answer_but_a_reason():
    (skipped,) = teacher(Argmax(), [Skip(1.0)]).answer([compare(1, 0)])
    assert (skipped.answer, skipped.reason, skipped.annotator) == (None, "skipped", "ann")
    assert skipped.probs == (0.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("noises", "reason"),
    [
        ([Skip(1.0), DropOut(0)], "skipped"),
        ([Skip(0.999), DropOut(0)], "dropped out"),
        ([SkipPoor(5.0), Skip(0.999)], "too poor"),
        ([Skip(0.999), Skip(0.999)], "skipped"),
    ],
)
def test_the_reason_of_a_skip_is_what_made_it_certain(noises, reason):
    (skipped,) = teacher(Argmax(), noises).answer([compare(1, 0)])
    assert (skipped.answer, skipped.reason) == (None, reason)


def test_another_annotator_is_of_the_same_kind_but_starts_afresh():
    ann = teacher(Boltzmann(None, agreement=0.8), [DropOut(rate=0.01)], seed=4)
    ann.answer([compare(i, i + 1, i) for i in range(60)])
    other = ann.another("bob", 5, Skip(0.25))
    assert (other.name, other.choice, other.memory.answered) == ("bob", ann.choice, 0)
    assert other.noises == (DropOut(rate=0.01, seed=5), Skip(0.25))
    assert other.get_state()["rng"] == teacher(Argmax(), seed=5).get_state()["rng"]


def test_one_draw_per_query_so_that_equal_seeds_share_their_luck():
    # The sure answers of the oracle must not save draws: the last answer meets the same uniform.
    sure = teacher(Argmax(), seed=4)
    sure.answer([compare(1, 0)] * 9)
    unsure = teacher(Boltzmann(1.0), seed=4)
    unsure.answer([compare(1, 0)] * 9)
    assert sure.get_state()["rng"] == unsure.get_state()["rng"]


def test_utilities_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match=r"query 8: utilities must be finite, got \[nan, 0.0\]"):
        teacher(Argmax()).probs(compare(np.nan, 0.0, 8))


def test_probs_of_an_earlier_state():
    ann = teacher(Boltzmann(None, agreement=0.8))
    early = teacher(Boltzmann(2.0, agreement=0.8)).get_state()
    # sigmoid(2 * 1) = 0.8808
    assert ann.probs(compare(1, 0), early)[0] == pytest.approx(0.8808, abs=1e-4)


def test_agreement_is_calibrated_on_the_first_batch_only():
    ann = teacher(Boltzmann(None, agreement=0.75))
    with pytest.raises(ValueError, match="not yet a beta"):
        ann.probs(compare(1, 0))
    ann.answer([compare(i, i + 1, i) for i in range(60)])
    beta = ann.choice.beta
    ann.answer([compare(100 * i, -100 * i, i) for i in range(60)])
    assert ann.choice.beta == beta


def test_a_first_batch_too_small_to_calibrate_on_is_refused():
    with pytest.raises(ValueError, match="on the first 100 segments it is asked about, got 2"):
        teacher(Boltzmann(None, agreement=0.75)).answer([compare(1, 0)])


def test_what_is_submitted_before_the_scale_is_known_is_passed_over():
    ann = teacher(Boltzmann(None, agreement=0.75))
    for i in range(49):
        ann.submit([compare(i, i + 1, i)])
    again = teacher(Boltzmann(None, agreement=0.75))
    again.set_state(ann.get_state())
    assert {(f.answer, f.reason) for f in again.poll()} == {(None, "calibrating")}
    again.submit([compare(49, 50, 49)])  # the hundredth segment
    assert again.poll()[0].answer in (0, 1)
    assert again.choice.calibrated


def test_poll_gives_answers_in_the_order_in_which_they_come():
    ann = teacher(Argmax(), [Delay([0, 9])], seed=1)
    ann.submit([compare(1, 0, i) for i in range(8)])
    arrivals = [feedback.answered for feedback in ann.poll()]
    assert arrivals == sorted(arrivals)
    assert len(set(arrivals)) > 1


def test_states_are_fresh_copies():
    ann = teacher(Boltzmann(1.0))
    before = ann.get_state()
    ann.submit([compare(1, 0)])
    assert before["pending"] == []
    assert before["rng"] != ann.get_state()["rng"]
