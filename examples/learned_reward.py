"""SB3's PPO learns from a noisy person's comparisons, without callbacks.

The wrapper asks, fits a reward model and pays what it has learned, while any agent steps. The
person reverses one answer in ten and skips some; the true return is looked at only afterwards.
"""

import gymnasium as gym
from stable_baselines3 import PPO

import plaudit
from plaudit.agents.interop.sb3 import SB3VecEnv
from plaudit.feedback.wrappers import VectorLearnedReward, VectorRecordSegments

WORLD = "plaudit/TokenNgram-v0"


def main(quick: bool = False) -> tuple[plaudit.Result, plaudit.Result]:
    env = VectorRecordSegments(gym.make_vec(WORLD, 64))
    env = VectorLearnedReward(
        env,
        teacher={"name": "noisy_person", "beta": 0.5, "mistake": 0.1, "skip": 0.02, "seed": 0},
        model={"name": "bradley_terry", "scale": 0.5, "seed": 0},
        labels=1600 if quick else 1500,
        labels_per_round=800 if quick else 150,
        segments_per_round=400 if quick else 1000,  # a round of questions after so many answers
    )
    model = PPO(
        "MlpPolicy",
        SB3VecEnv(env),
        n_steps=64,
        batch_size=512,
        learning_rate=1e-3,
        ent_coef=0.01,
        gamma=1.0,
        seed=0,
        device="cpu",
    )
    before = plaudit.evaluate(model, WORLD)
    model.learn(32_768 if quick else 200_000)
    after = plaudit.evaluate(model, WORLD)

    print(f"labels asked        {env.loop.asked}, reward model fitted {env.loop.fits} times")
    print(f"true return before  {before}")
    print(f"true return after   {after}")
    return before, after


if __name__ == "__main__":
    main()
