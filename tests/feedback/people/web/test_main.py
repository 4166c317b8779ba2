import json
import os
import signal
import subprocess
import sys
from urllib.request import Request, urlopen

import pytest

from plaudit.feedback.asks import Rate
from plaudit.feedback.people.desk import Desk
from plaudit.feedback.people.web.__main__ import main
from tests.feedback.people.cases import queries


def test_a_folder_without_questions_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main([str(tmp_path / "typo")])
    assert "there are no questions" in capsys.readouterr().err
    assert not (tmp_path / "typo").exists()


def test_a_port_that_is_none_is_refused(tmp_path, capsys):
    with Desk(tmp_path) as desk:
        desk.post(queries(1, Rate(5)))
    with pytest.raises(SystemExit):
        main([str(tmp_path), "--port", "99999"])
    assert "error: port must be an integer in 0..65535, got 99999" in capsys.readouterr().err


def test_a_folder_is_served_without_its_run_until_interrupted(tmp_path):
    with Desk(tmp_path) as desk:
        desk.post(queries(1, Rate(5)))
    command = [sys.executable, "-m", "plaudit.feedback.people.web", str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        page, token = process.stdout.readline().split("judges at ")[1].strip().split("?token=")
        headers = {"X-Plaudit-Token": token, "Content-Type": "application/json"}
        with urlopen(Request(page + "question", headers=headers)) as reply:
            form = json.load(reply)["form"]
        said = json.dumps({"form": form, "answer": 3}).encode()
        with urlopen(Request(page + "answer", said, headers)) as reply:
            assert json.load(reply)["state"] == "done"
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    with Desk(tmp_path) as desk:
        assert [feedback.answer for feedback in desk.collect()] == [3]
