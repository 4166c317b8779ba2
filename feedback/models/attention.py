"""A reward model that reads an answer whole, scores it once, and shows where it looked.

A small causal transformer reads prompt and answer; the score is a linear function of what the
last token has gathered (`attention_net`). Where it gathered is a distribution over the tokens of
the text: the model's own word on what the score hangs on. Nothing trains it to be right about that,
and its weights are never negative: they tell what mattered, not whether it helped.

Source: arXiv:2402.00782 (Attention Based Credit); a scalar read at the last token,
    arXiv:2009.01325.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from plaudit.envs.types import State, generator_from, generator_state
from plaudit.feedback.asks import Ask
from plaudit.feedback.models.attention_net import AttentionNet
from plaudit.feedback.models.base import Rewards
from plaudit.feedback.models.maximum_likelihood import ONLY_DIFFERENCES, Likelihood
from plaudit.feedback.store import FeedbackBuffer

PREDICT_ROWS = 4096
"""Texts scored at once, which bounds memory."""

Floats = npt.NDArray[np.float32]
Group = tuple[Ask, torch.Tensor, torch.Tensor]
"""A question, the texts it was asked about (B, K, L), and the answers (B,) or (B, parts)."""


class Attention:
    """Ensemble of causal transformers that score whole answers, fitted to opinions.

    `predict` pays the score at the step that completes the answer, 0 before: the step writes
    `eos_id`, or fills the window of the observation. A score that no answer can tell the level of
    (comparisons of whole segments) is 0 in the mean over the answered segments.

    Source: arXiv:2402.00782; the fit arXiv:1706.03741, section 2.2.3.

    Args:
        kind: "tokens".
        vocab_size: token ids V; prompts may hold larger ones, up to `pad_id`.
        pad_id: fills windows; V where None.
        eos_id: token that ends an answer, if any.
        context: longest prompt plus answer, tokens.
        layers, width, heads: of each member; `heads` divides `width`.
        members: ensemble size M.
        scale, tie, center, spread, lapse: the assumed annotator, see `likelihoods.log_prob`.
        lr, weight_decay: AdamW's. epochs: passes over the answers. batch: answers per step.
        warm_start: go on from the last fit; else every fit starts anew.
        seed: of the model's own stream.

    Raises:
        ValueError: another kind, a size out of range.
    """

    def __init__(
        self,
        kind: str = "tokens",
        *,
        vocab_size: int,
        pad_id: int | None = None,
        eos_id: int | None = None,
        context: int = 64,
        layers: int = 2,
        width: int = 32,
        heads: int = 2,
        members: int = 1,
        scale: float = 1.0,
        tie: float = 1.0,
        center: float = 0.0,
        spread: float = 1.0,
        lapse: float = 0.0,
        lr: float = 3e-3,
        weight_decay: float = 0.01,
        epochs: int = 10,
        batch: int = 64,
        warm_start: bool = False,
        seed: int = 0,
    ) -> None:
        if kind != "tokens":
            raise ValueError(f"attention is over tokens: expected kind='tokens', got {kind!r}")
        sizes = {"vocab_size": vocab_size, "context": context, "layers": layers, "heads": heads}
        for name, size in (sizes | {"members": members, "epochs": epochs, "batch": batch}).items():
            if size < 1:
                raise ValueError(f"{name} must be at least 1, got {size}")
        if width < 1 or width % heads:
            raise ValueError(f"width must be a multiple of heads, got {width} and {heads} heads")
        self.scale, self.warm_start = scale, warm_start
        self.pad_id, self.eos_id = vocab_size if pad_id is None else pad_id, eos_id
        self._likelihood = Likelihood(scale, tie, center, spread, lapse)
        self._descent = (lr, weight_decay, epochs, batch)
        self._size = (max(vocab_size, self.pad_id), context, layers, width, heads)
        self._rng = np.random.default_rng(seed)
        self._nets = self._build(members, seed)
        self._level = torch.zeros(members, 1)

    def fit(self, buffer: FeedbackBuffer, *, seed: int | None = None) -> dict[str, float]:
        """Learn from all the answers about segments in a buffer; skips are ignored.

        Args:
            buffer: the answers; a segment's last step says what the answer is.
            seed: of this fit; None draws from the model's own stream.

        Returns:
            `answers`, `epochs`, `kept` (1) and, where there are answers, `train_nats`, the mean
            -log_prob of the last epoch.

        Raises:
            ValueError: shapes or ids that the network can't take, an ask about single steps.
        """
        drawn = int(self._rng.integers(2**62)) if seed is None else seed
        if not self.warm_start:
            self._nets = self._build(len(self._nets), drawn)
            self._level = torch.zeros_like(self._level)
        groups = [self._group(buffer, ask) for ask in buffer.answered().asks]
        total = sum(len(answers) for _, _, answers in groups)
        stats = {"answers": float(total), "epochs": 0.0, "kept": 1.0}
        if not total:
            return stats
        nats = self._descend(groups, np.random.default_rng(drawn))
        self._level = torch.zeros_like(self._level)
        if all(isinstance(ask, ONLY_DIFFERENCES) for ask, _, _ in groups):
            answered = torch.cat([texts.flatten(0, 1) for _, texts, _ in groups])
            self._level = self._read(answered)[0].mean(1, keepdim=True)
        return stats | {"epochs": float(self._descent[2]), "train_nats": nats}

    def predict(self, obs: npt.NDArray[Any], actions: npt.NDArray[Any]) -> tuple[Rewards, Rewards]:
        """Mean and standard deviation over members of the reward, (B, T) each.

        Args:
            obs: (B, T, L) tokens before each action, most recent last.
            actions: (B, T).

        Raises:
            ValueError: shapes or ids that the network can't take.
        """
        rewards = self.members(obs, actions)
        return rewards.mean(0), rewards.std(0)

    def members(self, obs: npt.NDArray[Any], actions: npt.NDArray[Any]) -> Rewards:
        """The reward by each member, (M, B, T); arguments as `predict`."""
        if obs.ndim != 3 or obs.shape[:2] != actions.shape:
            raise ValueError(
                "attention reads windows of tokens: expected obs (B, T, L) and actions (B, T), "
                f"got {obs.shape} and {actions.shape}"
            )
        complete = (obs[:, :, 1:] != self.pad_id).all(2)
        if self.eos_id is not None:
            complete |= actions == self.eos_id
        texts = np.concatenate([obs, actions[:, :, None]], axis=2)[complete]
        rewards = np.zeros((len(self._nets), *actions.shape), np.float32)
        if complete.any():
            rewards[:, complete] = self._scores(texts)
        return rewards

    def scores(self, texts: npt.NDArray[Any]) -> Floats:
        """What texts are worth, (B,), mean over members; of an unfinished one, as if it ended here.

        Args:
            texts: as for `attention`.

        Raises:
            ValueError: shapes or ids that the network can't take.
        """
        mean: Floats = self._scores(texts).mean(0)
        return mean

    def attention(self, texts: npt.NDArray[Any]) -> Floats:
        """Where the score of each text was read, (B, L), summing to 1 along a row; 0 on padding.

        Args:
            texts: (B, L) prompt and answer, padded anywhere; each has at least one token.

        Raises:
            ValueError: shapes or ids that the network can't take.
        """
        weights: Floats = self._read(self._ids(texts))[1].numpy()
        return weights

    def get_state(self) -> State:
        """Parameters and the model's own stream; a fresh copy."""
        parameters = self._nets.state_dict()
        return {
            "parameters": {name: value.numpy().copy() for name, value in parameters.items()},
            "level": self._level.numpy().copy(),
            "rng": generator_state(self._rng),
        }

    def set_state(self, state: State) -> None:
        """Raises ValueError where the state is that of a model of another shape."""
        parameters = {name: torch.tensor(value) for name, value in state["parameters"].items()}
        try:
            self._nets.load_state_dict(parameters)
        except RuntimeError as error:
            raise ValueError(f"the state does not fit this attention model: {error}") from error
        self._level = torch.tensor(state["level"])
        self._rng = generator_from(state["rng"])

    def _build(self, members: int, seed: int) -> nn.ModuleList:
        with torch.random.fork_rng(devices=[]):  # torch's layers draw from the global stream
            torch.manual_seed(seed)
            return nn.ModuleList(AttentionNet(self.pad_id, *self._size) for _ in range(members))

    def _scores(self, texts: npt.NDArray[Any]) -> Floats:
        """(M, B) scores less their level."""
        scores: Floats = (self._read(self._ids(texts))[0] - self._level).numpy()
        return scores

    def _ids(self, texts: npt.NDArray[Any]) -> torch.Tensor:
        """(B, L) ids, checked."""
        ids = torch.as_tensor(texts).long()
        symbols, context = self._size[:2]
        if ids.dim() != 2 or not bool(((ids >= 0) & (ids <= symbols)).all()):
            raise ValueError(
                f"expected texts (B, L) of ids in 0..{symbols}, got shape {tuple(ids.shape)}"
                + (f" of ids in {int(ids.min())}..{int(ids.max())}" if ids.numel() else "")
            )
        lengths = (ids != self.pad_id).sum(1)
        if not bool(((lengths > 0) & (lengths <= context)).all()):
            raise ValueError(
                f"texts have {int(lengths.min())}..{int(lengths.max())} tokens, expected 1.."
                f"{context}; for longer ones set context"
            )
        return ids

    def _group(self, buffer: FeedbackBuffer, ask: Ask) -> Group:
        if ask.grain != "segment":
            raise ValueError(
                f"answers to {ask.kind!r} are about {ask.grain}s, of which a score of the whole "
                "says nothing; filter them out"
            )
        obs, actions, mask, answers = buffer.batch(ask)
        last = mask.shape[2] - 1 - mask[:, :, ::-1].argmax(2)
        seen = np.take_along_axis(obs, last[:, :, None, None], 2)[:, :, 0]
        done = np.take_along_axis(actions, last[:, :, None], 2)
        texts = np.concatenate([seen, done], axis=2)
        ids = self._ids(texts.reshape(-1, texts.shape[2])).view(texts.shape)
        return ask, ids, torch.from_numpy(answers)

    def _descend(self, groups: list[Group], rng: np.random.Generator) -> float:
        """Train in place; mean -log_prob, nats, of the last epoch."""
        lr, decay, epochs, size = self._descent
        adam = torch.optim.AdamW(self._nets.parameters(), lr=lr, weight_decay=decay)
        nats: list[torch.Tensor] = []
        for _ in range(epochs):
            nats = []
            parts = [
                (ask, texts[rows], answers[rows])
                for ask, texts, answers in groups
                for rows in torch.split(torch.from_numpy(rng.permutation(len(answers))), size)
            ]
            for place in rng.permutation(len(parts)):
                ask, texts, answers = parts[place]
                scores = torch.stack([net(texts.flatten(0, 1))[0] for net in self._nets])
                utilities = scores.view(len(self._nets), *texts.shape[:2])
                loss = self._likelihood.nats(ask, answers, utilities)
                adam.zero_grad()
                torch.autograd.backward(loss.mean(1).sum())
                adam.step()
                nats.append(loss.detach().mean(0))
        return float(torch.cat(nats).mean())

    @torch.no_grad()
    def _read(self, ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Scores (M, B) and mean attention (B, L) of ids (B, L)."""
        scores = torch.zeros(len(self._nets), len(ids))
        weights = torch.zeros(ids.shape)
        for member, net in enumerate(self._nets):
            for rows in torch.split(torch.arange(len(ids)), PREDICT_ROWS):
                scores[member, rows], looked = net(ids[rows])
                weights[rows] += looked / len(self._nets)
        return scores, weights
