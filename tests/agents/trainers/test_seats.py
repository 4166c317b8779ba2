from dataclasses import replace

import gymnasium as gym
import numpy as np
import pettingzoo
import pytest
import torch

from plaudit.agents.policies.team import team
from plaudit.agents.rollout.seats import SeatCollector
from plaudit.agents.trainers.algorithms import PolicyGradient
from plaudit.agents.trainers.seats import SeatTrainer, _by_time
from plaudit.agents.trainers.step_settings import StepSettings
from plaudit.envs.seats.vector import JointVectorEnv
from plaudit.feedback.wrappers import ParallelFeedback, VectorHideReward
from tests.agents.seat_worlds.toys import Leaving, Matching

WORLD, NEGOTIATION = "plaudit/Negotiation-v0", {"issues": 2, "levels": 2, "horizon": 4}
SETTINGS = {"steps": 5, "updates": 4, "epochs": 2, "minibatches": 2, "lr": 1e-2}


def joint():
    return JointVectorEnv(WORLD, 6, **NEGOTIATION)


def judged():
    judge = {"teacher": "noisy_person", "ask": {"kind": "approve"}, "mode": "joint"}
    games = [pettingzoo.make("parallel", WORLD, **NEGOTIATION) for _ in range(3)]
    return [ParallelFeedback(game, **judge) for game in games]


def trainer(env=None, folder=None, reference=None, evaluator=None, **settings):
    env = joint() if env is None else env
    own = {key: settings.pop(key) for key in ("sharing", "critic") if key in settings}
    players = team(env, hidden=(8,), **own)
    climbed = {key: settings.pop(key) for key in ("gamma", "lam") if key in settings}
    algorithm = PolicyGradient("gae", "ppo", critic=True, whiten=True, **climbed)
    told = {"folder": folder, "reference": reference, "evaluator": evaluator}
    return SeatTrainer(env, players, algorithm, StepSettings(**SETTINGS | settings), **told)


def moved(trained):
    return torch.cat([parameter.detach().flatten() for parameter in trained.learned()])


class Richer(gym.vector.VectorWrapper):
    """Pays the second seat ten times as much."""

    def step(self, actions):
        obs, reward, *rest = self.env.step(actions)
        return obs, reward * [1.0, 10.0], *rest


@pytest.mark.parametrize("critic", ["own", "central"])
@pytest.mark.parametrize(("sharing", "apart"), [("none", True), ("trunk", False)])
def test_seats_that_share_nothing_learn_as_if_alone(sharing, apart, critic):
    first, second = (
        trainer(env, sharing=sharing, critic=critic) for env in (joint(), Richer(joint()))
    )
    for trained in (first, second):
        trained.train(1)
    one, same = (
        torch.cat([p.detach().flatten() for p in trained.team.at(0).parameters()])
        for trained in (first, second)
    )
    assert torch.equal(one, same) == apart
    assert not torch.equal(moved(first), moved(second))


def test_nothing_flows_from_steps_in_which_a_seat_waited(monkeypatch):
    plain = trainer(critic="central", beta=0.1)
    plain.train(2)
    window = SeatCollector.window

    def poisoned(self, steps, *, seed):
        seats, episodes = window(self, steps, seed=seed)
        spoiled = []
        for own in seats:
            waited = ~own.mask
            parts = {}
            for name in ("numbers", "views", "logp", "values", "rewards", "cut_values"):
                part = getattr(own, name).clone()
                part[waited] = torch.nan
                parts[name] = part
            spoiled.append(replace(own, **parts))
        return tuple(spoiled), episodes

    monkeypatch.setattr(SeatCollector, "window", poisoned)
    other = trainer(critic="central", beta=0.1)
    other.train(2)
    assert torch.equal(moved(plain), moved(other))


@pytest.mark.parametrize("make", [joint, judged])
@pytest.mark.parametrize("own", [{}, {"critic": "central", "sharing": "seat_id", "beta": 0.1}])
def test_a_resumed_run_ends_bit_equal(make, own, tmp_path):
    whole = trainer(make(), **own)
    whole.train()
    trainer(make(), tmp_path, **own).train(2, checkpoint_every=2)
    again = trainer(make(), tmp_path, **own)
    assert again.resume()
    again.train()
    assert torch.equal(moved(whole), moved(again))
    told = [{k: v for k, v in row.items() if k != "seconds"} for row in whole.log[-2:]]
    assert told == [{k: v for k, v in row.items() if k != "seconds"} for row in again.log[-2:]]


def test_the_log_tells_of_all_seats_and_each(tmp_path):
    row = trainer(beta=0.1, steps=8).train(1)[-1]
    for name in ("reward", "true_reward", "entropy", "kl", "valid", "steps"):
        assert {f"{name}/buyer", f"{name}/seller"} <= set(row), name
    assert row["reward"] == pytest.approx(row["reward/buyer"] + row["reward/seller"])
    assert row["true_reward"] == pytest.approx(row["reward"])
    assert row["valid"] == 1.0
    assert {"reward_std", "length", "episodes", "entropy", "kl", "explained_variance"} <= set(row)


