"""Names of losses, advantages, policies and trainers; strings, so that importing loads nothing."""

ADVANTAGES = {
    "gae": "plaudit.agents.advantages.gae:gae",
    "group": "plaudit.agents.advantages.group:group",
    "leave_one_out": "plaudit.agents.advantages.leave_one_out:leave_one_out",
}

LOSSES = {
    "grpo": "plaudit.agents.losses.grpo:grpo",
    "ppo": "plaudit.agents.losses.ppo:ppo",
    "ppo_value": "plaudit.agents.losses.ppo:ppo_value",
    "rloo": "plaudit.agents.losses.rloo:rloo",
}

PER_ANSWER = frozenset({"grpo", "rloo"})
"""Losses that take one advantage per answer, (B,), where the others take one per token."""

POLICIES = {
    "causal_lm": "plaudit.agents.policies.causal_lm:CausalLM",
    "ngram": "plaudit.agents.policies.ngram:NgramPolicy",
    "smollm2": "plaudit.agents.policies.smollm2:smollm2",
    "tiny_transformer": "plaudit.agents.policies.tiny_transformer:TinyTransformer",
}

TRAINERS = {
    "grpo": "plaudit.agents.trainers.recipes:grpo",
    "ppo": "plaudit.agents.trainers.recipes:ppo",
    "rloo": "plaudit.agents.trainers.recipes:rloo",
}
