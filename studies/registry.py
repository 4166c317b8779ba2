"""Names of studies; strings, so that importing this loads nothing."""

STUDIES = {
    "attention_credit": "plaudit.studies.reward_models.attention_credit:STUDY",
    "coach": "plaudit.studies.interactive.coach:STUDY",
    "deep_rl_from_human_preferences": (
        "plaudit.studies.reward_models.deep_rl_from_human_preferences:STUDY"
    ),
    "hindsight_simulation": "plaudit.studies.teachers.hindsight_simulation:STUDY",
    "k_wise_comparisons": "plaudit.studies.reward_models.k_wise_comparisons:STUDY",
    "label_noise_votes": "plaudit.studies.reward_models.label_noise_votes:STUDY",
    "partial_observability": "plaudit.studies.analyses.partial_observability:STUDY",
    "regret_preferences": "plaudit.studies.teachers.regret_preferences:STUDY",
    "repeated_rps": "plaudit.studies.multiagent.repeated_rps:STUDY",
    "rloo": "plaudit.studies.policy_gradient.rloo:STUDY",
    "safe_rlhf": "plaudit.studies.policy_gradient.safe_rlhf:STUDY",
    "unary_feedback": "plaudit.studies.policy_gradient.unary_feedback:STUDY",
}
