"""Criteria: what can be counted or tested of a segment, on its text and on its arrays."""

from plaudit.feedback.criteria.base import CRITERIA as CRITERIA
from plaudit.feedback.criteria.base import PLAIN_TEXT as PLAIN_TEXT
from plaudit.feedback.criteria.base import Criterion as Criterion
from plaudit.feedback.criteria.base import criteria_of as criteria_of
from plaudit.feedback.criteria.base import criterion as criterion
