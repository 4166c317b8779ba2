"""How a conversation is written down: the text around what the world says, and what ends a turn.

    opening | before + world + after | turn | before + world + after | turn | ...

A turn that reached its limit without an end is closed by `close`, which the policy did not write.

Source: own design; chat formats are those of the models' own tokenizers.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Template:
    """Text around turns; the default is lines of plain text.

    Attributes:
        opening: stands once in front of everything, e.g. a system text.
        before, after: around all that the world says.
        close: behind a turn that ended neither with the end token nor with `stop`.
        stop: a text that ends a turn, too; it is not told to the world. None for the end token
            alone.
    """

    opening: str = ""
    before: str = ""
    after: str = "\n"
    close: str = "\n"
    stop: str | None = "\n"

    def __post_init__(self) -> None:
        if self.stop == "":
            raise ValueError('stop must be None or a text, got ""')

    def first(self, text: str) -> str:
        """What is read before the first turn."""
        return f"{self.opening}{self.before}{text}{self.after}"

    def next(self, text: str, closed: bool) -> str:
        """What is read between two turns; whether the one before ended by itself."""
        return f"{'' if closed else self.close}{self.before}{text}{self.after}"


WORDS = Template(after="", close="", stop=None)
"""For tokenizers that know nothing but words: nothing stands around them."""


def chat_template(tokenizer: Any, system: str | None = None) -> Template:
    """The format in which a chat model was trained.

    Args:
        tokenizer: of Hugging Face, with a chat template.
        system: the system text; None for the model's own.

    Raises:
        ValueError: the tokenizer has no chat template, or one that rewrites what is said.

    Source: own design.
    """
    if not getattr(tokenizer, "chat_template", None):
        raise ValueError("the tokenizer has no chat template; use a plain Template")
    marks = ("<<one>>", "<<two>>", "<<three>>")
    roles = ("user", "assistant", "user")
    messages = [{"role": r, "content": m} for r, m in zip(roles, marks, strict=True)]
    if system is not None:
        messages.insert(0, {"role": "system", "content": system})
    text: str = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    parts = []
    for mark in marks:
        part, found, text = text.partition(mark)
        if not found:
            raise ValueError(f"the chat template does not keep what is said: {mark} is gone")
        parts.append(part)
    first, after, between = parts
    end = tokenizer.eos_token or ""
    close, before = (end, between.removeprefix(end)) if between.startswith(end) else ("", between)
    if not first.endswith(before):
        # Some formats put something between the opening and the first message only.
        before = _common_end(first, before)
        close = between.removesuffix(before)
    return Template(first.removesuffix(before), before, after, close, stop=None)


def _common_end(a: str, b: str) -> str:
    """The longest text with which both end."""
    count = 0
    while count < min(len(a), len(b)) and a[-1 - count] == b[-1 - count]:
        count += 1
    return a[len(a) - count :]
