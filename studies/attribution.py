r"""Which stage of learning from opinions causes how much of the regret? Exact Shapley values.

A study names stages: lens, choice model, number of labels, class of the reward model, optimisation,
KL constraint ..., each with what swaps it for its exact oracle. With v(S) the regret when the
stages S are exact, the part of stage i is what swapping it saves, in the mean over all orders in
which stages may be swapped:

    part_i = sum over S without i of |S|! (k - |S| - 1)! / k!  (v(S) - v(S + i))

The parts and v(all stages), the residue, sum to v(none), the regret, exactly.

Source: Shapley 1953, "A Value for n-Person Games", doi:10.1515/9781400881970-018.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from math import factorial

import numpy as np

from plaudit.studies.runner import Done, Job, all_studies, job_of
from plaudit.studies.study import Study
from plaudit.studies.verdict import Estimate, estimate

Subset = frozenset[str]


@dataclass(frozen=True)
class Attribution:
    """Where the regret of one arm comes from.

    Attributes:
        study, arm: whose.
        regret: the whole, over seeds.
        parts: by stage, in the order declared.
        residue: what is left with every stage exact.
    """

    study: str
    arm: str
    regret: Estimate
    parts: dict[str, Estimate]
    residue: Estimate


def jobs_for(study: Study, budget: str, seeds: Iterable[int]) -> dict[tuple[int, Subset], Job]:
    """All runs that an attribution needs: every subset of stages, for every seed.

    Raises:
        ValueError: the study names no stages.
    """
    if study.explained is None:
        others = ", ".join(other.name for other in all_studies() if other.stages)
        raise ValueError(
            f"{study.name} names no stages that could be swapped for exact ones; {others} do"
        )
    jobs = {}
    for seed in seeds:
        for exact in subsets(study.stages):
            swapped = [study.stages[stage] for stage in study.stages if stage in exact]
            label = " + ".join(sorted(exact)) or "nothing"
            changes = (study.arms[study.explained], *swapped)
            jobs[seed, exact] = job_of(study, budget, seed, f"{label} exact", *changes)
    return jobs


def attribute(
    study: Study, jobs: Mapping[tuple[int, Subset], Job], done: Mapping[str, Done]
) -> Attribution:
    """The parts of the regret.

    Args:
        study: whose stages.
        jobs: as `jobs_for` gives them, of at least 2 seeds.
        done: their runs by key.

    Raises:
        RuntimeError: a run failed. KeyError: a run has no measure "regret".
    """
    found: dict[int, dict[Subset, float]] = {}
    for (seed, exact), job in jobs.items():
        finished = done[job.key]
        if finished.error:
            raise RuntimeError(f"{study.name}, {job.arm}, seed {seed}: {finished.error}")
        found.setdefault(seed, {})[exact] = float(finished.run["measures"]["regret"])
    seeds = sorted(found)
    parts = [shapley(found[seed], list(study.stages)) for seed in seeds]
    every, none = frozenset(study.stages), frozenset[str]()
    return Attribution(
        study.name,
        str(study.explained),
        estimate(np.array([found[seed][none] for seed in seeds])),
        {stage: estimate(np.array([part[stage] for part in parts])) for stage in study.stages},
        estimate(np.array([found[seed][every] for seed in seeds])),
    )


def shapley(regret: Mapping[Subset, float], stages: list[str]) -> dict[str, float]:
    """What each stage causes.

    Args:
        regret: by the stages that are exact, for every subset.
        stages: all of them.
    """
    k = len(stages)
    parts = dict.fromkeys(stages, 0.0)
    for stage in stages:
        for others in subsets(s for s in stages if s != stage):
            weight = factorial(len(others)) * factorial(k - len(others) - 1) / factorial(k)
            parts[stage] += weight * (regret[others] - regret[others | {stage}])
    return parts


def subsets(names: Iterable[str]) -> list[Subset]:
    """All of them, the empty one first."""
    found = list(names)
    return [frozenset(some) for size in range(len(found) + 1) for some in combinations(found, size)]
