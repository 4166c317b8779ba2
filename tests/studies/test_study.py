import pytest

from plaudit.studies.study import Claim, Effect
from tests.studies.toy import toy


def test_an_arm_is_what_it_changes():
    study = toy()
    assert study.set("full", study.arms["off"]).gain == 0.0
    assert study.set("full").noise == 0.1
    assert study.set("quick").noise == 0.0


def test_a_later_change_wins():
    assert toy().set("quick", {"noise": 1.0}, {"noise": 2.0}).noise == 2.0


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"settings": {"gain": 1.0}}, TypeError, "must be a dataclass"),
        ({"claims": ()}, ValueError, "must have an ablation"),
        ({"claims": (Claim("x", Effect("on")),)}, ValueError, "must have an ablation"),
        ({"controls": ()}, ValueError, "must be able to fail"),
        ({"quick": {"nois": 1.0}}, KeyError, "unknown setting 'nois'; did you mean 'noise'?"),
        ({"explained": None}, ValueError, "go together"),
        ({"explained": "onn"}, KeyError, "unknown arm 'onn'; did you mean 'on'?"),
        (
            {"claims": (Claim("x", Effect("on"), ablation=Effect("of")),)},
            KeyError,
            "unknown arm 'of'; did you mean 'off'?",
        ),
        (
            {"claims": (Claim("x", Effect("on"), ablation=Effect("off"), equal=True),)},
            ValueError,
            "has no ablation",
        ),
    ],
)
def test_a_wrong_declaration_is_refused(changes, error, message):
    with pytest.raises(error, match=message):
        toy(**changes)


def test_the_declaration_holds_what_decides():
    claims = (Claim("it gains", Effect("on", "base"), 0.1, ablation=Effect("off", "base")),)
    assert toy().declaration() != toy(claims=claims).declaration()
    assert toy().declaration() != toy(seeds=5).declaration()
    assert toy().declaration() == toy(scaled_down="Other words.").declaration()


def test_off_is_short_for_the_ablation_that_differs_in_its_arm():
    short = Claim("x", Effect("on", "base", "gap"), off="off")
    assert short.ablation == Effect("off", "base", "gap")
