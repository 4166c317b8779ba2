from dataclasses import replace

import pytest

from plaudit.pages import training_page
from plaudit.report import render
from plaudit.studies.training import Recipe, run

NGRAM = "plaudit/TokenNgram-v0"


def quick(algorithm="rloo", updates=4):
    recipe = Recipe.of(NGRAM, "tiny", algorithm=algorithm, updates=updates)
    return replace(recipe, rows=32, panel=64)


@pytest.mark.parametrize("algorithm", ["rloo", "grpo", "ppo"])
def test_each_algorithm_trains_and_is_reported(algorithm, tmp_path):
    result = run(quick(algorithm=algorithm), tmp_path)
    assert [row["update"] for row in result["log"]] == [0, 1, 2, 3, 4]
    assert result["before"]["kl"] == pytest.approx(0.0, abs=1e-6)
    assert "exact frontier" in render(training_page(result))


def test_a_run_goes_on_where_it_stopped(tmp_path):
    whole = run(quick(), tmp_path / "whole")
    run(quick(), tmp_path / "parts", until=2)
    parts = run(quick(), tmp_path / "parts", resume=True)
    for one, other in zip(whole["log"], parts["log"], strict=True):
        same = {key for key in one if key != "seconds"}
        assert {key: one[key] for key in same} == {key: other[key] for key in same}
    assert whole["after"] == parts["after"]


def test_another_run_is_not_written_over(tmp_path):
    run(quick(updates=1), tmp_path)
    with pytest.raises(FileExistsError, match="already holds a run"):
        run(quick(updates=1), tmp_path)
    with pytest.raises(ValueError, match="the checkpoint is of"):
        run(quick(updates=2), tmp_path, resume=True)


@pytest.mark.parametrize(
    ("world", "policy", "message"),
    [
        ("plaudit/Sentiment-v0", "tiny", "use policy 'smollm2'"),
        (NGRAM, "smollm2", "use policy 'tiny'"),
    ],
)
def test_a_policy_must_fit_its_world(world, policy, message):
    with pytest.raises(ValueError, match=message):
        Recipe.of(world, policy)


@pytest.mark.slow
@pytest.mark.smollm2
@pytest.mark.parametrize("world", ["plaudit/Sentiment-v0", "plaudit/HFText-v0"])
def test_smollm2_takes_a_step_on_a_world_of_text(tmp_path, world):
    recipe = Recipe.of(world, "smollm2", updates=1)
    recipe = replace(recipe, rows=8, panel=8, max_new=8)
    result = run(recipe, tmp_path)
    assert -1.0 <= result["after"]["true_return"] <= 1.0
    assert result["log"][1]["grad_norm"] > 0
    assert any(sample["answer"] for sample in result["after"]["samples"])


@pytest.mark.slow
@pytest.mark.smollm2
def test_smollm2_takes_a_step_in_conversations(tmp_path):
    recipe = Recipe.of("plaudit/RepeatedRPS-v0", "smollm2", updates=1, game={"rounds": 5})
    result = run(replace(recipe, rows=8, panel=8), tmp_path)
    assert result["log"][1]["grad_norm"] > 0
    assert result["after"]["turns"] <= recipe.max_turns
    assert "\n> " in result["after"]["samples"][0]["answer"]
    assert "of -1 to 1" not in render(training_page(result))


def test_a_world_must_have_tokens_or_speak():
    with pytest.raises(ValueError, match="no tokens to write and does not speak"):
        Recipe.of("plaudit/PointReach-v0", "smollm2")
    with pytest.raises(ValueError, match="written in English, which the tiny policy does not know"):
        Recipe.of("plaudit/RepeatedRPS-v0", "tiny")


def test_settings_of_the_world_reach_it(tmp_path):
    recipe = Recipe.of(NGRAM, "tiny", updates=1, game={"vocab": 4, "max_new": 5})
    result = run(replace(recipe, rows=32, panel=64), tmp_path)
    assert result["after"]["length"] == 5
