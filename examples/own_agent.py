"""An agent of your own, in numpy: a table of logits by last token, climbed by REINFORCE.

Nothing of `plaudit.agents` is needed: a world is a Gymnasium environment, and `plaudit.evaluate`
takes any function from observations to actions.
"""

import gymnasium as gym
import numpy as np

import plaudit

WORLD = "plaudit/TokenNgram-v0"


def main(quick: bool = False) -> tuple[plaudit.Result, plaudit.Result]:
    env = gym.make_vec(WORLD, 256)
    vocab = env.single_action_space.n
    logits = np.zeros((vocab, vocab))  # of the next token, given the last one
    rng = np.random.default_rng(0)

    def act(obs):
        """Sample one token per row, by Gumbel's trick."""
        return (logits[obs[:, -1]] + rng.gumbel(size=(len(obs), vocab))).argmax(1)

    before = plaudit.evaluate(act, WORLD)
    obs, _ = env.reset(seed=0)
    for _ in range(40 if quick else 300):
        last, chosen, rewards, over = [], [], [], False
        while not over:  # the horizon is fixed: all rows end together and begin again at once
            last.append(obs[:, -1])
            chosen.append(act(obs))
            obs, reward, terminated, truncated, _ = env.step(chosen[-1])
            rewards.append(reward)
            over = (terminated | truncated).all()
        logits += 4.0 * policy_gradient(logits, np.array(last), np.array(chosen), np.array(rewards))
    after = plaudit.evaluate(act, WORLD)

    print(f"true return before  {before}")
    print(f"true return after   {after}")
    print(f"exact optimum       {env.unwrapped.oracle().value:.3f}")
    return before, after


def policy_gradient(logits, last, chosen, rewards):
    """(V, V) mean over steps of advantage * d log odds[last, chosen]; all else (T, B)."""
    to_go = rewards[::-1].cumsum(0)[::-1]
    advantage = (to_go - to_go.mean(1, keepdims=True)) / last.size
    odds = np.exp(logits - logits.max(1, keepdims=True))
    odds /= odds.sum(1, keepdims=True)
    gradient = np.zeros_like(logits)
    np.add.at(gradient, (last, chosen), advantage)
    # The score of a softmax is 1[chosen] - odds: every visit of a row costs its odds.
    return gradient - np.bincount(last.ravel(), advantage.ravel(), len(logits))[:, None] * odds


if __name__ == "__main__":
    main()
