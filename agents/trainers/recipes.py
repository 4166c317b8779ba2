"""Algorithms by name: an advantage, a loss, and the settings they were published with.

| recipe | advantage | loss | source, arXiv |
|---|---|---|---|
| a2c | GAE, lambda 1 | REINFORCE, mean of tokens, with a critic | 1602.01783 |
| bilevel_ppo | GAE over turns, then tokens | PPO's, with a critic | 2510.16907 |
| cispo | group | clipped weight of REINFORCE | 2506.13585 |
| dapo | group | GRPO's, mean of tokens, clipped higher above | 2503.14476 |
| dr_grpo | group, no deviation | GRPO's, sum of an answer's tokens | 2503.20783 |
| gigpo | group, and turns in equal states | PPO's, mean of answers | 2505.10978 |
| grpo | group, over its deviation | clipped, per token, mean of answers | 2402.03300 |
| gspo | group | clipped, per answer, geometric mean | 2507.18071 |
| ippo | PPO's, for each seat of a game | PPO's, with a critic of its own | 2011.09533 |
| loop | leave-one-out | GRPO's | 2502.01600 |
| macro_ppo | GAE over macro actions | PPO's, with a critic | 2410.02743 |
| mappo | PPO's, for each seat of a game | PPO's, with a critic that sees all seats | 2103.01955 |
| nft | | likelihood of right and wrong answers | 2505.18116 |
| opo | optimal baseline | RLOO's | 2505.23585 |
| ppo | GAE, whitened | clipped, per token, with a critic | 1707.06347 |
| reinforce | returns to go | REINFORCE | 10.1007/BF00992696 |
| reinforce_average | whole answers against their moving average | RLOO's | 2402.14740 |
| reinforce_plus_plus | returns to go over the batch's deviation | PPO's | 2501.03262 |
| remax | against the greedy answer | REINFORCE | 2310.10505 |
| rloo | leave-one-out | clipped, per answer | 2402.14740 |
| sapo | group | a smooth gate in place of the clip | 2511.20347 |
| spo | win rate against own answers | RLOO's | 2401.04056 |

A recipe is called with a world and a policy and makes the trainer that fits the policy's kind;
any setting of its advantage, its loss or the trainer can be changed by name.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from plaudit.agents.policies.base import TokenPolicy
from plaudit.agents.policies.team import Team
from plaudit.agents.policies.vector import VectorPolicy
from plaudit.agents.trainers.algorithms import PolicyGradient, setting_names
from plaudit.agents.trainers.base import Trainer
from plaudit.agents.trainers.on_policy import OnPolicyTrainer
from plaudit.agents.trainers.seats import SeatTrainer
from plaudit.agents.trainers.settings import Settings
from plaudit.agents.trainers.step_settings import StepSettings
from plaudit.agents.trainers.steps import StepTrainer
from plaudit.envs.names import nearest

TRAINER = ("reference", "evaluator", "eval_every", "folder")


@dataclass(frozen=True)
class Recipe:
    """A policy-gradient algorithm with its published settings.

    Attributes:
        advantage, loss: registry keys.
        critic, whiten, least_group: see `PolicyGradient`.
        settings: published ones, of the advantage and the loss.
        team: the critic that it needs where several seats learn; None for any.
    """

    advantage: str | None
    loss: str
    critic: bool = False
    whiten: bool = False
    least_group: int = 1
    settings: dict[str, Any] = field(default_factory=dict)
    team: Literal["own", "central"] | None = None

    def __call__(self, env: Any, policy: Any = None, **settings: Any) -> Trainer:
        """A trainer of this algorithm.

        Args:
            env: the world, in the form that the policy's trainer plays.
            policy: is trained in place.
            **settings: of the advantage, the loss, `PolicyGradient`, `Settings` and the trainer.

        Raises:
            TypeError: an unknown setting, named with the nearest one.
        """
        kind = next((kind for kind in _KINDS if isinstance(policy, kind)), None)
        if kind is None:
            raise TypeError(f"expected a policy, as agents.policy makes it, got {policy!r}")
        self._check_team(policy)
        trainer, common = _KINDS[kind]
        own, shared, rest = self._sorted(settings, [f.name for f in fields(common)], TRAINER)
        made: Trainer = trainer(env, policy, self.algorithm(**own), common(**shared), **rest)
        return made

    def algorithm(self, **settings: Any) -> PolicyGradient:
        """The algorithm, with some settings changed."""
        given = {
            "critic": self.critic,
            "whiten": self.whiten,
            "least_group": self.least_group,
            **self.settings,
            **settings,
        }
        return PolicyGradient(self.advantage, self.loss, **given)

    def _check_team(self, policy: Any) -> None:
        if self.team is None:
            return
        if not isinstance(policy, Team):
            raise TypeError(
                f"this algorithm is for several seats and needs a team, got {type(policy).__name__}"
            )
        found = "central" if policy.central else "own"
        if self.team != found:
            raise ValueError(
                f"this algorithm needs a team with critic={self.team!r}, got one with {found!r}"
            )

    def _sorted(self, settings: dict[str, Any], *others: Iterable[str]) -> list[dict[str, Any]]:
        """Settings of the algorithm, then those with names of each of the others."""
        own = setting_names(self.advantage, self.loss)
        for name in settings:
            known = {*own, *(other for names in others for other in names)}
            if name not in known:
                raise TypeError(f"unknown setting {name!r}{nearest(name, known)}")
        rest = {name for names in others for name in names}
        return [
            {k: v for k, v in settings.items() if k not in rest},
            *({k: v for k, v in settings.items() if k in set(names)} for names in others),
        ]


# How each kind of policy is trained.
_KINDS: dict[type, tuple[Any, Any]] = {
    Team: (SeatTrainer, StepSettings),
    TokenPolicy: (OnPolicyTrainer, Settings),
    VectorPolicy: (StepTrainer, StepSettings),
}

a2c = Recipe("gae", "reinforce", critic=True, settings={"lam": 1.0, "aggregation": "token_mean"})
bilevel_ppo = Recipe("bilevel_gae", "ppo", critic=True, whiten=True)
cispo = Recipe("group", "cispo", least_group=2, settings={"aggregation": "token_mean"})
dapo = Recipe(
    "group", "grpo", least_group=2, settings={"aggregation": "token_mean", "clip_high": 0.28}
)
dr_grpo = Recipe(
    "group", "grpo", least_group=2, settings={"std": "none", "aggregation": "sequence_sum_mean"}
)
gigpo = Recipe("step_groups", "ppo", least_group=2, settings={"aggregation": "sequence_mean"})
grpo = Recipe("group", "grpo", least_group=2)
gspo = Recipe("group", "gspo", least_group=2)
ippo = Recipe("gae", "ppo", critic=True, whiten=True, team="own")
loop = Recipe("leave_one_out", "grpo", least_group=2)
macro_ppo = Recipe("macro_gae", "ppo", critic=True, whiten=True)
mappo = Recipe("gae", "ppo", critic=True, whiten=True, team="central")
nft = Recipe(None, "nft", least_group=2)
opo = Recipe("optimal_baseline", "rloo", least_group=2)
ppo = Recipe("gae", "ppo", critic=True, whiten=True)
reinforce = Recipe("returns_to_go", "reinforce")
reinforce_average = Recipe("moving_average", "rloo")
reinforce_plus_plus = Recipe("reinforce_plus_plus", "ppo")
remax = Recipe("greedy_baseline", "reinforce")
rloo = Recipe("leave_one_out", "rloo", least_group=2)
sapo = Recipe("group", "sapo", least_group=2)
spo = Recipe("win_rate", "rloo", least_group=2, settings={"centred": True})
