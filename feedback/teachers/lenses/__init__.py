"""Lenses: what a teacher sees of a segment. They alone may open what is privileged."""

from plaudit.feedback.teachers.lenses.agent_view import AgentView as AgentView
from plaudit.feedback.teachers.lenses.belief import Believed as Believed
from plaudit.feedback.teachers.lenses.full import full_view as full_view
from plaudit.feedback.teachers.lenses.hindsight import Hindsight as Hindsight
from plaudit.feedback.teachers.lenses.masked import Masked as Masked
from plaudit.feedback.teachers.lenses.opened import Opened as Opened
from plaudit.feedback.teachers.lenses.summary import SummaryOnly as SummaryOnly
