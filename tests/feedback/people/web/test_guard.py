import pytest

from plaudit.feedback.people.web.guard import HEADERS, Guard, is_local


def test_every_annotator_has_a_secret_of_their_own_and_every_run_new_ones():
    one, two = Guard(("ann", "ben")), Guard(("ann", "ben"))
    assert one.annotator(one.tokens["ben"]) == "ben"
    assert len({*one.tokens.values(), *two.tokens.values()}) == 4
    assert min(map(len, one.tokens.values())) >= 32  # 24 random bytes are 32 characters


@pytest.mark.parametrize("token", ["", "x", "é", "\ud800"])
def test_a_wrong_secret_is_nobody_s(token):
    assert Guard(("ann",)).annotator(token) is None


@pytest.mark.parametrize("names", [(), ("ann", "ann"), ("ann", " "), (3,), None, 3, (["a"],)])
def test_annotators_must_be_different_names(names):
    with pytest.raises(ValueError, match="annotators must be different names"):
        Guard(names)


def test_one_name_is_no_list_of_letters():
    assert list(Guard("ann").tokens) == ["ann"]


def test_only_names_of_this_machine_are_served():
    assert all(map(is_local, ("127.0.0.1", "127.0.0.1:80", "localhost:1", "localhost")))
    strange = ("evil.example", "127.0.0.1.evil.example:80", "localhost.evil", "", "10.0.0.1:80")
    assert not any(map(is_local, strange))


def test_other_sites_are_kept_out():
    assert HEADERS["Content-Security-Policy"].startswith("default-src 'self';")
    assert not [name for name in HEADERS if name.startswith("Access-Control")]
