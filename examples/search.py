"""More from the same policy, without training it: best of n, a beam led by values, a tree search.

All three are measured against exact optima. A saved state holds what a world hides, so the tree
search is a privileged player: it says how well one could play, not how well one plays unseeing.
"""

import gymnasium as gym
import torch

import plaudit
from plaudit import agents
from plaudit.agents.policies.windows import read_windows
from plaudit.agents.search import scores
from plaudit.agents.search.beam import beam
from plaudit.agents.search.best_of_n import best_of_n
from plaudit.agents.search.mcts import MCTS
from plaudit.envs.evaluate import make_rows

BOARD = {"size": 4, "horizon": 6}


def answers(prompts: int) -> dict[str, float]:
    """Mean true reward of a uniform policy's answers of 3 tokens, by how they are searched."""
    env = make_rows("plaudit/TokenBandit-v0", prompts, vocab=4, length=3)
    policy = agents.policy("tiny_transformer", vocab_size=4, symbols=8, layers=1, width=16)
    ids, mask = read_windows(env.reset(seed=0)[0], env.token_spec.pad_id)
    paid, rng = scores.world_return(env, range(prompts)), torch.Generator().manual_seed(0)
    found = {}
    for n in (1, 4, 16):
        tried = best_of_n(policy, paid, ids, mask, n=n, max_new=3, rng=rng)
        found[f"best of {n}"] = float(tried.scores.max(1).values.mean())
    for width in (4, 64):
        led = beam(policy, ids, mask, width=width, max_new=3, worth=paid, logp_weight=0.0)
        found[f"beam of {width}"] = float(led.ranks[:, 0].mean())
    asked = ids[:, 0].numpy() - 4
    return found | {"optimum": float(env.game.rewards.max(1)[asked].mean())}


def moves(episodes: int) -> dict[str, plaudit.Result]:
    """What a tree search earns on a small board, by simulations per move."""
    world, found = "plaudit/Delivery-v0", {}
    for simulations in (4, 100):
        player = MCTS(gym.make(world, **BOARD), simulations=simulations)
        found[f"{simulations} simulations"] = plaudit.evaluate(player, world, episodes, **BOARD)
    return found | {"random": plaudit.evaluate("random", world, episodes, **BOARD)}


def main(quick: bool = False) -> tuple[dict[str, float], dict[str, plaudit.Result]]:
    said, played = answers(64 if quick else 512), moves(8 if quick else 64)
    for name, value in {**said, **played}.items():
        print(f"{name:16} {value if isinstance(value, plaudit.Result) else round(value, 3)}")
    return said, played


if __name__ == "__main__":
    main()
