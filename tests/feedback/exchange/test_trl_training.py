"""TRL's trainers train on what is exported: a model of random weights, made here."""

import math

import pytest

from plaudit.feedback.asks import Approve, Compare
from plaudit.feedback.exchange.texts import text_context, text_segments
from plaudit.feedback.exchange.trl import to_trl
from plaudit.feedback.store import FeedbackBuffer
from plaudit.feedback.types import Feedback, Query

pytest.importorskip("trl", reason="needs the extra parity")
pytest.importorskip("datasets", reason="needs the extra parity")
pytestmark = pytest.mark.slow

WORDS = ("the sky is blue", "the sky is green", "grass is green", "grass is blue")
CHAT = "{% for m in messages %}{{ m['role'] }} {{ m['content'] }} {% endfor %}"


PROMPTS = {"text": "say it ", "chat": [{"role": "user", "content": "say it"}], "none": ""}


def buffer(ask, prompt):
    made = FeedbackBuffer()
    for i in range(8):
        said = [WORDS[(i + k) % 4] for k in range(ask.segments)]
        query = Query(text_segments(said, "test", i), ask, (), text_context(prompt, said), i)
        made.add([query], [Feedback(i, "ann", i % ask.space.n)])
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A saved tokenizer and causal language model."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, set_seed

    set_seed(0)

    path = tmp_path_factory.mktemp("llama")
    words = ["<pad>", "<eos>", *sorted({w for text in WORDS for w in text.split()})]
    words += ["user", "assistant", "say", "it", "<unk>"]
    inner = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, "<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner, eos_token="<eos>", pad_token="<pad>", unk_token="<unk>"
    )
    tokenizer.chat_template = CHAT
    tokenizer.save_pretrained(path)
    config = LlamaConfig(
        vocab_size=len(words),
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        pad_token_id=0,
        eos_token_id=1,
    )
    LlamaForCausalLM(config).save_pretrained(path)
    return path


def losses(kind, data, folder, out):
    """The loss of every one of a few steps of a trainer."""
    import trl
    from transformers import AutoModelForSequenceClassification, AutoTokenizer, set_seed

    set_seed(0)

    name = {"reward": "Reward", "dpo": "DPO", "kto": "KTO"}[kind]
    config = getattr(trl, f"{name}Config")(
        output_dir=str(out),
        max_steps=3,
        per_device_train_batch_size=len(data),  # all of it, so that only training changes the loss
        learning_rate=1e-3,
        logging_steps=1,
        report_to="none",
        use_cpu=True,
        bf16=False,
        seed=0,
        save_strategy="no",
        disable_tqdm=True,
    )
    model = str(folder)
    if kind == "reward":
        model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=1)
    trainer = getattr(trl, f"{name}Trainer")(
        model=model,
        args=config,
        train_dataset=data,
        processing_class=AutoTokenizer.from_pretrained(folder),
    )
    trainer.train()
    return [row["loss"] for row in trainer.state.log_history if "loss" in row]


@pytest.mark.parametrize("prompt", list(PROMPTS))
@pytest.mark.parametrize(
    ("kind", "ask"),
    [("reward", Compare(ties=True, levels=3)), ("dpo", Compare()), ("kto", Approve())],
    ids=["reward", "dpo", "kto"],
)
def test_a_trainer_trains_on_what_is_exported(kind, ask, prompt, folder, tmp_path):
    data = to_trl(buffer(ask, PROMPTS[prompt]), kind, ties="both")
    seen = losses(kind, data, folder, tmp_path)
    assert len(seen) == 3
    assert all(math.isfinite(loss) for loss in seen)
    assert seen[2] < seen[0]
    if kind == "dpo":
        assert seen[0] == pytest.approx(math.log(2), abs=1e-3)  # the policy is its reference
