import gymnasium as gym
import pytest

from plaudit.envs.text import ByteTokenizer, Tokenizer, UnicodeText


@pytest.mark.parametrize("text", ["", "plain", "Grüße, 世界 🙂", "line\nbreak\0"])
def test_bytes_come_back_as_the_text_they_were(text: str) -> None:
    tokenizer = ByteTokenizer()
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_encoding_gives_utf8_bytes_without_special_ids() -> None:
    assert ByteTokenizer().encode("é!") == [0xC3, 0xA9, 0x21]


def test_end_and_pad_are_skipped_and_bad_bytes_replaced() -> None:
    assert ByteTokenizer().decode([257, 104, 105, 256]) == "hi"
    assert ByteTokenizer().decode([0xC3, 104]) == "\ufffdh"


def test_the_byte_tokenizer_follows_the_protocol() -> None:
    assert isinstance(ByteTokenizer(), Tokenizer)


def test_unicode_text_holds_strings_up_to_its_length() -> None:
    space = UnicodeText(4)
    assert "" in space
    assert "世界 🙂" in space
    assert "fives" not in space
    assert 4 not in space


def test_samples_are_inside_and_repeat_with_the_seed() -> None:
    first, second = UnicodeText(9, seed=1), UnicodeText(9, seed=1)
    drawn = [first.sample() for _ in range(20)]
    assert all(text in first for text in drawn)
    assert drawn == [second.sample() for _ in range(20)]
    assert len(set(drawn)) > 10


def test_shared_memory_is_refused_rather_than_corrupted() -> None:
    with pytest.raises(gym.error.CustomSpaceError, match="UnicodeText"):
        gym.vector.utils.create_shared_memory(UnicodeText(4))


def test_length_zero_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least 1 character, got 0"):
        UnicodeText(0)


def test_spaces_are_equal_by_length() -> None:
    assert UnicodeText(4) == UnicodeText(4)
    assert UnicodeText(4) != UnicodeText(5)
    assert repr(UnicodeText(4)) == "UnicodeText(4)"
