"""Ways of self-training by name: what is kept, of what, and where each fit begins.

| recipe | keeps | of | begins each fit at |
|---|---|---|---|
| raft | the best of each group | the newest answers | the present policy |
| rest | the top half, quarter, tenth: three fits | the newest answers | the present policy |
| expert_iteration | successes, each text once | all answers so far | the first policy |
| return_conditioned | everything, told how good it is | the last 8 rounds | the present policy |

Any setting of `SelfTrainingSettings`, of `SelfTraining` and of the loss can be changed by name.
"""

from dataclasses import fields
from typing import Any

from plaudit.agents.policies.base import TokenPolicy
from plaudit.agents.policies.return_conditioned import ReturnConditioned
from plaudit.agents.rollout.play import Played
from plaudit.agents.trainers.algorithms import PolicyGradient, setting_names
from plaudit.agents.trainers.self_training import SelfTraining, SelfTrainingSettings
from plaudit.envs.names import nearest

TRAINER = {"reference", "evaluator", "eval_every", "folder"}
ADVANTAGE = "group"  # for losses that take one; the log-likelihood does not


def raft(env: Played, policy: TokenPolicy, **settings: Any) -> SelfTraining:
    """Best-of-N fine-tuning: imitate the best answer to each prompt.

    Args:
        env: as for `SelfTraining`.
        policy: is trained in place.
        **settings: of `SelfTrainingSettings`, `SelfTraining` and the loss, by name.

    Source: arXiv:2304.06767.
    """
    return _made(env, policy, settings, keep="best_of", levels=(1.0,), group_size=8)


def rest(env: Played, policy: TokenPolicy, **settings: Any) -> SelfTraining:
    """Grow a data set, then fit its best half, quarter and tenth, one after the other.

    Args:
        env: as for `SelfTraining`.
        policy: is trained in place.
        **settings: of `SelfTrainingSettings`, `SelfTraining` and the loss, by name.

    Source: arXiv:2308.08998.
    Differs: thresholds are quantiles of the present answers, so that they need no unit of reward.
    """
    return _made(env, policy, settings, keep="quantile", levels=(0.5, 0.75, 0.9), grow=4)


def expert_iteration(env: Played, policy: TokenPolicy, **settings: Any) -> SelfTraining:
    """Imitate, from the first policy on, all successes so far: what scored `levels`, by default 1.

    Args:
        env: as for `SelfTraining`.
        policy: is trained in place.
        **settings: of `SelfTrainingSettings`, `SelfTraining` and the loss, by name.

    Source: arXiv:2403.04642.
    """
    own = {"keep": "above", "levels": (1.0,), "memory": None, "distinct": True, "restart": True}
    return _made(env, policy, settings, **own, epochs=4)


def return_conditioned(env: Played, policy: TokenPolicy, **settings: Any) -> SelfTraining:
    """Imitate all answers, each told how well it did; act as the best.

    Args:
        env: as for `SelfTraining`.
        policy: a `ReturnConditioned` one, is trained in place.
        **settings: of `SelfTrainingSettings`, `SelfTraining` and the loss, by name.

    Raises:
        TypeError: the policy can't be told.

    Source: arXiv:2403.04642; arXiv:2106.01345.
    Differs: it samples anew with the best bucket, and learns from the latest rounds.
    """
    if not isinstance(policy, ReturnConditioned):
        raise TypeError(
            "expected a policy that is told its return, "
            f"agents.policy('return_conditioned', inner=policy), got {type(policy).__name__}"
        )
    return _made(env, policy, settings, keep="everything", levels=(0.0,), memory=8)


def _made(
    env: Played, policy: TokenPolicy, given: dict[str, Any], **published: Any
) -> SelfTraining:
    """A trainer with published settings, some of them changed."""
    shared = {f.name for f in fields(SelfTrainingSettings)}
    loss = given.get("loss", "nll")
    own = {*setting_names(ADVANTAGE, loss), "loss"}
    for name in given:
        if name not in shared | own | TRAINER:
            raise TypeError(f"unknown setting {name!r}{nearest(name, shared | own | TRAINER)}")
    settings = published | {k: v for k, v in given.items() if k in shared}
    of_loss = {k: v for k, v in given.items() if k in own - {"loss", *shared, *TRAINER}}
    return SelfTraining(
        env,
        policy,
        SelfTrainingSettings(**settings),
        PolicyGradient(ADVANTAGE, loss, **{"std": "none"} | of_loss),
        **{k: v for k, v in given.items() if k in TRAINER},
    )
