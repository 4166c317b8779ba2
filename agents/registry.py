"""Names of losses, advantages, policies and trainers; strings, so that importing loads nothing."""

ADVANTAGES = {
    "bilevel_gae": "plaudit.agents.advantages.bilevel_gae:bilevel_gae",
    "gae": "plaudit.agents.advantages.gae:gae",
    "greedy_baseline": "plaudit.agents.advantages.greedy_baseline:greedy_baseline",
    "group": "plaudit.agents.advantages.group:group",
    "leave_one_out": "plaudit.agents.advantages.leave_one_out:leave_one_out",
    "macro_gae": "plaudit.agents.advantages.macro_gae:macro_gae",
    "moving_average": "plaudit.agents.advantages.moving_average:moving_average",
    "optimal_baseline": "plaudit.agents.advantages.optimal_baseline:optimal_baseline",
    "reinforce_plus_plus": "plaudit.agents.advantages.reinforce_plus_plus:reinforce_plus_plus",
    "returns_to_go": "plaudit.agents.advantages.returns_to_go:returns_to_go",
    "step_groups": "plaudit.agents.advantages.step_groups:step_groups",
    "win_rate": "plaudit.agents.advantages.win_rate:win_rate",
}

LOSSES = {
    "awr": "plaudit.agents.losses.awr:awr",
    "cispo": "plaudit.agents.losses.cispo:cispo",
    "entropy_bonus": "plaudit.agents.losses.entropy:entropy_bonus",
    "grpo": "plaudit.agents.losses.grpo:grpo",
    "gspo": "plaudit.agents.losses.gspo:gspo",
    "imitation": "plaudit.agents.losses.imitation:imitation",
    "inverse_q": "plaudit.agents.losses.inverse_q:inverse_q",
    "kl_penalty": "plaudit.agents.losses.kl_penalty:kl_penalty",
    "nft": "plaudit.agents.losses.nft:nft",
    "nll": "plaudit.agents.losses.nll:nll",
    "ppo": "plaudit.agents.losses.ppo:ppo",
    "ppo_value": "plaudit.agents.losses.ppo:ppo_value",
    "reinforce": "plaudit.agents.losses.reinforce:reinforce",
    "rloo": "plaudit.agents.losses.rloo:rloo",
    "sapo": "plaudit.agents.losses.sapo:sapo",
    "soft_q": "plaudit.agents.losses.soft_q:soft_q",
}

PER_ANSWER = frozenset({"cispo", "grpo", "gspo", "rloo", "sapo"})
"""Losses whose advantage is one number per answer, (B,); the others take one per position."""

POLICIES = {
    "actor_critic": "plaudit.agents.policies.actor_critic:ActorCritic",
    "causal_lm": "plaudit.agents.policies.causal_lm:CausalLM",
    "epsilon_greedy": "plaudit.agents.policies.epsilon_greedy:EpsilonGreedy",
    "feedback_model": "plaudit.agents.policies.feedback_model:FeedbackModel",
    "linear_softmax": "plaudit.agents.policies.linear_softmax:LinearSoftmax",
    "ngram": "plaudit.agents.policies.ngram:NgramPolicy",
    "return_conditioned": "plaudit.agents.policies.return_conditioned:ReturnConditioned",
    "smollm2": "plaudit.agents.policies.smollm2:smollm2",
    "team": "plaudit.agents.policies.team:team",
    "tiny_transformer": "plaudit.agents.policies.tiny_transformer:TinyTransformer",
}

SHAPINGS = {
    "potential_based": "plaudit.agents.advantages.potential_based:potential_based",
    "redistribute": "plaudit.agents.advantages.redistribute:redistribute",
}
"""Functions from rewards to rewards, before advantages are taken."""

TRAINERS = {
    "a2c": "plaudit.agents.trainers.recipes:a2c",
    "bilevel_ppo": "plaudit.agents.trainers.recipes:bilevel_ppo",
    "cispo": "plaudit.agents.trainers.recipes:cispo",
    "coach": "plaudit.agents.trainers.coach:Coach",
    "dapo": "plaudit.agents.trainers.recipes:dapo",
    "deep_coach": "plaudit.agents.trainers.deep_coach:DeepCoach",
    "deep_tamer": "plaudit.agents.trainers.tamer:DeepTamer",
    "dr_grpo": "plaudit.agents.trainers.recipes:dr_grpo",
    "expert_iteration": "plaudit.agents.trainers.self_training_recipes:expert_iteration",
    "gigpo": "plaudit.agents.trainers.recipes:gigpo",
    "grpo": "plaudit.agents.trainers.recipes:grpo",
    "gspo": "plaudit.agents.trainers.recipes:gspo",
    "ippo": "plaudit.agents.trainers.recipes:ippo",
    "loop": "plaudit.agents.trainers.recipes:loop",
    "macro_ppo": "plaudit.agents.trainers.recipes:macro_ppo",
    "mappo": "plaudit.agents.trainers.recipes:mappo",
    "nft": "plaudit.agents.trainers.recipes:nft",
    "opo": "plaudit.agents.trainers.recipes:opo",
    "ppo": "plaudit.agents.trainers.recipes:ppo",
    "q_learning": "plaudit.agents.trainers.q_learning:QLearning",
    "raft": "plaudit.agents.trainers.self_training_recipes:raft",
    "reinforce": "plaudit.agents.trainers.recipes:reinforce",
    "reinforce_average": "plaudit.agents.trainers.recipes:reinforce_average",
    "reinforce_plus_plus": "plaudit.agents.trainers.recipes:reinforce_plus_plus",
    "remax": "plaudit.agents.trainers.recipes:remax",
    "rest": "plaudit.agents.trainers.self_training_recipes:rest",
    "return_conditioned": "plaudit.agents.trainers.self_training_recipes:return_conditioned",
    "rloo": "plaudit.agents.trainers.recipes:rloo",
    "sapo": "plaudit.agents.trainers.recipes:sapo",
    "spo": "plaudit.agents.trainers.recipes:spo",
    "supervised": "plaudit.agents.trainers.supervised:supervised",
    "tamer": "plaudit.agents.trainers.tamer:Tamer",
}
