"""TRL's own loss and advantage code, run without a model, a tokenizer or a data set.

`GRPOTrainer._compute_loss` and its relatives read a few dozen attributes of `self`; a namespace
that holds those is enough to call them unbound. The names are private, which is why the results
are also stored in `golden.json`.
"""

from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import torch
from trl.trainer.grpo_trainer import GRPOTrainer
from trl.trainer.rloo_trainer import RLOOTrainer

Tensors = dict[str, torch.Tensor]


def grpo_loss(
    inputs: Tensors,
    *,
    loss_type: str,
    beta: float = 0.0,
    epsilon_high: float = 0.2,
    max_completion_length: int = 0,
) -> Tensors:
    """Loss and gradient of GRPOTrainer at accumulation 1, clip 0.2, token-level ratios."""
    logp = inputs["logp"].clone().requires_grad_()
    mask = inputs["mask"].long()
    trainer = _trainer(
        _get_per_token_logps_and_entropies=lambda *_, **__: (logp, torch.zeros_like(logp), None),
        loss_type=loss_type,
        beta=beta,
        epsilon_low=0.2,
        epsilon_high=epsilon_high,
        importance_sampling_level="token",
        max_completion_length=max_completion_length,
        current_gradient_accumulation_steps=1,
        top_entropy_quantile=1.0,
        off_policy_mask_threshold=None,
        _entropy_bonus_enabled=False,
    )
    batch = _batch(mask) | {
        "advantages": inputs["advantage"],
        "old_per_token_logps": inputs["old_logp"],
        "ref_per_token_logps": inputs.get("ref_logp"),
        "num_items_in_batch": mask.sum(),
    }
    loss = GRPOTrainer._compute_loss(trainer, None, batch)
    return _result(loss, logp, trainer, kl=beta > 0)


def rloo_loss(inputs: Tensors) -> Tensors:
    """Loss and gradient of RLOOTrainer, clip 0.2."""
    logp = inputs["logp"].clone().requires_grad_()
    mask = inputs["mask"].long()
    trainer = _trainer(
        _get_per_token_logps_and_entropies=lambda *_, **__: (logp, torch.zeros_like(logp), None),
        epsilon_low=0.2,
        epsilon_high=0.2,
    )
    batch = _batch(mask) | {
        "advantages": inputs["advantage"],
        "old_logps": (inputs["old_logp"] * mask).sum(1),
    }
    loss = RLOOTrainer._compute_loss(trainer, None, batch)
    return _result(loss, logp, trainer, kl=False)


def group_advantage(inputs: Tensors, *, scale_rewards: str) -> Tensors:
    """The advantages of GRPOTrainer; groups must be neighbours of equal size."""
    trainer = _scorer(inputs, scale_rewards=scale_rewards)
    scored = GRPOTrainer._generate_and_score_completions(trainer, _prompts(inputs))
    return {"advantage": scored["advantages"]}


def leave_one_out(inputs: Tensors) -> Tensors:
    """The advantages of RLOOTrainer; groups must be neighbours of equal size."""
    trainer = _scorer(inputs, normalize_advantages=False, reward_clip_range=None)
    answers = trainer._generate(None)
    trainer._generate = lambda _: (answers[0], answers[1], answers[3])
    scored = RLOOTrainer._generate_and_score_completions(trainer, _prompts(inputs))
    return {"advantage": scored["advantages"]}


def _trainer(**attributes: Any) -> Any:
    accelerator = SimpleNamespace(
        device=torch.device("cpu"),
        num_processes=1,
        process_index=0,
        gather=lambda x: x,
        reduce=lambda x, reduction: x,
    )
    args = SimpleNamespace(
        use_bias_correction_kl=False,
        delta=None,
        steps_per_generation=1,
        gradient_accumulation_steps=1,
        gradient_checkpointing_kwargs=None,
        per_device_train_batch_size=1,
    )
    return SimpleNamespace(
        accelerator=accelerator,
        args=args,
        model=SimpleNamespace(training=True, is_gradient_checkpointing=False),
        aux_loss_enabled=False,
        use_vllm=False,
        _metrics={"train": defaultdict(list)},
        **attributes,
    )


def _scorer(inputs: Tensors, **attributes: Any) -> Any:
    rows = len(inputs["scores"])
    one_token = [[1]] * rows
    return _trainer(
        _generate=lambda _: (one_token, one_token, None, [""] * rows, None, {}, None, None),
        _calculate_rewards=lambda *_: inputs["scores"].unsqueeze(1),
        _get_per_token_logps_and_entropies=lambda *_, **__: (torch.zeros(rows, 1), None, None),
        _tokenizer=SimpleNamespace(pad_token_id=0),
        _logs=defaultdict(list, rewards=defaultdict(list), extra=defaultdict(list)),
        _pending_extra_logs={},
        _pending_metrics={},
        beta=0.0,
        environment_factories=None,
        environments=[],
        mask_truncated_completions=False,
        multi_objective_aggregation="sum_then_normalize",
        num_generations=int((inputs["groups"] == inputs["groups"][0]).sum()),
        num_iterations=1,
        pad_to_multiple_of=None,
        reward_func_names=["reward"],
        reward_weights=torch.ones(1),
        tools=[],
        **attributes,
    )


def _prompts(inputs: Tensors) -> list[dict[str, str]]:
    return [{"prompt": ""}] * len(inputs["scores"])


def _batch(mask: torch.Tensor) -> dict[str, Any]:
    return {
        "prompt_ids": torch.zeros(len(mask), 1, dtype=torch.int64),
        "prompt_mask": torch.ones(len(mask), 1, dtype=torch.int64),
        "completion_ids": torch.zeros_like(mask),
        "completion_mask": mask,
    }


def _result(loss: torch.Tensor, logp: torch.Tensor, trainer: Any, *, kl: bool) -> Tensors:
    loss.backward()
    assert logp.grad is not None
    logged = trainer._metrics["train"]
    found = {
        "loss": loss.detach(),
        "gradient": logp.grad,
        "clip_fraction": torch.tensor(logged["clip_ratio/region_mean"][0]),
    }
    return found | ({"kl": torch.tensor(logged["kl"][0])} if kl else {})
