"""Named finite processes from the literature, each with a number it must reproduce."""

from functools import cache

from plaudit.envs.names import load
from plaudit.envs.tabular.gallery.instance import Instance

_AT = "plaudit.envs.tabular.gallery."
INSTANCES = {
    "advice_adherence": _AT + "advice:advice_adherence",
    "borda_against_condorcet": _AT + "social_choice:borda_against_condorcet",
    "combination_lock": _AT + "locks:combination_lock",
    "condorcet_cycle": _AT + "social_choice:condorcet_cycle",
    "constrained_mixture": _AT + "budget:constrained_mixture",
    "deceptive_inflation": _AT + "deception:deceptive_inflation",
    "irreducibly_ambiguous": _AT + "deception:irreducibly_ambiguous",
    "k_wise_mle_failure": _AT + "comparisons:k_wise_mle_failure",
    "ladder": _AT + "praise:ladder",
    "language_feedback_lock": _AT + "locks:language_feedback_lock",
    "maxmin_against_utilitarian": _AT + "social_choice:maxmin_against_utilitarian",
    "overjustification": _AT + "deception:overjustification",
    "recoverable": _AT + "deception:recoverable",
    "regret_vs_partial_return": _AT + "segments:regret_vs_partial_return",
    "reward_feedback_lock": _AT + "locks:reward_feedback_lock",
    "safe_or_risky": _AT + "segments:safe_or_risky",
}
"""Name -> "module:function" that builds the instance."""


@cache
def instance(name: str) -> Instance:
    """An entry of the gallery; KeyError with the nearest name if there is no such one."""
    built: Instance = load("instance", name, INSTANCES)()
    return built


def gallery() -> list[tuple[str, str, float, float]]:
    """Rows (name, claim, number stated, number reproduced), for the documentation."""
    found = map(instance, INSTANCES)
    return [(entry.name, entry.claim, entry.number, entry.reproduce()) for entry in found]
