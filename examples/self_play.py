"""Two seats learn at once: self-play towards an equilibrium that is known exactly.

In PreferenceGame no answer is best: whatever a policy prefers, some rival beats it. One policy
plays both seats, and a pull (beta) towards even answers brings it to the equilibrium.
"""

import numpy as np

import plaudit
from plaudit import agents
from plaudit.envs.matrix_games import exploitability, regularised_equilibrium
from plaudit.envs.seats.vector import JointVectorEnv

WORLD, BETA = "plaudit/PreferenceGame-v0", 0.1


def main(quick: bool = False):
    env = JointVectorEnv(WORLD, 256)
    team = agents.policy("team", env=env, sharing="all", kind="linear_softmax")
    game = env.rules
    none = game.responses  # stands for "no answer yet"
    prompts = np.array([[prompt, none, none] for prompt in range(game.contexts)])

    def exploited(players) -> dict[str, float]:
        """What a rival earns who knows the policy, and answers it best; mean over prompts."""
        odds = players.policy("player_0").probs(prompts)
        won = [exploitability(p - 0.5, o) for p, o in zip(game.preferences, odds, strict=True)]
        return {"exploited": float(np.mean(won))}

    shape = {"steps": 4, "epochs": 1, "minibatches": 1, "updates": 50 if quick else 300}
    climb = {"lr": 0.02, "beta": BETA, "whiten": False, "lam": 1.0}
    looks = {"evaluator": exploited, "eval_every": 50}
    trainer = agents.make("ippo", env, policy=team, **shape, **climb, **looks)
    log = [row for row in trainer.train() if "eval/exploited" in row]
    for row in log:
        print(f"after {row['update']:3.0f} updates a rival wins {row['eval/exploited']:.3f}")
    even = np.full(none, 1 / none)
    known = [regularised_equilibrium(p - 0.5, even, BETA).row for p in game.preferences]
    away = np.abs(team.policy("player_0").probs(prompts) - known).max()
    print(f"no probability is further than {away:.3f} from the equilibrium's")

    # A trained seat is a policy, or somebody's partner, in the game for one player.
    partner = {"player_1": team.partner("player_1")}
    against = plaudit.evaluate("random", WORLD, partners=partner)
    print(f"at random against it: {against.mean:.3f} per round")
    return log[0]["eval/exploited"], log[-1]["eval/exploited"], away, against


if __name__ == "__main__":
    main()
