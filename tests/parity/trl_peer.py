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
from trl.trainer.sft_trainer import SFTTrainer

from tests.parity.trl_stub import batch_of, stub

Tensors = dict[str, torch.Tensor]

END, PAD = 1, 0  # tokens


def grpo_loss(
    inputs: Tensors,
    *,
    loss_type: str,
    level: str = "token",
    beta: float = 0.0,
    clip: float = 0.2,
    clip_high: float = 0.2,
    delta: float | None = None,
    bias_correction: bool = False,
    top_entropy: float = 1.0,
    max_completion_length: int = 0,
) -> Tensors:
    """Loss and gradient of GRPOTrainer at accumulation 1.

    `weights` among the inputs are those of vLLM's importance sampling; `entropy` is what
    `top_entropy`, the share of tokens with the highest entropy, is taken of.
    """
    logp = inputs["logp"].clone().requires_grad_()
    mask = inputs["mask"].long()
    entropy = inputs.get("entropy", torch.zeros_like(logp))
    trainer = stub(
        _get_per_token_logps_and_entropies=lambda *_, **__: (logp, entropy, None),
        loss_type=loss_type,
        beta=beta,
        epsilon_low=clip,
        epsilon_high=clip_high,
        importance_sampling_level=level,
        max_completion_length=max_completion_length,
        top_entropy_quantile=top_entropy,
        use_vllm="weights" in inputs,
    )
    trainer.args.delta, trainer.args.use_bias_correction_kl = delta, bias_correction
    batch = batch_of(mask) | {
        "advantages": inputs["advantage"],
        "old_per_token_logps": inputs["old_logp"],
        "ref_per_token_logps": inputs.get("ref_logp"),
        "importance_sampling_ratio": inputs.get("weights"),
        "num_items_in_batch": mask.sum(),
    }
    found = _result(GRPOTrainer._compute_loss(trainer, None, batch), logp, trainer)
    if bias_correction:
        del found["kl"]  # theirs is then logged times the ratio, ours as it is
    return found


def rloo_loss(inputs: Tensors) -> Tensors:
    """Loss and gradient of RLOOTrainer, clip 0.2."""
    logp = inputs["logp"].clone().requires_grad_()
    mask = inputs["mask"].long()
    trainer = stub(
        _get_per_token_logps_and_entropies=lambda *_, **__: (logp, torch.zeros_like(logp), None),
        epsilon_low=0.2,
        epsilon_high=0.2,
        beta=0.0,
    )
    batch = batch_of(mask) | {
        "advantages": inputs["advantage"],
        "old_logps": (inputs["old_logp"] * mask).sum(1),
    }
    return _result(RLOOTrainer._compute_loss(trainer, None, batch), logp, trainer)


def entropy_loss(inputs: Tensors) -> Tensors:
    """What GRPOTrainer subtracts for exploration, at coefficient 1 and without advantages."""
    entropy = inputs["entropy"].clone().requires_grad_()
    mask = inputs["mask"].long()
    zeros = torch.zeros_like(entropy)
    trainer = stub(
        _get_per_token_logps_and_entropies=lambda *_, **__: (zeros, entropy, None),
        loss_type="dapo",
        beta=0.0,
        epsilon_low=0.2,
        epsilon_high=0.2,
        importance_sampling_level="token",
        top_entropy_quantile=1.0,
    )
    trainer._entropy_bonus_enabled, trainer.entropy_coef = True, 1.0
    batch = batch_of(mask) | {"advantages": zeros[:, 0], "num_items_in_batch": mask.sum()}
    loss = GRPOTrainer._compute_loss(trainer, None, batch)
    loss.backward()
    assert entropy.grad is not None
    return {"loss": loss.detach(), "gradient": entropy.grad}


def adaptive_entropy(
    inputs: Tensors, *, target: float, coef: float, rate: float, low: float, high: float
) -> Tensors:
    """The coefficients that GRPOTrainer applies after updates of these mean entropies, (K,)."""
    trainer = stub(
        loss_type="dapo",
        beta=0.0,
        epsilon_low=0.2,
        epsilon_high=0.2,
        importance_sampling_level="token",
        top_entropy_quantile=1.0,
        use_adaptive_entropy=True,
        entropy_coef=coef,
        _entropy_bonus_enabled=True,
        _entropy_window_stats=None,
        _last_world_entropy=float("inf"),
    )
    trainer.args.entropy_target, trainer.args.entropy_coef_delta = target, rate
    trainer.args.entropy_coef_min, trainer.args.entropy_coef_max = low, high
    one = torch.ones(1, 1, dtype=torch.int64)
    batch = batch_of(one) | {"advantages": torch.zeros(1), "num_items_in_batch": one.sum()}
    applied = []
    for entropy in [*inputs["entropy"], torch.tensor(1.0)]:
        found = (torch.zeros(1, 1), entropy.view(1, 1), None)
        trainer._get_per_token_logps_and_entropies = lambda *_, found=found, **__: found
        applied.append(-GRPOTrainer._compute_loss(trainer, None, batch) / entropy)
    # The first one was applied before anything was known.
    return {"value": torch.stack(applied[1:])}


