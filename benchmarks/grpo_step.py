"""One GRPO update on a tiny GPT-2 (4 layers of 128): our trainer beside TRL's GRPOTrainer.

The same job: model, prompts, reward, batch and group size, loss, clip, learning rate, AdamW; no
reference, float32, TRL's extras (logging, saving, bf16, gradient checkpointing) off. `CausalLM`
learns on the very model that TRL does, `TinyTransformer` on our own of the same size. Updates take
turns in one process. Rewards are means of ten updates: the curves must agree before a ratio says
anything. Peak memory is that of a process of its own with a few updates, imports included.
"""

import gc
import importlib
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import mean, stdev
from typing import Any, NamedTuple

from benchmarks import tiny_gpt2 as tiny
from benchmarks.measure import Timing, ratio
from plaudit import agents

LR = 1e-3
UPDATES, WARM = 40, 2  # updates of the curves, and how many of them are not timed
QUARTER = UPDATES // 4
IN_MEMORY = 3  # updates of a process whose peak memory is measured
AGREES = 4  # standard errors that the last rewards of two curves may be apart
PEER = "TRL GRPOTrainer"
POLICIES = {"CausalLM": tiny.same_weights, "TinyTransformer": tiny.equal_size}

Row = dict[str, Any]
Between = Callable[[], None]


class Shape(NamedTuple):
    """Answers of an update, longest answer in tokens, answers per prompt."""

    rows: int
    tokens: int
    group: int

    def __str__(self) -> str:
        return f"{self.rows} x {self.tokens} tokens"


SHAPES = (Shape(64, 64, 8), Shape(16, 32, 4))


class Course(NamedTuple):
    """CPU and wall seconds, and mean reward, of each update."""

    cpu: list[float]
    wall: list[float]
    rewards: list[float]


def table() -> list[Row]:
    """A row per shape and trainer: updates per second, curve, memory, ratios to TRL's."""
    rows = []
    for shape in SHAPES:
        courses = {name: Course([], [], []) for name in POLICIES}
        turns = [_turn(ours(name, shape), course) for name, course in courses.items()]
        try:
            peer = theirs(shape, UPDATES, lambda turns=turns: [turn() for turn in turns])
        except ModuleNotFoundError:
            rows.append({"case": f"{PEER}, {shape}", "note": "not installed"})
            for _ in range(UPDATES):
                for turn in turns:
                    turn()
        else:
            courses = {PEER: peer} | courses
        peaks = {name: peak(name, shape) for name in courses}
        rows += [_row(name, shape, courses, peaks) for name in courses]
    return rows


def ours(name: str, shape: Shape) -> Any:
    """Our trainer of this policy."""
    policy = POLICIES[name](True)
    return agents.make(
        "grpo", tiny.world(shape.rows, shape.tokens), policy=policy, beta=0.0,
        group_size=shape.group, lr=LR, updates=UPDATES, aggregation="sequence_mean",
    )  # fmt: skip


def theirs(shape: Shape, updates: int, between: Between) -> Course:
    """Train with TRL; `between` is called after each update and not counted."""
    trl, transformers = (importlib.import_module(name) for name in ("trl", "transformers"))
    datasets = importlib.import_module("datasets")
    transformers.logging.set_verbosity_error()
    course = Course([], [], [])

    class Clock(transformers.TrainerCallback):  # type: ignore[misc, name-defined]
        def on_train_begin(self, *_: Any, **__: Any) -> None:
            self.began = time.process_time(), time.perf_counter()

        def on_step_end(self, *_: Any, **__: Any) -> None:
            course.cpu.append(time.process_time() - self.began[0])
            course.wall.append(time.perf_counter() - self.began[1])
            between()
            self.began = time.process_time(), time.perf_counter()

    def reward(prompts: list[str], completions: list[str], **_: Any) -> list[float]:
        paid = [tiny.liked(*pair) for pair in zip(prompts, completions, strict=True)]
        course.rewards.append(mean(paid))
        return paid

    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        settings = trl.GRPOConfig(
            output_dir=folder, use_cpu=True, bf16=False, gradient_checkpointing=False,
            per_device_train_batch_size=shape.rows, num_generations=shape.group,
            max_completion_length=shape.tokens, max_steps=updates, learning_rate=LR,
            lr_scheduler_type="constant", loss_type="grpo", beta=0.0, top_k=0,
            logging_strategy="no", save_strategy="no", report_to="none", disable_tqdm=True,
        )  # fmt: skip
        trainer = trl.GRPOTrainer(
            tiny.model(True), reward, args=settings, callbacks=[Clock()],
            train_dataset=datasets.Dataset.from_dict({"prompt": list(tiny.prompts())}),
            processing_class=tiny.tokenizer(),
        )  # fmt: skip
        trainer.remove_callback(transformers.PrinterCallback)
        gc.collect()
        gc.freeze()
        trainer.train()
        gc.unfreeze()
    return course


def _turn(trainer: Any, course: Course) -> Between:
    def turn() -> None:
        cpu, wall = time.process_time(), time.perf_counter()
        row = trainer.train(trainer.update + 1)[-1]
        course.cpu.append(time.process_time() - cpu)
        course.wall.append(time.perf_counter() - wall)
        course.rewards.append(row["reward"])

    return turn


def _row(name: str, shape: Shape, courses: dict[str, Course], peaks: dict[str, float]) -> Row:
    timings = {each: _timing(each, course) for each, course in courses.items()}
    mine, rewards = timings[name], courses[name].rewards
    row: Row = {
        "case": f"{name}, {shape}",
        "updates_per_second": mine.rate,
        "peak_megabytes": peaks[name],
        "wall_per_cpu": mine.wall / mine.cpu,
        "note": "noisy" if mine.noisy else "",
    }
    quarters = range(0, UPDATES, QUARTER)
    row |= {f"reward_{1 + i}_{i + QUARTER}": mean(rewards[i : i + QUARTER]) for i in quarters}
    if name != PEER and PEER in courses:
        row["x_trl"] = ratio(mine, timings[PEER])
        row["x_memory"] = peaks[PEER] / peaks[name]
        if not same_curve(rewards, courses[PEER].rewards):
            row["note"] = "another curve"
    return row


def _timing(name: str, course: Course) -> Timing:
    cpu, wall = course.cpu[WARM:], course.wall[WARM:]
    return Timing(name, tuple(1 / seconds for seconds in cpu), sum(cpu), sum(wall))


def same_curve(first: list[float], second: list[float]) -> bool:
    """Whether the last rewards of two runs agree within noise."""
    ends = [rewards[-QUARTER:] for rewards in (first, second)]
    error = sum(stdev(end) ** 2 / len(end) for end in ends) ** 0.5
    return abs(mean(ends[0]) - mean(ends[1])) <= AGREES * error


def peak(name: str, shape: Shape) -> float:
    """Most memory that a process of its own held, MB."""
    command = [sys.executable, "-m", "benchmarks.grpo_step", name, *map(str, shape)]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return float(told.split()[-1])


def _play(name: str, shape: Shape) -> None:
    if name == PEER:
        theirs(shape, IN_MEMORY, lambda: None)
    else:
        ours(name, shape).train(IN_MEMORY)


if __name__ == "__main__":
    _play(sys.argv[1], Shape(*map(int, sys.argv[2:])))
    # Not `ru_maxrss`, which counts what the parent held when it started this process.
    status = Path("/proc/self/status").read_text("utf-8")
    print(int(status.partition("VmHWM:")[2].split()[0]) / 1024)
