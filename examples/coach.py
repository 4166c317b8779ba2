"""Somebody watches a learner drive, and says "better" or "worse", one to three steps too late.

They compare with what it does already: praise runs out once something has become habit. COACH takes
such feedback for an advantage, with a trace for what was done a little earlier. After a while the
person leaves, and the learner plays on alone.
"""

import gymnasium as gym

import plaudit
from plaudit import agents
from plaudit.feedback.wrappers import VectorRecordSegments, VectorScalarFeedback

WORLD = "plaudit/Delivery-v0"
BOARD = {"layout": (".....", ".###.", ".#D..", ".####", "....."), "horizon": 16}
PERSON = {"name": "coach", "world": WORLD, "settings": BOARD, "beta": 5.0, "spread": 0.4, "seed": 0}


def main(quick: bool = False) -> tuple[plaudit.Result, plaudit.Result]:
    world = gym.make_vec(WORLD, 8, **BOARD)
    env = VectorScalarFeedback(
        VectorRecordSegments(world, length=1, states=True),
        teacher=PERSON,
        ask={"kind": "rate", "levels": 3},  # worse, the same, better than its habit
        delay=[1, 3],
        late="carry",  # what is said after the last step counts, too
    )
    policy = agents.policy(
        "actor_critic",
        observation_space=env.single_observation_space,
        action_space=env.single_action_space,
    )
    before = plaudit.evaluate(policy, WORLD, **BOARD)
    trainer = agents.make(
        "coach",
        env,
        policy=policy,
        lr=0.1,
        delay=1,
        traces=((0.0, 0.6),),
        carry=True,
        steps=50,
        updates=4 if quick else 20,
    )
    log = trainer.train(on_update=lambda row: print(f"{row.get('true_reward', 0):7.2f} points"))
    after = plaudit.evaluate(policy, WORLD, **BOARD)

    print(f"judgements heard    {sum(row.get('heard', 0) for row in log):.0f}")
    print(f"true return before  {before}")
    print(f"true return after   {after}")
    return before, after


if __name__ == "__main__":
    main()
