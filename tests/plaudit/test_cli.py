import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from plaudit import __version__
from plaudit.cli import app, full_id, main
from plaudit.envs.registry import WORLDS

runner = CliRunner()


@pytest.fixture
def refused(monkeypatch, capsys):
    """A function that runs a command in this process and gives what it said in refusing."""

    def run_here(*arguments):
        monkeypatch.setattr(sys, "argv", ["plaudit", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        assert left.value.code == 2
        return capsys.readouterr().err

    return run_here


def run(*arguments):
    """The command line in a process of its own, as a user meets it."""
    code = "from plaudit.cli import main; main()"
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_every_world_is_listed():
    shown = runner.invoke(app, ["list"])
    assert shown.exit_code == 0
    assert all(world_id in shown.output for world_id in WORLDS)


def test_a_card_is_json_and_the_version_is_shown():
    card = json.loads(runner.invoke(app, ["card", "token_ngram"]).output)
    assert card["ceiling_kind"] == "exact"
    assert __version__ in runner.invoke(app, ["--version"]).output


@pytest.mark.parametrize("name", ["sentiment", "Sentiment", "plaudit/Sentiment-v0"])
def test_a_world_may_be_called_by_its_short_name(name):
    assert full_id(name) == "plaudit/Sentiment-v0"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["card", "sentimnt"], "did you mean 'plaudit/Sentiment-v0'"),
        (["train", "sentiment"], "use policy 'smollm2'"),
        (["train", "token_ngram", "--policy", "smollm2"], "use policy 'tiny'"),
        (["train", "sentiment", "--policy", "./no/such/model"], "no/such/model"),
        (["train", "token_ngram", "--algorithm", "rlo"], "did you mean 'rloo'"),
        (["card", "[/b]"], "unknown world '[/b]'"),
    ],
)
def test_what_a_user_got_wrong_is_said_without_a_traceback(arguments, message, tmp_path, refused):
    if arguments[0] == "train":
        arguments = [*arguments, "--out", str(tmp_path / "run")]
    said = " ".join(refused(*arguments).split())
    assert message in said.replace(" ", "") or message in said
    assert "Traceback" not in said


def test_a_run_leaves_log_checkpoint_result_and_report(tmp_path, refused):
    out = str(tmp_path / "run")
    done = run("train", "token_ngram", "--updates", "2", "--out", out)
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert names == {"checkpoint", "log.jsonl", "report.html", "result.json"}
    again = refused("train", "token_ngram", "--updates", "2", "--out", out)
    assert "already holds a run" in " ".join(again.split())


def test_a_run_is_named_by_the_last_part_of_a_policys_path(monkeypatch, refused, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "sentiment-model-0").mkdir(parents=True)
    (tmp_path / "runs" / "sentiment-model-0" / "log.jsonl").touch()
    said = refused("train", "sentiment", "--policy", "./some/model")
    assert "runs/sentiment-model-0 already holds a run" in " ".join(said.split())


def test_a_folder_that_cannot_be_made_is_refused_before_the_demo_runs(tmp_path, refused):
    (tmp_path / "file").touch()
    assert "File exists" in refused("demo", "--out", str(tmp_path / "file"))
