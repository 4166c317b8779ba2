"""Run the arms and seeds of studies in processes, one torch thread each; go on where one stopped.

Every finished run is a line of JSON in a log. A run is known by the code of its study, settings and
seed, so that arms with equal settings share it and an interrupted batch does only what is missing.
What has changed in the rooms since cannot be seen; then start with a new log.
"""

import ast
import hashlib
import inspect
import json
import multiprocessing
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import torch

from plaudit.envs.names import load
from plaudit.studies.registry import STUDIES
from plaudit.studies.study import Changes, Run, Study
from plaudit.studies.verdict import ablated_claims


class Job(NamedTuple):
    """One run.

    Attributes:
        study: by name.
        code: digest of the study's module.
        settings: as a dict.
        seed: of everything random.
        arm: or another label, for messages.
    """

    study: str
    code: str
    settings: dict[str, Any]
    seed: int
    arm: str

    @property
    def key(self) -> str:
        return json.dumps([self.study, self.code, self.settings, self.seed], sort_keys=True)


class Done(NamedTuple):
    """A finished run and the CPU seconds that it took; or the error that ended it."""

    job: Job
    run: Run
    seconds: float
    error: str = ""


def load_study(name: str) -> Study:
    """The study registered under a name or id, e.g. "rloo" or "S026".

    Raises:
        KeyError: unknown; the message names what is near.
    """
    if re.fullmatch(r"[A-Za-z]\d{3}", name):
        for study in all_studies():
            if study.id == name.upper():
                return study
    found: Study = load("study", name, STUDIES)
    return found


def all_studies() -> list[Study]:
    """Every study there is, by id."""
    return sorted((load("study", name, STUDIES) for name in STUDIES), key=lambda study: study.id)


def jobs_of(study: Study, budget: str, seeds: Iterable[int], *, ablated: bool = False) -> list[Job]:
    """Everything a study runs, seed by seed.

    Args:
        study: which.
        budget: "quick" or "full".
        seeds: with which.
        ablated: only what its ablations need.
    """
    arms: Iterable[str] = study.arms
    if ablated:
        arms = dict.fromkeys(arm for claim in ablated_claims(study) for arm in claim.effect.arms)
    return [job_of(study, budget, seed, arm, study.arms[arm]) for seed in seeds for arm in arms]


def job_of(study: Study, budget: str, seed: int, label: str, *changes: Changes) -> Job:
    """One run of a study with changed settings; the label names it in messages."""
    return Job(study.name, _code(study), asdict(study.set(budget, *changes)), seed, label)


def execute(
    jobs: Iterable[Job],
    log: Path,
    processes: int = 0,
    on_done: Callable[[Done], None] | None = None,
) -> dict[str, Done]:
    """Do what the log lacks.

    Args:
        jobs: what to run.
        log: JSON lines; made if absent, appended to, never rewritten.
        processes: at once; 0: one per core; 1 for a job that must stay in this process.
        on_done: called with each run that is finished, those from the log first.

    Returns:
        By key of the job. A job that raised is there with its `error`, and not in the log.
    """
    wanted = {job.key: job for job in jobs}
    known = {key: done for key, done in _logged(log) if key in wanted}
    found = {key: Done(wanted[key], run, seconds) for key, (run, seconds) in known.items()}
    for done in found.values():
        if on_done is not None:
            on_done(done)
    log.parent.mkdir(parents=True, exist_ok=True)
    _end_line(log)
    with log.open("a", encoding="utf-8") as file:
        for done in _run([job for key, job in wanted.items() if key not in found], processes):
            found[done.job.key] = done
            if not done.error:
                entry = {"key": done.job.key, "run": done.run, "seconds": done.seconds}
                file.write(json.dumps(entry) + "\n")
                file.flush()
            if on_done is not None:
                on_done(done)
    return found


def by_arm(jobs: Iterable[Job], done: dict[str, Done]) -> dict[str, dict[int, Run]]:
    """Runs by arm, then seed, as `verdict.judge` takes them.

    Raises:
        RuntimeError: some jobs failed; the message says which and why.
    """
    runs: dict[str, dict[int, Run]] = {}
    for job in jobs:
        finished = done[job.key]
        if finished.error:
            raise RuntimeError(f"{job.study}, {job.arm!r}, seed {job.seed}: {finished.error}")
        runs.setdefault(job.arm, {})[job.seed] = finished.run
    return runs


@cache
def _code(study: Study) -> str:
    """Digest of what the study's module does; another wording or lay-out changes nothing."""
    tree = ast.parse(inspect.getsource(sys.modules[study.run.__module__]))
    body = tree.body[ast.get_docstring(tree) is not None :]
    return hashlib.sha256("".join(map(ast.dump, body)).encode()).hexdigest()[:12]


def _run(jobs: list[Job], processes: int) -> Iterator[Done]:
    processes = min(processes or os.cpu_count() or 1, len(jobs))
    if processes <= 1:
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            yield from map(_one, jobs)
        finally:
            torch.set_num_threads(before)
        return
    os.environ["OMP_NUM_THREADS"] = "1"  # read by the children before they load torch
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, initializer=_one_thread) as pool:
        try:
            for future in as_completed([pool.submit(_one, job) for job in jobs]):
                yield future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _one(job: Job) -> Done:
    study, began = load_study(job.study), time.process_time()
    try:
        run = study.run(type(study.settings)(**job.settings), job.seed)
    except Exception as error:  # the other runs go on, and this one is reported
        return Done(job, {"measures": {}}, 0.0, f"{type(error).__name__}: {error}")
    return Done(job, run, time.process_time() - began)


def _one_thread() -> None:
    torch.set_num_threads(1)


def _end_line(log: Path) -> None:
    """End a line that a kill has cut off, so that the next one stands alone."""
    if log.exists() and not log.read_bytes().endswith(b"\n"):
        with log.open("ab") as file:
            file.write(b"\n")


def _logged(log: Path) -> Iterator[tuple[str, tuple[Run, float]]]:
    """What a log holds; a line that was cut off by a kill is skipped."""
    if not log.exists():
        return
    for line in log.read_text("utf-8").splitlines():
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            continue
        yield entry["key"], (entry["run"], entry["seconds"])
