"""Sampling from a tiny GPT-2 (4 layers of 128): our policies beside Hugging Face's `generate`.

Plain sampling at temperature 1, 64 new tokens behind a prompt of 8, no end token. `CausalLM`
samples from the very model that `generate` does; `TinyTransformer` is our own of the same size.
Ours also give log-probabilities, and are checked first: greedy texts are those of `generate`, and
log-probabilities those of one forward pass of the plain model. The limit is the matrix products
alone. Below, a token world (HFText) played step by step with a forward pass over its whole padded
window, as one would without a cache, and by `collect`; with room for these prompts and no more in
the window, and with HFText's default room.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F

from benchmarks import tiny_gpt2 as tiny
from benchmarks.measure import Case, Timing, interleaved, ratio
from plaudit.agents.policies.base import TokenPolicy
from plaudit.agents.rollout.tokens import collect

SIZES = (1, 16, 64)
NEW = 64  # tokens
PLAYED = 64  # rows of the world
SHOWN = (tiny.PROMPT, 48)  # tokens of the window for the prompt; 48 is HFText's default
AGREES = 1e-5  # nats
GENERATE, LIMIT = "generate", "limit: matrix products"
FORWARD, COLLECT = "padded forward per step", "collect"

Row = dict[str, Any]


def table() -> list[Row]:
    """Time all cases, after checking that they sample from the same distribution."""
    ours: dict[str, TokenPolicy] = {
        "CausalLM": tiny.same_weights(False),
        "TinyTransformer": tiny.equal_size(False),
    }
    model = tiny.model(False)
    if not same_texts(model, ours["CausalLM"]) or not all(map(agrees, ours.values())):
        return [{"case": GENERATE, "note": "wrong: nothing was timed"}]
    cases = []
    for rows in SIZES:
        cases.append(_sampling(GENERATE, rows, lambda ids: generated(model, ids, sampled=True)))
        cases += [_sampling(name, rows, _sample(policy)) for name, policy in ours.items()]
        cases.append(_limit(rows))
    for shown in SHOWN:
        cases += [_forward(model, shown), _collect(ours["CausalLM"], shown)]
    timings = {timing.name: timing for timing in interleaved(cases)}
    return [_row(name, timings) for name in timings]


def generated(model: Any, ids: torch.Tensor, *, sampled: bool) -> torch.Tensor:
    """Tokens (B, NEW) by transformers' own loop."""
    found: torch.Tensor = model.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=NEW, do_sample=sampled,
        **({"top_k": 0, "temperature": 1.0} if sampled else {}),
    )  # fmt: skip
    return found[:, ids.shape[1] :]


def same_texts(model: Any, policy: TokenPolicy) -> bool:
    """The gate: without chance, both write the same; and log-probabilities are the model's."""
    ids = _prompts(8)
    mask, rng = torch.ones_like(ids, dtype=torch.bool), torch.Generator().manual_seed(0)
    greedy = policy.sample(ids, mask, max_new=NEW, rng=rng, greedy=True).tokens
    batch = policy.sample(ids, mask, max_new=NEW, rng=rng)
    whole = torch.cat([ids, batch.tokens], 1)
    with torch.no_grad():
        logits = model(whole, attention_mask=torch.ones_like(whole)).logits
    logits = logits[:, tiny.PROMPT - 1 : -1]
    logp = logits.log_softmax(-1).gather(-1, batch.tokens.unsqueeze(-1)).squeeze(-1)
    close = bool((logp - batch.logp).abs().max() < AGREES)
    return close and bool((greedy == generated(model, ids, sampled=False)).all())


def agrees(policy: TokenPolicy) -> bool:
    """The gate: what sampling says of its tokens is what one forward pass says."""
    ids, rng = _prompts(8), torch.Generator().manual_seed(0)
    batch = policy.sample(ids, torch.ones_like(ids, dtype=torch.bool), max_new=NEW, rng=rng)
    with torch.no_grad():
        return bool((policy.logp(batch) - batch.logp).abs().max() < AGREES)


def _prompts(rows: int) -> torch.Tensor:
    rng = torch.Generator().manual_seed(rows)
    return torch.randint(1, tiny.END, (rows, tiny.PROMPT), generator=rng)


def _sample(policy: TokenPolicy) -> Callable[[torch.Tensor], Any]:
    rng = torch.Generator().manual_seed(0)
    return lambda ids: policy.sample(
        ids, torch.ones_like(ids, dtype=torch.bool), max_new=NEW, rng=rng
    )


def _sampling(name: str, rows: int, sample: Callable[[torch.Tensor], Any]) -> Case:
    ids = _prompts(rows)

    def play(times: int) -> None:
        for _ in range(times):
            sample(ids)

    return Case(f"{name}, n={rows}", play, rows * NEW)


def _limit(rows: int) -> Case:
    width, shapes = tiny.WIDTH, []
    for out, into in ((3, 1), (1, 1), (4, 1), (1, 4)):
        shapes += [(out * width, into * width)] * tiny.LAYERS
    weights = [torch.randn(shape) for shape in [*shapes, (tiny.VOCAB, width)]]
    inputs = {width * k: torch.randn(rows, width * k) for k in (1, 4)}

    @torch.inference_mode()
    def play(times: int) -> None:
        for _ in range(times):
            for weight in weights:
                F.linear(inputs[weight.shape[1]], weight)

    return Case(f"{LIMIT}, n={rows}", play, rows)


def _forward(model: Any, shown: int) -> Case:
    """One step of the world after another, each with a forward pass over the padded window."""
    env = tiny.world(PLAYED, NEW, end=False, shown=shown)
    obs, _ = env.reset(seed=0)
    step = 0

    @torch.inference_mode()
    def play(times: int) -> None:
        nonlocal obs, step
        for _ in range(times):
            window = torch.from_numpy(obs).long()
            seen = (window != tiny.PAD).long().cummax(1).values
            places = (seen.cumsum(1) - 1).clamp(min=0)
            logits = model(window, attention_mask=seen, position_ids=places).logits[:, -1]
            actions = torch.multinomial(logits.softmax(-1), 1)[:, 0]
            obs, *_ = env.step(actions.numpy())
            step += 1
            if step % NEW == 0:
                obs, _ = env.reset()

    return Case(f"{FORWARD}, window {shown + NEW}", play, PLAYED)


def _collect(policy: TokenPolicy, shown: int) -> Case:
    env = tiny.world(PLAYED, NEW, end=False, shown=shown)
    rng = torch.Generator().manual_seed(0)

    def play(times: int) -> None:
        for _ in range(times):
            collect(policy, env, seeds=range(PLAYED), rng=rng)

    return Case(f"{COLLECT}, window {shown + NEW}", play, PLAYED * NEW)


def _row(name: str, timings: dict[str, Timing]) -> Row:
    mine, (kind, _, size) = timings[name], name.partition(", ")
    row: Row = {
        "case": name,
        "tokens_per_second": mine.rate,
        "wall_per_cpu": mine.wall / mine.cpu,
        "note": "noisy" if mine.noisy else "",
    }
    if kind == COLLECT:
        row["x_forward"] = ratio(mine, timings[f"{FORWARD}, {size}"])
    elif kind not in (FORWARD, LIMIT):
        row["x_generate"] = ratio(mine, timings[f"{GENERATE}, {size}"])
        row["share_of_limit"] = ratio(mine, timings[f"{LIMIT}, {size}"])[0]
    return row
