"""A teacher of your own: what it sees, what it likes, how it chooses, what goes wrong.

Every part is a pure function, so `probs` is exact, all noise included; its last cell is a skip.
"""

from dataclasses import replace

import numpy as np

from plaudit.feedback.asks import Compare
from plaudit.feedback.teachers.choices import Boltzmann
from plaudit.feedback.teachers.noises import Mistake, PositionBias, Skip
from plaudit.feedback.teachers.simulated import Simulated
from plaudit.feedback.types import Query, Segment, SegmentRef


def last_half(segment: Segment) -> Segment:
    """A lens: an impatient person remembers only how it ended."""
    cut = len(segment) // 2
    rewards = None if segment.rewards is None else segment.rewards[cut:]
    return replace(segment, obs=segment.obs[cut:], actions=segment.actions[cut:], rewards=rewards)


def worst_moment(seen: Segment) -> float:
    """A utility: what one minds is the worst step."""
    if seen.rewards is None:
        raise ValueError(f"worst_moment needs the true rewards of {seen.ref}, it has none")
    return float(seen.rewards.min())


def example_segment(episode: int, rewards: list[float]) -> Segment:
    steps = len(rewards)
    reference = SegmentRef("by hand", episode, 0, steps)
    return Segment(np.zeros((steps + 1, 1)), np.zeros(steps), reference, rewards=np.array(rewards))


def main(quick: bool = False) -> list[float]:
    noises = (PositionBias(logit=0.5), Mistake(rate=0.1), Skip(rate=0.05))
    choice = Boltzmann(beta=1.0)
    person = Simulated(last_half, worst_moment, choice, noises, seed=7, name="impatient")
    bad_start = example_segment(0, [-9.0, -9.0, 1.0, 1.0])
    bad_end = example_segment(1, [9.0, 9.0, 0.0, 0.0])
    query = Query((bad_start, bad_end), Compare())

    first, second, skip = odds = person.probs(query).tolist()
    print(f"prefers the bad start {first:.4f}, the bad end {second:.4f}, skips {skip:.4f}")
    answers = [feedback.answer for feedback in person.answer([query] * (100 if quick else 10_000))]
    shares = [answers.count(answer) / len(answers) for answer in (0, 1, None)]
    print("shares of its answers", shares)
    return odds


if __name__ == "__main__":
    main()
