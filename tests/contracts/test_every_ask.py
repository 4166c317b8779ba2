"""What every question promises: from its answers, utilities and temperature can be recovered.

A teacher of known temperature answers questions about known utilities; maximum likelihood finds
them again. Random answers are the control, from which nothing may be found.
"""

import numpy as np
import pytest
import torch
from scipy.optimize import minimize_scalar

from plaudit.feedback.likelihoods import log_prob
from plaudit.feedback.teachers.choices import Boltzmann, CoinFlip
from plaudit.feedback.teachers.simulated import Simulated
from plaudit.feedback.teachers.utilities.base import Utility, utilities_of
from plaudit.feedback.types import Query, Segment, SegmentRef
from tests.feedback.asks.examples import EXAMPLES

BETA, TIE, CENTER, SPREAD = 1.7, 0.6, 0.2, 0.7
PLACES, QUERIES = 12, 24
STEPS, ACTIONS = 3, 3
ONLY_DIFFERENCES = ("compare", "choose", "rank", "advise", "correct", "demonstrate")


class Known(Utility):
    """Every segment stands at a place, its observation, and every place has a row of numbers."""

    def __init__(self, table):
        self.table = table

    def row(self, seen):
        return self.table[int(seen.obs[0, 0])]

    def segment(self, seen):
        return self.row(seen)[0]

    def steps(self, seen):
        return self.row(seen)[: len(seen)]

    def items(self, seen):
        return self.row(seen)[:3]

    def actions(self, seen):
        return self.row(seen)[: (len(seen) + 1) * ACTIONS].reshape(-1, ACTIONS)

    def paths(self, seen, steps):
        return self.row(seen)[: ACTIONS**steps]


def asked(ask):
    rng = np.random.default_rng(3)
    queries = []
    for number in range(QUERIES):
        places = rng.permutation(PLACES)[: ask.segments] if ask.segments > 1 else [number % PLACES]
        ref = SegmentRef("test", number, 0, STEPS)
        segments = [
            Segment(np.full((STEPS + 1, 1), place), rng.integers(ACTIONS, size=STEPS), ref)
            for place in places
        ]
        queries.append(Query(tuple(segments), ask, query_id=number))
    return queries


def repeats(ask):
    """How often each question is asked: more where there are more numbers to find."""
    return 500 if ask.grain == "path" else 125


def numbers(ask):
    """How many numbers of a row a question looks at."""
    sizes = {"segment": 1, "step": STEPS, "item": 3, "action": (STEPS + 1) * ACTIONS, "path": 27}
    return sizes[ask.grain]


def answers_of(ask, choice, truth):
    """What a teacher answers: the places in the list of queries, and the answers."""
    teacher = Simulated(lambda segment: segment, Known(truth), choice, seed=5)
    queries = asked(ask)
    feedback = teacher.answer(queries * repeats(ask))
    return queries, torch.tensor(np.array([f.answer for f in feedback]))


def linear_map(ask, queries):
    """(Q, *shape, places * numbers): utilities are linear in the numbers; NaN and -inf as 0."""
    size = numbers(ask)
    columns = []
    for basis in np.eye(PLACES * size):
        table = basis.reshape(PLACES, size)
        columns.append(np.stack([utilities_of(Known(table), q.segments, q) for q in queries]))
    return torch.tensor(np.nan_to_num(np.stack(columns, -1), nan=0.0, neginf=0.0))


def absent(ask, queries):
    """(Q, *shape): NaN or -inf where there is nothing to judge, else 0."""
    zero = np.zeros((PLACES, numbers(ask)))
    return torch.tensor(np.stack([utilities_of(Known(zero), q.segments, q) for q in queries]))


