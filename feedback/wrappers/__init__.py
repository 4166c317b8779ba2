"""Wrappers that put opinions into any Gymnasium environment, single or vector."""

from plaudit.feedback.wrappers.hide_reward import HideReward as HideReward
from plaudit.feedback.wrappers.hide_reward import VectorHideReward as VectorHideReward
from plaudit.feedback.wrappers.learned_reward import LearnedReward as LearnedReward
from plaudit.feedback.wrappers.learned_reward import VectorLearnedReward as VectorLearnedReward
from plaudit.feedback.wrappers.record_segments import RecordSegments as RecordSegments
from plaudit.feedback.wrappers.record_segments import (
    VectorRecordSegments as VectorRecordSegments,
)
from plaudit.feedback.wrappers.teacher_reward import TeacherReward as TeacherReward
from plaudit.feedback.wrappers.teacher_reward import VectorTeacherReward as VectorTeacherReward
