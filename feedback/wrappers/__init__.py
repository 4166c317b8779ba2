"""Wrappers that put opinions into any Gymnasium environment, single or vector."""

from plaudit.feedback.wrappers.advice import Advice as Advice
from plaudit.feedback.wrappers.advice import VectorAdvice as VectorAdvice
from plaudit.feedback.wrappers.constraint import Constraint as Constraint
from plaudit.feedback.wrappers.constraint import VectorConstraint as VectorConstraint
from plaudit.feedback.wrappers.hide_reward import HideReward as HideReward
from plaudit.feedback.wrappers.hide_reward import VectorHideReward as VectorHideReward
from plaudit.feedback.wrappers.language_feedback import LanguageFeedback as LanguageFeedback
from plaudit.feedback.wrappers.language_feedback import (
    VectorLanguageFeedback as VectorLanguageFeedback,
)
from plaudit.feedback.wrappers.learned_reward import LearnedReward as LearnedReward
from plaudit.feedback.wrappers.learned_reward import VectorLearnedReward as VectorLearnedReward
from plaudit.feedback.wrappers.parallel_feedback import ParallelFeedback as ParallelFeedback
from plaudit.feedback.wrappers.record_segments import RecordSegments as RecordSegments
from plaudit.feedback.wrappers.record_segments import (
    VectorRecordSegments as VectorRecordSegments,
)
from plaudit.feedback.wrappers.reference_log_prob import ReferenceLogProb as ReferenceLogProb
from plaudit.feedback.wrappers.reference_log_prob import (
    VectorReferenceLogProb as VectorReferenceLogProb,
)
from plaudit.feedback.wrappers.scalar_feedback import ScalarFeedback as ScalarFeedback
from plaudit.feedback.wrappers.scalar_feedback import VectorScalarFeedback as VectorScalarFeedback
from plaudit.feedback.wrappers.teacher_reward import TeacherReward as TeacherReward
from plaudit.feedback.wrappers.teacher_reward import VectorTeacherReward as VectorTeacherReward
