"""All parity cases, the peers one after the other."""

from tests.parity import (
    ragen_cases,
    sb3_cases,
    sb3_contrib_cases,
    torchrl_cases,
    trl_cases,
    trl_dropped_cases,
    verl_cases,
)

PEERS = (
    trl_cases,
    trl_dropped_cases,
    sb3_cases,
    sb3_contrib_cases,
    torchrl_cases,
    verl_cases,
    ragen_cases,
)
CASES = [case for peer in PEERS for case in peer.cases()]
