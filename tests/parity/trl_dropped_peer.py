"""The token-level PPO with a critic that TRL removed after 1.12, run for one update.

All of it is one method, `PPOTrainer.train`. What it would get from networks and a sampler is put in
their place; rewards, advantages, whitening and losses are its own. It learns values at one position
more than the answer has tokens, and pays the score there; so a mask of its critic is one longer
than that of its policy, up to the longest answer.
"""

from contextlib import ExitStack, nullcontext
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock, patch

import torch
from trl.experimental.ppo import ppo_trainer

Tensors = dict[str, torch.Tensor]

PAD, TOKEN, CONTEXT = 0, 1, 1  # tokens, and the length of every prompt


def gae(inputs: Tensors, *, gamma: float, lam: float) -> Tensors:
    """Advantages before they are whitened, and returns."""
    run = _Update(inputs, _answers(inputs["mask"]), gamma=gamma, lam=lam)
    mask = inputs["mask"]
    advantage = torch.where(mask, run.advantages, 0.0)
    return {"advantage": advantage, "returns": torch.where(mask, advantage + inputs["values"], 0.0)}


def whitened(inputs: Tensors, *, gamma: float, lam: float) -> Tensors:
    """Advantages as they enter the loss; all answers must be equally long."""
    return {"advantage": _Update(inputs, _answers(inputs["mask"]), gamma=gamma, lam=lam).white}


def policy_loss(inputs: Tensors, *, clip: float) -> Tensors:
    """Loss, gradient and clip fraction of the policy."""
    run = _Update(inputs, inputs["mask"].sum(1), clip=clip)
    assert run.logp.grad is not None
    return {
        "loss": torch.tensor(run.logged["loss/policy_avg"]),
        "clip_fraction": torch.tensor(run.logged["policy/clipfrac_avg"]),
        "gradient": run.logp.grad,
    }


def value_loss(inputs: Tensors, *, clip: float) -> Tensors:
    """Loss, gradient and clip fraction of the critic; with gamma 0 the reward is the return."""
    told = inputs | {"rewards": inputs["returns"], "values": inputs["old_value"]}
    run = _Update(told, _answers(inputs["mask"]), gamma=0.0, lam=0.0, clip_value=clip)
    assert run.value.grad is not None
    return {
        "loss": torch.tensor(run.logged["loss/value_avg"]),
        "clip_fraction": torch.tensor(run.logged["val/clipfrac_avg"]),
        "gradient": run.value.grad,
    }


def _answers(mask: torch.Tensor) -> torch.Tensor:
    """Tokens of each answer, given where its critic learns."""
    positions = mask.sum(1)
    return torch.where(positions == mask.shape[1], positions, positions - 1)


class _Update:
    """One update of `PPOTrainer`, what it computed on the way, and the gradients."""

    def __init__(
        self,
        inputs: Tensors,
        lengths: torch.Tensor,
        *,
        gamma: float = 1.0,
        lam: float = 1.0,
        clip: float = 0.2,
        clip_value: float = 0.2,
    ) -> None:
        self._inputs, self._lengths = inputs, lengths
        zeros = torch.zeros(inputs["mask"].shape)
        self._rewards = inputs.get("rewards", zeros)
        self._values, self._old = inputs.get("values", zeros), inputs.get("old_logp", zeros)
        self.logp = inputs.get("logp", zeros).clone().requires_grad_()
        self.value = inputs.get("value", zeros).clone().requires_grad_()
        self.logged: dict[str, float] = {}
        trainer = self._trainer(gamma=gamma, lam=lam, cliprange=clip, cliprange_value=clip_value)
        with ExitStack() as patched:
            for name, stand_in in self._stand_ins().items():
                patched.enter_context(patch.object(ppo_trainer, name, stand_in))
            patched.enter_context(patch("numpy.random.permutation", range))
            ppo_trainer.PPOTrainer.train(trainer)

    def _stand_ins(self) -> dict[str, Any]:
        rows, width = self._rewards.shape
        tokens = torch.where(torch.arange(width) < self._lengths.unsqueeze(1), TOKEN, PAD)
        answers = torch.cat([torch.full((rows, CONTEXT), TOKEN), tokens], dim=1)
        # The score is paid behind the answer; where there is no room it would join the last reward.
        behind = self._lengths.clamp(max=width - 1).unsqueeze(1)
        paid = self._rewards.gather(1, behind)[:, 0]
        score = torch.where(self._lengths < width, paid, 0.0)
        whiten = ppo_trainer.masked_whiten

        def forward(model: Any, *_: Any) -> Any:
            if model == "reference":  # the KL to it, at coefficient 1, is minus the reward
                return SimpleNamespace(logits=_shifted(self._old + self._rewards))
            return SimpleNamespace(logits=_shifted(self.logp)), _shifted(self.value)

        def masked_whiten(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            self.advantages, self.white = values, whiten(values, mask)
            return self._inputs.get("advantage", self.white)

        return {
            "batch_generation": lambda *_: (answers, self._old.unsqueeze(-1)),
            "selective_log_softmax": lambda logits, _: logits[..., 0],
            "forward": forward,
            "get_reward": lambda *_: (_shifted(self._values), score.clone(), None),
            "masked_whiten": masked_whiten,
            "unwrap_model_for_generation": lambda *_, **__: nullcontext(MagicMock()),
        }

    def _trainer(self, **settings: float) -> Any:
        rows = len(self._lengths)
        args = SimpleNamespace(
            **settings,
            batch_size=rows,
            local_batch_size=rows,
            local_mini_batch_size=rows,
            local_rollout_forward_batch_size=rows,
            per_device_train_batch_size=rows,
            gradient_accumulation_steps=1,
            num_mini_batches=1,
            num_ppo_epochs=1,
            num_sample_generations=0,
            num_total_batches=1,
            total_episodes=rows,
            response_length=self._rewards.shape[1],
            temperature=1 - 1e-7,  # it adds 1e-7
            kl_coef=1.0,
            kl_estimator="k1",
            vf_coef=1.0,
            whiten_rewards=False,
            missing_eos_penalty=None,
            logging_steps=None,
            eval_steps=None,
            save_steps=None,
            ds3_gather_for_generation=False,
        )
        accelerator = MagicMock(device=torch.device("cpu"))
        accelerator.backward = lambda loss: loss.backward()
        accelerator.gather_for_metrics = lambda figures: figures
        return MagicMock(
            args=args,
            accelerator=accelerator,
            ref_model="reference",
            dataloader=[{"input_ids": torch.full((rows, CONTEXT), TOKEN)}],
            processing_class=SimpleNamespace(pad_token_id=PAD, eos_token_id=TOKEN),
            stop_token_id=None,
            is_deepspeed_enabled=False,
            train_dataset_len=rows,
            state=SimpleNamespace(),
            callback_handler=MagicMock(),
            log=self.logged.update,
        )


def _shifted(values: torch.Tensor) -> torch.Tensor:
    """(B, T) as a network gives them: for each token at the position before it, (B, 1 + T, 1)."""
    return torch.cat([values, values[:, :1]], dim=1).unsqueeze(-1)
