"""Stand-ins for what TRL's trainers read: themselves, and a batch."""

from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import torch
from trl.trainer.grpo_trainer import GRPOTrainer


def stub(**attributes: Any) -> Any:
    """A `self` with the attributes that every trainer reads, and those that are given."""
    accelerator = SimpleNamespace(
        device=torch.device("cpu"),
        num_processes=1,
        process_index=0,
        parallelism_config=None,
        sync_gradients=True,
        gather=lambda x: x,
        gather_for_metrics=lambda x: x,
        pad_across_processes=lambda x, **_: x,
        reduce=lambda x, reduction: x,
    )
    args = SimpleNamespace(
        use_bias_correction_kl=False,
        delta=None,
        sapo_temperature_pos=1.0,
        sapo_temperature_neg=1.05,
        steps_per_generation=1,
        gradient_accumulation_steps=1,
        gradient_checkpointing_kwargs=None,
        per_device_train_batch_size=1,
    )
    trainer = SimpleNamespace(
        accelerator=accelerator,
        args=args,
        model=SimpleNamespace(training=True, is_gradient_checkpointing=False),
        aux_loss_enabled=False,
        current_gradient_accumulation_steps=1,
        off_policy_mask_threshold=None,
        use_adaptive_entropy=False,
        use_vllm=False,
        vllm_importance_sampling_correction=True,
        _entropy_bonus_enabled=False,
        _metrics={"train": defaultdict(list)},
    )
    trainer.get_high_entropy_mask = lambda *a, **k: GRPOTrainer.get_high_entropy_mask(
        trainer, *a, **k
    )
    for name, value in attributes.items():
        setattr(trainer, name, value)
    return trainer


def batch_of(mask: torch.Tensor) -> dict[str, Any]:
    """Prompts of one token and completions whose tokens do not matter."""
    return {
        "prompt_ids": torch.zeros(len(mask), 1, dtype=torch.int64),
        "prompt_mask": torch.ones(len(mask), 1, dtype=torch.int64),
        "completion_ids": torch.zeros_like(mask),
        "completion_mask": mask,
    }
