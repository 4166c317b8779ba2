"""Bugs to plant: the kinds found in peers' simulated teachers, and those nearest to them here.

`python -m tests.mutations.bugs` plants each of them in a copy and prints which tests catch it.
"""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "runs", "__pycache__", ".*_cache", "figures")


@dataclass(frozen=True)
class Bug:
    """One change to one file, and the tests that must notice it.

    Attributes:
        name: what is wrong.
        found_in: the peer that had it, if any.
        file: where it is planted.
        before, after: the text that is replaced, which occurs once.
        tests: arguments of pytest.
    """

    name: str
    found_in: str
    file: str
    before: str
    after: str
    tests: tuple[str, ...]


TEACHERS = ("tests/contracts/test_every_teacher.py", "-k", "boltzmann or oracle or noisy_person")
CHOICES = ("tests/feedback/teachers/choices",)
ASKS = ("tests/feedback/asks",)

NOISES = ("tests/feedback/teachers/noises",)
STORE = ("tests/feedback/test_store.py",)

BUGS = [
    Bug(
        "a threshold is squared after the first session",
        "B-Pref, SURF, RUNE, MRN, QPA",
        "feedback/teachers/noises/thresholds.py",
        "        return replace(self, threshold=self._margin(utilities))\n",
        "        return replace(self, threshold=(self.share or 1.0) * self._margin(utilities))\n",
        NOISES,
    ),
    Bug(
        "a threshold is inactive where returns are negative",
        "B-Pref",
        "feedback/teachers/noises/thresholds.py",
        "threshold=float(np.min(utilities)) + self._margin(utilities)",
        "threshold=min(0.0, np.mean(utilities)) * (self.share or 1.0)",
        NOISES,
    ),
    Bug(
        "answers are stored by the place shown",
        "label files without the order shown",
        "feedback/people/places.py",
        "    return _moved(ask, order, ask.check(shown))\n",
        "    return ask.check(shown)\n",
        ("tests/feedback/people/test_places.py",),
    ),
    Bug(
        "the best segments are rated worst",
        "ours, found by review: probabilities too small for numbers",
        "feedback/teachers/choices/base.py",
        "shares[1] + self.log_cdf(high)))\n",
        "shares[1] + np.log(np.exp(self.log_cdf(high)))))\n",
        CHOICES,
    ),
    Bug(
        "an adversary never stays silent",
        "ours, found by review",
        "feedback/asks/base.py",
        "(odds[possible].sum() - odds) / others, odds)",
        "(1.0 - odds) / others, 0.0)",
        NOISES,
    ),
    Bug(
        "an agreement forgets that ties take the close pairs",
        "ours, found by review",
        "feedback/teachers/choices/calibration.py",
        "odds[:, 0].sum() / odds[:, :2].sum()",
        "odds[:, 0].mean()",
        CHOICES,
    ),
    Bug(
        "the likelier answer is always given",
        "CleanRLHF",
        "feedback/teachers/drawing.py",
        "    edges = np.cumsum(probs)\n",
        "    return int(np.argmax(probs))\n    edges = np.cumsum(probs)\n",
        TEACHERS,
    ),
    Bug(
        "an exact tie is always called for the first",
        "B-Pref",
        "feedback/teachers/choices/argmax.py",
        "return _log(np.heaviside(x, 0.5))",
        "return _log(np.heaviside(x, 1.0 if x.size else 0.5))",
        (*CHOICES, "tests/contracts/test_every_teacher.py", "-k", "oracle or argmax"),
    ),
    Bug(
        "the worse one is preferred",
        "safe-rlhf, GAIL (sign)",
        "feedback/teachers/choices/boltzmann.py",
        "return functions(x).log_sigmoid(self._beta * x)",
        "return functions(x).log_sigmoid(-self._beta * x)",
        CHOICES,
    ),
    Bug(
        "beta divides instead of multiplying",
        "temperature and rationality confused",
        "feedback/teachers/choices/boltzmann.py",
        "scaled = self._beta * xp.where",
        "scaled = 1 / self._beta * xp.where",
        ASKS,
    ),
    Bug(
        "padded steps are marked, too",
        "multi-type-feedback",
        "feedback/asks/marking.py",
        "table = xp.where(xp.isnan(utilities)[..., None], unmarked, table)",
        "table = xp.where(xp.isnan(utilities)[..., None], table, table)",
        ASKS,
    ),
    Bug(
        "padded steps count in the return of a reward model",
        "multi-type-feedback",
        "feedback/models/maximum_likelihood.py",
        "return (rewards * group.mask).sum(-1)",
        "return rewards.sum(-1)",
        ("tests/feedback/models", "tests/contracts/test_every_reward_model.py"),
    ),
    Bug(
        "a mistake is drawn at random instead of reversed",
        "lapse and flip confused",
        "feedback/asks/base.py",
        "            return odds[list(mirror)]\n",
        "            return np.full(len(odds), 1 / len(odds))\n",
        NOISES,
    ),
    Bug(
        "position bias favours what is stored first, not what is shown first",
        "unseeded placement in reward-bench",
        "feedback/teachers/noises/position.py",
        "segment == query.order[0]",
        "segment == 0",
        NOISES,
    ),
    Bug(
        "the global random stream is used",
        "imitation, B-Pref",
        "feedback/teachers/simulated.py",
        "self._rng.random(1 if count == 1 else 1 + count)",
        "np.random.random(1 if count == 1 else 1 + count)",
        TEACHERS,
    ),
    Bug(
        "a ranking tells only which is best",
        "RLHF-Blender (ranking aliased to comparison)",
        "feedback/asks/comparing.py",
        "for k in range(self.segments - 1)]",
        "for k in range(1)]",
        ASKS,
    ),
    Bug(
        "a scale is read upside down",
        "ratings and ranks confused",
        "feedback/asks/base.py",
        "away = xp.constant(edges, utilities) - utilities[..., None]",
        "away = xp.constant(edges, utilities) + utilities[..., None]",
        ASKS,
    ),
    Bug(
        "a correction returns what was done",
        "multi-type-feedback (the same pair in both branches)",
        "feedback/asks/acting.py",
        "gains[: len(taken)] = values[:-1] - values_done(self, values, taken)[:, None]",
        "gains[: len(taken)] = 0.0",
        ASKS,
    ),
    Bug(
        "one draw serves two purposes",
        "ours, found by Kolmogorov-Smirnov",
        "feedback/teachers/simulated.py",
        "number = ask.quantile(place, ",
        "number = ask.quantile(which, ",
        ("tests/contracts/test_every_teacher.py", "-k", "follow and rate"),
    ),
    Bug(
        "the discount weighs the wrong end",
        "B-Pref against the published return",
        "feedback/teachers/utilities/returns.py",
        "weights[::-1] if self.recent else weights",
        "weights if self.recent else weights[::-1]",
        ("tests/feedback/teachers",),
    ),
    Bug(
        "a temperature is calibrated on signed differences",
        "agreement solved from the spread",
        "feedback/teachers/choices/calibration.py",
        "gaps = np.abs(np.asarray(differences, np.float64).ravel())",
        "gaps = np.asarray(differences, np.float64).ravel()",
        CHOICES,
    ),
    Bug(
        "only the first annotator of a question is kept",
        "Uni-RLHF",
        "feedback/store.py",
        "who = (answer.query_id, answer.annotator)",
        "who = (answer.query_id, 0)",
        STORE,
    ),
    Bug(
        "learners are shown the true rewards",
        "leak",
        "feedback/types.py",
        "return replace(self, rewards=None, ",
        "return replace(self, ",
        ("tests/feedback/test_types.py", "tests/feedback/test_store.py"),
    ),
]


