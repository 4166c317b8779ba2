"""AgentView: the teacher looks through another agent's eyes."""

from dataclasses import dataclass, replace

from plaudit.envs.names import nearest
from plaudit.feedback.teachers.once import once_per_segment
from plaudit.feedback.teachers.opening import true_rewards
from plaudit.feedback.types import Segment


@dataclass(frozen=True)
class AgentView:
    """What another agent saw and did in the same steps, and what it was paid.

    Source: own design.

    Args:
        agent: whose view, a key of `Segment.others`.
        rewards: open that agent's true rewards; nothing else of what is privileged is opened.

    Raises:
        ValueError: when looking, a segment without this agent, or without its rewards.
    """

    agent: str
    rewards: bool = True

    @once_per_segment
    def __call__(self, segment: Segment) -> Segment:
        if self.agent not in segment.others:
            raise ValueError(
                f"{segment.ref} does not show what {self.agent!r} saw"
                f"{nearest(self.agent, segment.others)}"
            )
        other = segment.others[self.agent]
        who = f"who sees what {self.agent!r} was paid"
        return replace(other.view(), rewards=true_rewards(other, who) if self.rewards else None)
