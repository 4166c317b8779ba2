import numpy as np
import pytest
from scipy.stats import chisquare

from plaudit.feedback.asks import Check, Compare, Mark, Rate
from plaudit.feedback.store import FeedbackBuffer
from plaudit.feedback.teachers.base import Teacher
from plaudit.feedback.teachers.choices import Argmax, Boltzmann
from plaudit.feedback.teachers.lenses import full_view
from plaudit.feedback.teachers.noises import Delay, DropOut, Fatigue, Skip
from plaudit.feedback.teachers.population import Population
from plaudit.feedback.teachers.simulated import Simulated
from plaudit.feedback.teachers.utilities import PartialReturn
from plaudit.feedback.types import Query, Segment, SegmentRef

LN3 = float(np.log(3.0))


def segment(*rewards):
    ref = SegmentRef("test", 0, 0, len(rewards))
    return Segment(
        np.zeros(len(rewards) + 1), np.zeros(len(rewards)), ref, rewards=np.array(rewards)
    )


def compare(query_id=0, ask=Compare(), returns=(LN3, 0.0)):  # noqa: B008  asks are frozen
    return Query(tuple(map(segment, returns)), ask, query_id=query_id)


def kind(name, beta, *noises):
    return Simulated(full_view, PartialReturn(), Boltzmann(beta), noises, name=name)


SURE, FAIR = kind("sure", 1.0), kind("fair", 0.0)  # prefer the first with 0.75 and 0.5


def test_a_mixture_mixes_answers_and_skips():
    # 0.8 * 0.75 + 0.2 * 0.5 * 0.5 = 0.65; 0.8 * 0.25 + 0.2 * 0.5 * 0.5 = 0.25; 0.2 * 0.5 = 0.1
    population = Population([SURE, kind("fair", 0.0, Skip(0.5))], [4.0, 1.0])
    np.testing.assert_allclose(population.probs(compare()), [0.65, 0.25, 0.1])
    (part,), skip = population.odds(compare())
    np.testing.assert_allclose([*part, skip], [0.65 / 0.9, 0.25 / 0.9, 0.1])


def test_answers_follow_the_mixture_and_carry_its_name():
    population = Population([SURE, kind("fair", 0.0, Skip(0.5))], [4.0, 1.0], seed=2)
    answers = population.answer([compare(i) for i in range(4000)])
    counts = [sum(f.answer == cell for f in answers) for cell in (0, 1, None)]
    assert chisquare(counts, population.probs(compare()) * 4000).pvalue > 1e-4
    assert {f.annotator for f in answers} == {"population"}
    assert [f.query_id for f in answers] == list(range(4000))


def test_parts_of_a_mixed_answer_depend_on_each_other():
    # Who is sharp sees both steps sharply.
    ask = Mark(2, ("poor", "good"))
    query = Query((segment(0.5, 0.5),), ask)
    sharp, blunt = kind("sharp", 8.0), kind("blunt", 0.5)
    population = Population([sharp, blunt])
    mixed = (sharp.probs(query) + blunt.probs(query)) / 2
    np.testing.assert_allclose(population.probs(query), mixed)
    with pytest.raises(ValueError, match=r"parts of an answer to Mark.* depend on each other"):
        population.odds(query)


def test_where_only_one_part_differs_the_odds_are_still_a_product():
    # The second step is beyond the end of the segment, certainly unmarked by all.
    query = Query((segment(0.5),), Mark(2))
    population = Population([kind("sharp", 8.0), kind("blunt", 0.5)])
    first, beyond = population.odds(query).parts
    np.testing.assert_allclose(np.outer(first, beyond).ravel(), population.probs(query)[:-1])
    np.testing.assert_array_equal(beyond, [1.0, 0.0, 0.0])


def test_too_many_answers_are_refused_and_not_guessed():
    query = Query((segment(*[0.5] * 8),), Mark(8))
    with pytest.raises(ValueError, match="6561 answers, which are not enumerated"):
        Population([SURE, FAIR]).probs(query)


def test_a_mixture_of_densities():
    ask = Rate(None, -1.0, 1.0)
    query = Query((segment(0.3),), ask)
    one, other = kind("one", 2.0), kind("other", 0.5)
    density = Population([one, other], [3.0, 1.0]).log_density(query, 0.1)
    expected = 0.75 * np.exp(one.log_density(query, 0.1)) + 0.25 * np.exp(
        other.log_density(query, 0.1)
    )
    assert np.exp(density) == pytest.approx(expected)


def test_persons_are_asked_about_a_query_once_while_others_are_left():
    people = Population([SURE, FAIR], [3.0, 1.0], assign="latent", seed=4)
    # 0.75 * 0.75 + 0.25 * 0.5 = 0.6875 before anybody was asked
    assert people.probs(compare())[0] == pytest.approx(0.6875)
    (first,) = people.answer([compare()])
    left = {"sure": 0.5, "fair": 0.75}[first.annotator]
    assert people.probs(compare())[0] == pytest.approx(left)
    (second,) = people.answer([compare()])
    assert {first.annotator, second.annotator} == {"sure", "fair"}
    assert people.probs(compare())[0] == pytest.approx(0.6875)
    buffer = FeedbackBuffer()
    buffer.add([compare()], [first, second])
    assert len(buffer) == 2


