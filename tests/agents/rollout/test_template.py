import pytest

from plaudit.agents.rollout.template import WORDS, Template, chat_template

CHATML = (
    "{% if messages[0]['role'] != 'system' %}<|im_start|>system\nBe kind<|im_end|>\n{% endif %}"
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
INSTRUCT = (
    "<s>{% for m in messages %}{% if m['role'] == 'user' %}[INST] {{ m['content'] }} [/INST]"
    "{% else %}{{ m['content'] }}</s>{% endif %}{% endfor %}"
)


def tokenizer(chat, end):
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from transformers import PreTrainedTokenizerFast

    plain = Tokenizer(WordLevel({"a": 0, end: 1}, unk_token="a"))
    made = PreTrainedTokenizerFast(tokenizer_object=plain, eos_token=end)
    made.chat_template = chat
    return made


def told(template, closed=True):
    return template.first("one") + "TWO" + template.next("three", closed)


def test_plain_text_is_lines():
    assert told(Template(), closed=False) == "one\nTWO\nthree\n"
    assert told(Template(), closed=True) == "one\nTWOthree\n"  # the turn's own line break is read
    assert told(Template(opening="Play.\n")).startswith("Play.\none\n")
    assert told(WORDS) == "oneTWOthree"


@pytest.mark.parametrize(("chat", "end"), [(CHATML, "<|im_end|>"), (INSTRUCT, "</s>")])
@pytest.mark.parametrize("system", [None, "Be brief"])
def test_a_chat_is_written_as_the_model_learned_it(chat, end, system):
    if system and chat == INSTRUCT:
        pytest.skip("that format has no system text")
    known = tokenizer(chat, end)
    template = chat_template(known, system)
    messages = [{"role": "system", "content": system}] if system else []
    for role, said in (("user", "one"), ("assistant", "TWO"), ("user", "three")):
        messages.append({"role": role, "content": said})
    whole = known.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    assert told(template, closed=False) == whole
    # where the policy wrote the end itself, it is not written again
    assert told(template, closed=True).replace("TWO", f"TWO{end}") == whole
    assert template.stop is None


def test_a_tokenizer_without_a_chat_format_is_refused():
    with pytest.raises(ValueError, match="no chat template; use a plain Template"):
        chat_template(tokenizer(None, "</s>"))


def test_a_format_that_loses_what_is_said_is_refused():
    with pytest.raises(ValueError, match="<<one>> is gone"):
        chat_template(tokenizer("{{ messages[-1]['content'] }}", "</s>"))


def test_a_stop_must_be_a_text():
    with pytest.raises(ValueError, match="stop must be None or a text"):
        Template(stop="")
