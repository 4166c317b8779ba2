"""docs/teachers.md, which `make teachers` writes, knows every teacher and every case."""

from pathlib import Path

from plaudit.feedback.registry import TEACHERS
from tests.contracts.teacher_statistics import CASES, described

PAGE = (Path(__file__).parents[2] / "docs" / "teachers.md").read_text("utf-8")


def test_every_teacher_stands_on_the_page_as_it_describes_itself() -> None:
    for name in TEACHERS:
        who, source = described(name)
        assert f"| `{name}` | {who} | {source} |" in PAGE


def test_every_case_was_measured() -> None:
    for case in CASES:
        question = str(case).removeprefix(f"{case.name}-")
        assert f"| `{case.name}` | {question} | " in PAGE