def test_annotators_are_drawn_from_the_kinds_with_luck_of_their_own():
    people = Population([SURE], assign="latent", annotators=3, name="raters")
    assert [member.name for member in people.members] == ["raters 0", "raters 1", "raters 2"]
    answers = [[f.answer for f in m.answer([compare()] * 40)] for m in people.members]
    assert answers[0] != answers[1] != answers[2]


def test_an_adversarial_share_reverses_every_answer():
    # of a mixture: 0.7 * 0.75 + 0.3 * 0.25 = 0.6; of four persons one
    assert Population([SURE], adversarial=0.3).probs(compare())[0] == pytest.approx(0.6)
    people = Population([SURE], assign="latent", annotators=4, adversarial=0.25)
    said = sorted(member.probs(compare())[0] for member in people.members)
    np.testing.assert_allclose(said, [0.25, 0.75, 0.75, 0.75])


def test_who_they_are_does_not_depend_on_the_luck_of_answers():
    def kinds(**seeds):
        people = Population([SURE, FAIR], assign="latent", annotators=20, **seeds)
        return [member.choice.beta for member in people.members]

    assert kinds(seed=1) == kinds(seed=2) != kinds(people_seed=1)


def test_all_are_calibrated_on_the_first_batch_of_the_population():
    waiting = Simulated(full_view, PartialReturn(), Boltzmann(None, 0.75))
    people = Population([waiting], assign="latent", annotators=4)
    with pytest.raises(ValueError, match="not yet a beta"):
        people.probs(compare())
    people.answer([compare(i) for i in range(50)])  # a hundred segments
    for member in people.members:
        assert member.probs(compare())[0] == pytest.approx(0.75)


def test_sessions_and_answers_are_counted_for_each_person():
    people = Population([kind("one", 1.0, Fatigue(0.1)), kind("two", 1.0)], assign="latent")
    people.answer([compare(i) for i in range(30)])
    memories = [member.memory for member in people.members]
    assert sum(memory.answered for memory in memories) == 30
    assert [memory.sessions for memory in memories] == [1, 1]


def test_late_answers_wait_in_the_population_too():
    slow, quick = kind("slow", 1.0, Delay(5)), kind("quick", 1.0)
    people = Population([slow, quick], assign="latent", seed=1)
    people.submit([compare(i) for i in range(20)], now=10)
    people.submit([compare(20)], now=11)
    assert {f.annotator for f in people.poll(now=14)} == {"quick"}
    late = people.poll(now=16)
    assert [(f.annotator, f.answered) for f in late[:2]] == [("slow", 15)] * 2
    assert people.poll() == []


def test_each_person_leaves_at_its_own_time():
    worker = kind("worker", 1.0, DropOut(rate=0.1))
    people = Population([worker], assign="latent", annotators=8)
    assert len({member.noises[0].after for member in people.members}) > 3


def test_a_policy_is_told_to_everybody():
    told = []

    class Told(PartialReturn):
        def set_policy(self, probs):
            told.append(probs)

    policy = np.ones_like
    kinds = [Simulated(full_view, Told(), Argmax(), name=name) for name in "ab"]
    Population(kinds).set_policy(policy)
    assert told == [policy, policy]


class Person(Teacher):
    """A person behind a page: no odds, and answers only when polled."""

    name = "person"

    def __init__(self):
        self.asked = []

    def submit(self, queries, *, now=0):
        self.asked += queries
        return list(range(len(queries)))

    def poll(self, *, now=None):
        return []

    def answer(self, queries, *, now=0):
        raise AssertionError("nobody waits for a person here")

    def get_state(self):
        return {}

    def set_state(self, state):
        self.asked = []


def test_real_people_may_be_among_them_but_state_no_odds():
    person = Person()
    people = Population([person, SURE], assign="latent", seed=3)
    people.submit([compare(i) for i in range(10)])
    assert len(person.asked) + len(people.poll()) == 10
    assert 0 < len(person.asked) < 10
    with pytest.raises(ValueError, match="'person' may be asked, and states no odds"):
        people.probs(compare())
    with pytest.raises(TypeError, match="only simulated teachers are drawn or reversed, 'person'"):
        Population([person], assign="latent", annotators=2)
    with pytest.raises(TypeError, match="'person' is a Person"):
        Population([person], adversarial=0.5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"weights": [1.0]}, "weights must be 2 numbers"),
        ({"weights": [1.0, -1.0]}, r"weights\[1\] must be a finite number of at least 0"),
        ({"adversarial": 1.5}, r"adversarial must be a number in 0\.\.1"),
        ({"annotators": 3}, "annotators are the persons of assign='latent'"),
        ({"assign": "latant"}, "unknown assign 'latant'; did you mean 'latent'"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Population([SURE, FAIR], **settings)


def test_two_persons_of_one_name_are_refused():
    with pytest.raises(ValueError, match=r"told apart by their names, got \['sure', 'sure'\]"):
        Population([SURE, SURE], assign="latent")
    assert len(Population([SURE, SURE]).members) == 2
    with pytest.raises(ValueError, match="needs members"):
        Population([])


def test_a_checklist_that_all_read_alike_has_odds_of_its_items():
    class Half(PartialReturn):
        def items(self, seen):
            return np.array([LN3, 0.0])

    query = Query((segment(1.0),), Check(("short", "true")))
    member = Simulated(full_view, Half(), Boltzmann(1.0))
    parts = Population([member, member]).odds(query).parts
    np.testing.assert_allclose(parts, [[0.25, 0.75], [0.5, 0.5]])