def test_opinions_are_climbed_and_the_truth_is_logged():
    row = trainer(judged(), steps=12).train(1)[-1]
    assert row["reward"] != pytest.approx(row["true_reward"])


def test_a_window_in_which_a_seat_never_acts_moves_nothing_of_it():
    trained = trainer(steps=1)
    before = trained.team.at(1).layers.weights[0].detach().clone()
    row = trained.train(1)[-1]  # the buyer speaks first
    assert row["steps/seller"] == 0.0
    assert "valid/seller" not in row
    assert torch.equal(trained.team.at(1).layers.weights[0], before)


def test_what_a_time_limit_cut_off_is_discounted():
    trained = trainer(Leaving(), gamma=0.5)
    seats, _ = trained._collector.window(3, seed=0)
    rewards = trained._signals(1, seats[1])["rewards"][0].tolist()
    beyond = float(seats[1].cut_values[0, 3])
    assert rewards == pytest.approx([0.0, 1.0, 1.0, 1.0 + 0.5 * beyond])


def test_nothing_flows_over_the_end_of_an_episode():
    trained = trainer(lam=0.0)
    seats, _ = trained._collector.window(12, seed=0)
    for place, own in enumerate(seats):
        signals, targets = trained._targets(trained._signals(place, own))
        # the last step of an episode: the seat is not on turn again before the end
        last = torch.zeros_like(own.mask)
        for row in range(len(own.mask)):
            chosen = own.mask[row].nonzero()[:, 0].tolist()
            for at, following in zip(chosen, [*chosen[1:], own.mask.shape[1]], strict=True):
                last[row, at] = own.ends[row, at:following].any()
        assert last.any()
        assert torch.allclose(targets["returns"][last], signals["rewards"][last])
        assert not torch.allclose(
            targets["returns"][own.mask & ~last], signals["rewards"][own.mask & ~last]
        )


@pytest.mark.parametrize("critic", ["own", "central"])
@pytest.mark.parametrize("sharing", ["none", "all", "seat_id", "trunk"])
def test_a_shuffled_batch_is_told_what_was_told_when_it_was_played(sharing, critic):
    trained = trainer(sharing=sharing, critic=critic)
    seats, _ = trained._collector.window(8, seed=0)
    for places in trained.team.groups:
        steps = [seats[place] for place in places]
        found = [
            (number, time * 6 + row, own.logp[row, time], own.values[row, time])
            for number, own in enumerate(steps)
            for row, time in own.mask.nonzero().tolist()
        ]
        order = np.random.default_rng(0).permutation(len(found))
        seat, at, logp, value = zip(*(found[i] for i in order), strict=True)
        batch = {"seat": torch.tensor(seat), "at": torch.tensor(at)}
        now = trained._now(places, [_by_time(own) for own in steps], batch)
        assert torch.allclose(now["logp"][:, 0], torch.stack(logp), atol=1e-6)
        assert torch.allclose(now["value"][:, 0], torch.stack(value), atol=1e-6)


def test_the_reference_pulls_each_seat_by_what_it_did():
    trained = trainer(beta=0.5)
    with torch.no_grad():
        for parameter in trained.team.parameters():
            parameter.mul_(1.5)
    seats, _ = trained._collector.window(3, seed=0)
    signals, mask = trained._signals(0, seats[0]), seats[0].mask
    ratio = seats[0].logp - signals["ref_logp"]
    expected = seats[0].rewards - 0.5 * ratio  # reward - beta log(pi / ref)
    assert torch.allclose(signals["rewards"][mask], expected[mask])
    assert ratio[mask].abs().max() > 0


def test_an_evaluator_sees_the_team():
    log = trainer(evaluator=lambda players: {"seats": float(len(players.seats))}).train(1)
    assert log[0]["eval/seats"] == log[-1]["eval/seats"] == 2.0


def test_an_algorithm_without_a_critic_is_refused():
    env = joint()
    with pytest.raises(ValueError, match="needs an algorithm with a critic"):
        SeatTrainer(
            env, team(env), PolicyGradient("leave_one_out", "rloo"), StepSettings(updates=1)
        )


def test_groups_of_episodes_are_refused():
    with pytest.raises(ValueError, match="group_size=2: a team compares no episodes"):
        trainer(group_size=2)


def test_a_world_that_cannot_be_saved_trains_and_says_so_when_saved(tmp_path):
    trained = trainer([Matching() for _ in range(4)], tmp_path)
    assert np.isfinite(trained.train(1)[-1]["loss"])
    with pytest.raises(TypeError, match="matching_v0 cannot be saved"):
        trained.save()


def test_the_truth_is_not_logged_where_it_is_hidden():
    row = trainer(VectorHideReward(joint())).train(1)[1]
    assert {"reward", "reward/seller", "length", "kl"} <= set(row)
    assert not [key for key in row if key.startswith("true_reward")]


def test_every_row_holds_the_figures_of_episodes():
    log = trainer([Leaving(), Leaving()], steps=2).train()
    assert {row["episodes"] > 0 for row in log[1:]} == {False, True}
    for row in log[1:]:
        assert set(row) >= {"valid", "entropy", "length", "reward", "reward_std", "kl"}
        assert "true_reward" in row