def sft_loss(inputs: Tensors) -> Tensors:
    """Loss and gradient of SFTTrainer in the log-probabilities of the labels."""
    logp, mask = inputs["logp"].clone().requires_grad_(), inputs["mask"]
    outputs = SimpleNamespace(
        log_probs=torch.where(mask, logp, 0.0),
        label_mask=mask,
        entropy=torch.zeros(mask.shape),
        is_top1=mask,
    )
    trainer = stub(compute_loss_func=None, label_smoother=None, _total_train_tokens=0, _tp_size=1)
    trainer.args.loss_type, trainer.args.average_tokens_across_devices = "nll", False
    loss = SFTTrainer.compute_loss(trainer, lambda **_: outputs, {"attention_mask": mask.long()})
    loss.backward()
    assert logp.grad is not None
    return {"loss": loss.detach(), "gradient": logp.grad}


def group_advantage(inputs: Tensors, *, scale_rewards: str) -> Tensors:
    """The advantages of GRPOTrainer; groups must be neighbours of equal size.

    Answers whose score is NaN were not scored; their advantages are left out.
    """
    scored = _scored(GRPOTrainer, inputs, scale_rewards=scale_rewards)
    return {"advantage": scored["advantages"][~torch.isnan(inputs["scores"])]}


def leave_one_out(inputs: Tensors, *, beta: float = 0.0) -> Tensors:
    """The advantages of RLOOTrainer; groups must be neighbours of equal size.

    With `beta` the KL to the reference is paid for in the reward.
    """
    settings = {"normalize_advantages": False, "reward_clip_range": None, "beta": beta}
    return {"advantage": _scored(RLOOTrainer, inputs, **settings)["advantages"]}


def importance_weights(
    inputs: Tensors, *, mode: str, low: float | None = None, high: float | None = None
) -> Tensors:
    """What GRPOTrainer multiplies losses by, because vLLM samples from a slightly other policy."""
    settings = {
        "use_vllm": True,
        "vllm_importance_sampling_mode": mode,
        "vllm_importance_sampling_clip_min": low,
        "vllm_importance_sampling_clip_max": high,
        "scale_rewards": "none",
    }
    groups = torch.zeros(len(inputs["mask"]), dtype=torch.int64)
    scored = _scored(GRPOTrainer, inputs | {"scores": groups.float(), "groups": groups}, **settings)
    weights = scored["importance_sampling_ratio"].expand(inputs["mask"].shape)
    return {"value": torch.where(inputs["mask"], weights, 0.0)}


def _scored(kind: Any, inputs: Tensors, **attributes: Any) -> Any:
    """`_generate_and_score_completions` of answers whose tokens do not matter."""
    rows = len(inputs["scores"])
    mask = inputs.get("mask", torch.ones(rows, 1, dtype=torch.bool))
    zeros = torch.zeros(mask.shape)
    spans = [row[: int(row.nonzero().max()) + 1] for row in mask]
    sampler = inputs.get("sampler_logp", zeros)
    model, reference = SimpleNamespace(training=True, is_gradient_checkpointing=False), object()
    logps = {
        id(model): inputs.get("old_logp", zeros),
        id(reference): inputs.get("ref_logp", zeros),
    }
    prompts, answers, texts = [[END]] * rows, [[END] * len(span) for span in spans], [""] * rows
    chosen = [span.int().tolist() for span in spans]
    sampled = [row[: len(span)].tolist() for row, span in zip(sampler, spans, strict=True)]
    generated = {
        GRPOTrainer: (prompts, answers, chosen, texts, sampled, {}, None, None),
        RLOOTrainer: (prompts, answers, texts),  # all of an answer is the policy's
    }
    settings = {
        "model": model,
        "ref_model": reference,
        "_generate": lambda _: generated[kind],
        "_calculate_rewards": lambda *_: inputs["scores"].unsqueeze(1),
        "_get_per_token_logps_and_entropies": lambda which, *_, **__: (logps[id(which)],) * 3,
        "_tokenizer": SimpleNamespace(pad_token_id=PAD),
        "_logs": defaultdict(list, rewards=defaultdict(list), extra=defaultdict(list)),
        "_pending_extra_logs": {},
        "_pending_metrics": {},
        "beta": 0.0,
        "environment_factories": None,
        "environments": [],
        "mask_truncated_completions": False,
        "multi_objective_aggregation": "sum_then_normalize",
        "num_generations": int((inputs["groups"] == inputs["groups"][0]).sum()),
        "num_iterations": 1,
        "pad_to_multiple_of": None,
        "reward_func_names": ["reward"],
        "reward_weights": torch.ones(1),
        "tools": [],
    }
    trainer = stub(**settings | attributes)
    return kind._generate_and_score_completions(trainer, [{"prompt": ""}] * rows)


def _result(loss: torch.Tensor, logp: torch.Tensor, trainer: Any) -> Tensors:
    loss.backward()
    assert logp.grad is not None
    logged = trainer._metrics["train"]
    names = {"clip_fraction": "clip_ratio/region_mean", "kl": "kl"}
    figures = {ours: torch.tensor(logged[key][0]) for ours, key in names.items() if key in logged}
    return {"loss": loss.detach(), "gradient": logp.grad, **figures}