def fitted(ask, queries, answers):
    """Utilities of all queries by maximum likelihood at the true temperature."""
    to_utilities, missing = linear_map(ask, queries), absent(ask, queries)
    free = torch.zeros(to_utilities.shape[-1], dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS([free], max_iter=60, line_search_fn="strong_wolfe")

    def loss():
        optimiser.zero_grad()
        utilities = (to_utilities @ free + missing).repeat(repeats(ask), *[1] * len(ask.shape))
        settings = {"scale": BETA, "tie": TIE, "center": CENTER, "spread": SPREAD}
        nats = -log_prob(ask, answers, utilities, **settings).mean() + 1e-5 * free.square().sum()
        nats.backward()
        return nats

    optimiser.step(loss)
    return (to_utilities @ free).detach().numpy()


def slope(found, true):
    """Of found utilities on true ones: 1 where they are found, 0 where nothing is."""
    return np.polyfit(true.ravel(), found.ravel(), 1)[0]


def told(ask, utilities):
    """The part of utilities, (Q, *shape), that answers can tell."""
    flat = utilities.reshape(len(utilities), -1)
    if ask.kind in ONLY_DIFFERENCES:
        return flat - flat.mean(1, keepdims=True)
    if ask.kind == "describe" and ask.compare:
        return (utilities - utilities.mean(1, keepdims=True)).reshape(len(utilities), -1)
    if ask.kind == "critique":
        following = utilities[:, 1 + ACTIONS :]
        following = following - following.mean(1, keepdims=True)
        return np.hstack([utilities[:, :1], following] if "r" in ask.slots else [following])
    return flat


@pytest.mark.slow
@pytest.mark.parametrize("ask", EXAMPLES, ids=str)
def test_utilities_are_recovered_from_answers_and_not_from_random_ones(ask):
    if ask.kind == "critique" and not {"fp", "fn"} & set(ask.slots):
        pytest.skip("says nothing about what comes next, and rewards are tested by the full one")
    truth = np.random.default_rng(4).normal(size=(PLACES, numbers(ask)))
    choice = Boltzmann(BETA, tie=TIE, center=CENTER, spread=SPREAD)
    queries, answers = answers_of(ask, choice, truth)
    true = told(ask, (linear_map(ask, queries) @ torch.tensor(truth.ravel())).numpy())
    found = told(ask, fitted(ask, queries, answers))
    assert np.corrcoef(found.ravel(), true.ravel())[0, 1] > 0.95
    _, random = answers_of(ask, CoinFlip(), truth)
    lost = told(ask, fitted(ask, queries, random))
    assert slope(found, true) > 0.75
    assert abs(slope(lost, true)) < 0.25


def temperature(ask, choice):
    """log beta by maximum likelihood under the true utilities, and its standard error."""
    truth = np.random.default_rng(4).normal(size=(PLACES, numbers(ask)))
    queries, answers = answers_of(ask, choice, truth)
    utilities = linear_map(ask, queries) @ torch.tensor(truth.ravel()) + absent(ask, queries)
    utilities = utilities.repeat(repeats(ask), *[1] * len(ask.shape))

    def nats(log_beta):
        settings = {"tie": TIE, "center": CENTER, "spread": SPREAD}
        scale = float(np.exp(log_beta))
        return -log_prob(ask, answers, utilities, scale=scale, **settings).sum().item()

    best = minimize_scalar(nats, bounds=(-3.0, 3.0), method="bounded").x
    step = 1e-2
    curvature = (nats(best + step) - 2 * nats(best) + nats(best - step)) / step**2
    return best, curvature**-0.5


@pytest.mark.slow
@pytest.mark.parametrize("ask", EXAMPLES, ids=str)
def test_the_true_temperature_lies_in_its_interval_and_twice_as_much_does_not(ask):
    settings = {"tie": TIE, "center": CENTER, "spread": SPREAD}
    best, error = temperature(ask, Boltzmann(BETA, **settings))
    # 3.29 standard errors: 99.9 %, for there are 21 questions.
    assert abs(best - np.log(BETA)) < 3.29 * error
    other, error = temperature(ask, Boltzmann(2 * BETA, **settings))
    assert abs(other - np.log(BETA)) > 3.29 * error
