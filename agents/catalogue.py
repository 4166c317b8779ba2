"""docs/algorithms.md: recipes, advantages, losses, trainers and policies, in their own words.

Run `python -m plaudit.agents.catalogue > docs/algorithms.md` from the root of the repository, or
`make algorithms`. A house test holds the page against the registry.
"""

import inspect
import re
import sys
from importlib import import_module

from plaudit.agents import registry
from plaudit.agents.trainers import recipes

HEAD = """# Algorithms

Written by `make algorithms` from the registry and the modules' own words; a test keeps it so.

An algorithm is an advantage and a loss, bound by the names of their arguments:
`agents.make("grpo", env, policy=policy, std="none")` takes the recipe's settings and changes one.
Any pair can be tried, `PolicyGradient("step_groups", "cispo")`; a new one is a function in
`agents/advantages/` or `agents/losses/`, and a line in `agents/trainers/recipes.py`.
"""

OFFERED = {
    "advantage",
    "correct",
    "entropy",
    "ends",
    "groups",
    "greedy_scores",
    "last_value",
    "logp",
    "macros",
    "mask",
    "old_logp",
    "old_value",
    "pass_rate",
    "ref_logp",
    "returns",
    "rewards",
    "scores",
    "states",
    "tokens",
    "turns",
    "value",
    "values",
    "weights",
}
"""Tensors that trainers can make; a function that takes others is there to be called by you."""

SECTIONS = (
    ("Advantages", "`agents.advantage(name)`; pure functions.", registry.ADVANTAGES),
    ("Shapings", "`agents.shaping(name)`; from rewards to rewards.", registry.SHAPINGS),
    ("Losses", "`agents.loss(name)`; pure functions, `(scalar, stats)`.", registry.LOSSES),
    (
        "Trainers",
        "`agents.make(name, ...)`; the recipes above are trainers, too.",
        registry.TRAINERS,
    ),
    ("Policies", "`agents.policy(name, ...)`.", registry.POLICIES),
)


def page() -> str:
    """The page, as Markdown."""
    parts = [HEAD, "## Recipes\n", _table_of(recipes.__doc__ or "")]
    for title, lede, table in SECTIONS:
        rows = [
            f"| `{name}` | {_says(entry)}{_needs(entry)} | {_source(entry)} |"
            for name, entry in table.items()
            if "trainers.recipes:" not in entry
        ]
        head = ["| name | what it is | source |", "|---|---|---|"]
        parts.append("\n".join([f"## {title}\n", lede, "", *head, *rows, ""]))
    return "\n".join(parts)


def _table_of(docstring: str) -> str:
    lines = [line for line in docstring.splitlines() if line.startswith("|")]
    return "\n".join([*lines, ""])


def _says(entry: str) -> str:
    """What the module says it is: its first sentence, one line."""
    module, name = entry.split(":")
    found = import_module(module)
    members = [m for m in vars(found).values() if getattr(m, "__module__", "") == module]
    public = [m for m in members if callable(m) and not m.__name__.startswith("_")]
    # A module that holds several says what they share; then each speaks for itself.
    several = sum(f"{module}:{m.__name__}" in _ENTRIES for m in public) > 1
    text = inspect.getdoc(getattr(found, name) if several else found) or ""
    return text.partition("\n\n")[0].replace("\n", " ").replace("|", "\\|").rstrip(".")


def _needs(entry: str) -> str:
    """What nobody but the caller has."""
    module, name = entry.split(":")
    parameters = inspect.signature(getattr(import_module(module), name)).parameters.values()
    needed = [
        f"`{p.name}`"
        for p in parameters
        if str(p.annotation) == "<class 'torch.Tensor'>"
        and p.default is p.empty
        and p.name not in OFFERED
    ]
    return f"; you bring {', '.join(needed)}" if needed else ""


def _source(entry: str) -> str:
    """The first source that is named."""
    module, name = entry.split(":")
    found = import_module(module)
    for text in (inspect.getdoc(getattr(found, name)), found.__doc__):
        cited = re.search(r"^ *Source: (.*(?:\n {4,}.*)*)", text or "", re.MULTILINE)
        if cited:
            return re.sub(r"\s+", " ", cited[1]).replace("|", "\\|").rstrip(".")
    return ""


_ENTRIES = {entry for _, _, table in SECTIONS for entry in table.values()}


if __name__ == "__main__":
    sys.stdout.write(page())
