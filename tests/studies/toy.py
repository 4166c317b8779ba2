"""A study of coin weights, in which the numbers are known: what the tests of the frame run."""

from dataclasses import dataclass

from plaudit.studies.study import Claim, Control, Effect, Picture, Study


@dataclass(frozen=True)
class Settings:
    gain: float = 1.0
    noise: float = 0.1
    breaks: bool = False


def run(settings, seed):
    if settings.breaks:
        raise RuntimeError("a coin rolled away")
    luck = settings.noise * (-1) ** seed
    score = settings.gain + luck
    return {
        "measures": {"score": score, "regret": max(0.0, 2.0 - settings.gain)},
        "curve": {"x": [0.0, 1.0], "y": [0.0, score]},
    }


def toy(**changes):
    declared = {
        "id": "S026",
        "name": "toy",
        "source": "arXiv:0000.00000",
        "worlds": ("plaudit/TokenNgram-v0",),
        "statistic": "gain",
        "run": run,
        "settings": Settings(),
        "quick": {"noise": 0.0},
        "arms": {"on": {}, "off": {"gain": 0.0}, "base": {"gain": 0.0}, "coin": {"gain": 0.0}},
        "claims": (Claim("it gains", Effect("on", "base"), ablation=Effect("off", "base")),),
        "controls": (Control("a coin gains nothing", Effect("coin", "base")),),
        "picture": Picture("curve", "steps", "score", "It rises."),
        "scaled_down": "Everything.",
        "stages": {"gain": {"gain": 2.0}, "noise": {"noise": 0.0}},
        "explained": "on",
        "seeds": 4,
    }
    return Study(**(declared | changes))


STUDY = toy()
