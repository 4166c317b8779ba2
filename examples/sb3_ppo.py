"""Stable-Baselines3's PPO on a plaudit world: as `gym.make` gives it, then many rows at once.

SB3 steps single environments in a Python loop; `SB3VecEnv` hands it a native vector form instead.
`plaudit.evaluate` plays a fixed panel of episodes and takes SB3 models as they are.
"""

import gymnasium as gym
from stable_baselines3 import PPO

import plaudit
from plaudit.agents.interop.sb3 import SB3VecEnv

WORLD = "plaudit/TokenNgram-v0"


def main(quick: bool = False) -> tuple[plaudit.Result, plaudit.Result]:
    single = PPO("MlpPolicy", gym.make(WORLD), n_steps=512, seed=0, device="cpu")
    single.learn(1024 if quick else 20_480)
    print(f"one environment     {plaudit.evaluate(single, WORLD)}")

    model = PPO(
        "MlpPolicy",
        SB3VecEnv(gym.make_vec(WORLD, 64)),
        n_steps=64,  # four whole episodes of 16 tokens per row
        batch_size=512,
        learning_rate=1e-3,
        ent_coef=0.01,
        gamma=1.0,
        seed=0,
        device="cpu",
    )
    before = plaudit.evaluate(model, WORLD)
    model.learn(16_384 if quick else 200_000)
    after = plaudit.evaluate(model, WORLD)
    print(f"64 rows, before     {before}")
    print(f"64 rows, after      {after}")
    return before, after


if __name__ == "__main__":
    main()
