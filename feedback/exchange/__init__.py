"""Feedback from and for others: importers of common public formats, exports for trainers."""

from plaudit.feedback.exchange.annotated_pairs import read_annotated_pairs as read_annotated_pairs
from plaudit.feedback.exchange.cpl import read_cpl as read_cpl
from plaudit.feedback.exchange.pairs import read_pairs as read_pairs
from plaudit.feedback.exchange.table import to_rows as to_rows
from plaudit.feedback.exchange.table import write_csv as write_csv
from plaudit.feedback.exchange.trl import to_trl as to_trl
from plaudit.feedback.exchange.trl import write_trl as write_trl
from plaudit.feedback.exchange.uni_rlhf import read_uni_rlhf as read_uni_rlhf
from plaudit.feedback.exchange.unpaired import read_unpaired as read_unpaired