def planted(bug: Bug, copy: Path) -> int:
    """The exit status of pytest in a copy that has the bug: 1 where a test fails."""
    path = copy / bug.file
    text = path.read_text(encoding="utf-8")
    if text.count(bug.before) != 1:
        raise ValueError(f"{bug.file} holds {bug.before!r} {text.count(bug.before)} times")
    path.write_text(text.replace(bug.before, bug.after), encoding="utf-8")
    try:
        return run(copy, *bug.tests)
    finally:
        path.write_text(text, encoding="utf-8")


def run(copy: Path, *tests: str) -> int:
    """The exit status of pytest in a copy."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    return done.returncode


def copied(folder: Path) -> Path:
    """A copy of the repository in an empty folder."""
    return Path(shutil.copytree(ROOT, folder / "copy", symlinks=True, ignore=LEFT_OUT))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        copy = copied(Path(folder))
        print("| planted bug | found in | caught |")
        print("|---|---|---|")
        for bug in BUGS:
            try:
                caught = {0: "NO", 1: "yes"}.get(planted(bug, copy), "the tests did not run")
            except ValueError as error:
                caught = f"could not be planted: {error}"
            print(f"| {bug.name} | {bug.found_in} | {caught} |", flush=True)


if __name__ == "__main__":
    main()
