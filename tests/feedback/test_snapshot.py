import numpy as np
import pytest
import torch
from safetensors import SafetensorError

from plaudit.envs.types import generator_from, generator_state
from plaudit.feedback import snapshot
from plaudit.feedback.snapshot import load, save


@pytest.mark.parametrize(
    "dtype", ["bool", "int8", "uint8", "int16", "uint16", "int64", "uint64", "float16", "float64"]
)
def test_arrays_keep_dtype_shape_and_values(tmp_path, dtype):
    for array in (np.array([[1, 0, 3]], dtype).T, np.array(2, dtype), np.zeros((0, 4), dtype)):
        save(tmp_path, {"a": array})
        back = load(tmp_path)["a"]
        assert (back.dtype, back.shape) == (array.dtype, array.shape)
        np.testing.assert_array_equal(back, array)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.int64, torch.bool])
def test_tensors_come_back_as_tensors(tmp_path, dtype):
    tensor = torch.tensor([[1.5, 0.0], [2.0, -1.0]]).to(dtype).T
    save(tmp_path, {"w": [tensor]})
    torch.testing.assert_close(load(tmp_path)["w"][0], tensor)


def test_structure_survives(tmp_path):
    state = {
        "none": None,
        "nested": {"list": [1, 2.5, "é", True], "tuple": (1, (2, [3])), "empty": {}},
        "huge": 2**127 + 1,
        "$array": {"$tuple": 5, "more": 1},
        "exact": 0.1 + 0.2,
    }
    save(tmp_path, state)
    assert load(tmp_path) == state


def test_a_generator_goes_on_where_it_stopped(tmp_path):
    rng = np.random.default_rng(5)
    save(tmp_path, {"rng": generator_state(rng)})
    np.testing.assert_array_equal(generator_from(load(tmp_path)["rng"]).random(9), rng.random(9))


def test_loaded_arrays_can_be_written_to(tmp_path):
    save(tmp_path, {"a": np.zeros(3)})
    array = load(tmp_path)["a"]
    array[0] = 1.0
    assert array[0] == 1.0


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": {"b": [1, {2}]}}, r"state\['a'\]\['b'\]\[1\] is a set"),
        ({"a": np.int64(3)}, r"state\['a'\] is a int64"),
        ({"a": np.array(["x"])}, r"state\['a'\] is a array of <U1"),
        ({"a": {3: 1}}, r"state\['a'\] has the key 3"),
        ({"a": torch.zeros(2, dtype=torch.complex64)}, r"state\['a'\] is a tensor of"),
    ],
)
def test_what_cannot_be_kept_is_named_by_its_keys(tmp_path, value, message):
    with pytest.raises(TypeError, match=message):
        save(tmp_path, value)


@pytest.mark.parametrize("name", ["state.json", "arrays.safetensors"])
def test_missing_and_damaged_files_are_named(tmp_path, name):
    save(tmp_path, {"a": np.zeros(3)})
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:9])
    with pytest.raises(ValueError, match="is damaged"):
        load(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"{name} is missing"):
        load(tmp_path)


def test_a_full_disk_is_an_os_error(tmp_path, monkeypatch):
    def full(arrays, path):
        raise SafetensorError("No space left on device")

    monkeypatch.setattr(snapshot, "save_file", full)
    with pytest.raises(OSError, match=r"arrays.safetensors could not be written: No space left"):
        save(tmp_path, {"a": np.zeros(3)})
