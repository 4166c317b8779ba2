import json
import sys

import pytest
from typer.testing import CliRunner

from plaudit.cli import app
from plaudit.studies import registry
from tests.studies import toy as module

RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def study(monkeypatch, tmp_path):
    monkeypatch.setattr(registry, "STUDIES", {"toy": "toy_study:STUDY"})
    for user in ("runner", "catalogue"):
        monkeypatch.setattr(f"plaudit.studies.{user}.STUDIES", registry.STUDIES)
    monkeypatch.setitem(sys.modules, "toy_study", module)
    monkeypatch.chdir(tmp_path)
    return module.STUDY


def said(*arguments):
    result = RUNNER.invoke(app, arguments, env={"COLUMNS": "200"})
    assert result.exception is None, result.output
    return result.output


def test_it_lists_studies_with_what_came_of_them():
    assert "toy" in said("study", "list")


def test_a_quick_run_shows_effects_and_no_verdict(tmp_path):
    output = said("study", "run", "toy", "--processes", "1")
    assert "S026 toy: smoke test" in output
    assert "it gains" in output
    assert (tmp_path / "runs/studies/toy.html").exists()


def test_a_study_is_found_by_its_id():
    assert "S026 toy: holds" in said("study", "run", "s026", "--budget", "full", "--processes", "1")


def test_with_the_mechanism_off_the_claim_fails():
    output = said("study", "run", "toy", "--ablate", "--budget", "full", "--processes", "1")
    assert "with the mechanism off: refuted" in output


def test_explain_says_what_each_stage_causes():
    output = said("explain", "toy", "--processes", "1")
    assert "100.0%" in output
    assert "left with all stages exact" in output


def test_all_runs_go_on_where_they_stopped(tmp_path):
    said("study", "run", "all", "--processes", "1")
    log = tmp_path / "runs/studies/quick.jsonl"
    before = log.read_text()
    said("study", "run", "all", "--processes", "1")
    assert log.read_text() == before


def test_only_whole_full_runs_are_recorded():
    result = RUNNER.invoke(app, ["study", "run", "toy", "--record"])
    assert "whole full runs" in str(result.exception)


def test_recording_writes_the_result_the_page_and_the_figure(tmp_path, monkeypatch):
    data = tmp_path / "data"
    data.mkdir()
    (tmp_path / "docs").mkdir()
    monkeypatch.setattr("plaudit.studies.results.DATA", data)
    keep, newest = (getattr(sys.modules["plaudit.studies.results"], n) for n in ("keep", "newest"))
    monkeypatch.setattr("plaudit.studies.results.keep", lambda result: keep(result, data))
    monkeypatch.setattr("plaudit.studies.catalogue.newest", lambda name, _: newest(name, data))
    said("study", "run", "toy", "--budget", "full", "--record", "--processes", "1")
    assert json.loads((data / "toy.1.json").read_text())["declaration"]["id"] == "S026"
    page = (tmp_path / "docs/studies.md").read_text()
    assert "### S026" in page
    assert "| gain | 1.000 [1.000, 1.000] | 100.0% |" in page  # what explain says stands there, too
    assert (tmp_path / "docs/figures/studies/toy.svg").read_text().startswith("<svg")


def test_a_failed_run_fails_the_command(monkeypatch):
    broken = module.toy(arms={**module.STUDY.arms, "on": {"breaks": True}})
    monkeypatch.setattr(module, "STUDY", broken)
    result = RUNNER.invoke(app, ["study", "run", "toy", "--processes", "1"])
    assert "toy came to nothing" in str(result.exception)
    assert "a coin rolled away" in result.output
