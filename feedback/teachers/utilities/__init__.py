"""Utilities: how much a teacher likes what its lens shows it."""

from plaudit.feedback.teachers.utilities.advantage import PolicyAdvantage as PolicyAdvantage
from plaudit.feedback.teachers.utilities.base import Utility as Utility
from plaudit.feedback.teachers.utilities.blend import Blend as Blend
from plaudit.feedback.teachers.utilities.follow_up import FollowUp as FollowUp
from plaudit.feedback.teachers.utilities.linear import Linear as Linear
from plaudit.feedback.teachers.utilities.pair_matrix import PairMatrix as PairMatrix
from plaudit.feedback.teachers.utilities.principles import Principles as Principles
from plaudit.feedback.teachers.utilities.regret import LearnedRegret as LearnedRegret
from plaudit.feedback.teachers.utilities.regret import Regret as Regret
from plaudit.feedback.teachers.utilities.returns import PartialReturn as PartialReturn
from plaudit.feedback.teachers.utilities.rubric import Rubric as Rubric
from plaudit.feedback.teachers.utilities.verifier import Verifier as Verifier
