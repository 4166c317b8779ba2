"""Noises: what comes between the answer meant and the answer given."""

from plaudit.feedback.teachers.noises.base import Noise as Noise
from plaudit.feedback.teachers.noises.biases import LengthBias as LengthBias
from plaudit.feedback.teachers.noises.biases import SelfPreference as SelfPreference
from plaudit.feedback.teachers.noises.biases import Sycophancy as Sycophancy
from plaudit.feedback.teachers.noises.delay import Delay as Delay
from plaudit.feedback.teachers.noises.errors import Lapse as Lapse
from plaudit.feedback.teachers.noises.errors import Mistake as Mistake
from plaudit.feedback.teachers.noises.errors import Skip as Skip
from plaudit.feedback.teachers.noises.history import Anchoring as Anchoring
from plaudit.feedback.teachers.noises.history import DropOut as DropOut
from plaudit.feedback.teachers.noises.history import Fatigue as Fatigue
from plaudit.feedback.teachers.noises.position import FirstOnTie as FirstOnTie
from plaudit.feedback.teachers.noises.position import PositionBias as PositionBias
from plaudit.feedback.teachers.noises.reticence import Reticence as Reticence
from plaudit.feedback.teachers.noises.spotting import Spotting as Spotting
from plaudit.feedback.teachers.noises.thresholds import Equal as Equal
from plaudit.feedback.teachers.noises.thresholds import ReleasedEqual as ReleasedEqual
from plaudit.feedback.teachers.noises.thresholds import ReleasedSkip as ReleasedSkip
from plaudit.feedback.teachers.noises.thresholds import SkipPoor as SkipPoor
