import numpy as np
import pytest

from plaudit.envs.evaluate import make_rows
from plaudit.envs.views.blurred_tokens import VectorBlurredTokens

COUNT = {"vocab": 3, "max_new": 3, "families": ("count",), "constraints": 1}


def world(world_id="plaudit/TokenChecklist-v0", **settings):
    return make_rows(world_id, 32, **(settings or COUNT))


def numbers(env):
    return range(env.tokenizer.encode("0")[0], env.token_spec.pad_id)


def test_prompts_with_different_numbers_look_alike():
    plain, env = world(), world()
    blurred = VectorBlurredTokens(env, numbers(env))
    seen, shown = plain.reset(seed=0)[0], blurred.reset(seed=0)[0]
    zero = numbers(env)[0]
    assert len(np.unique(seen[seen >= zero])) > 2  # padding and several numbers
    assert set(np.unique(shown[shown >= zero])) == {zero, env.token_spec.pad_id}
    np.testing.assert_array_equal(seen[seen < zero], shown[seen < zero])


def test_what_is_paid_stays_and_what_was_written_is_read():
    plain, env = world(), world()
    blurred = VectorBlurredTokens(env, numbers(env))
    plain.reset(seed=0)
    blurred.reset(seed=0)
    for _ in range(3):
        seen, paid, *_ = plain.step(np.ones(32, np.int64))
        shown, same, *_ = blurred.step(np.ones(32, np.int64))
        np.testing.assert_array_equal(paid, same)
        np.testing.assert_array_equal(seen[:, -1], shown[:, -1])


def test_it_goes_back_to_a_state():
    env = world()
    blurred = VectorBlurredTokens(env, numbers(env))
    blurred.reset(seed=0)
    state = blurred.get_state()
    first = blurred.step(np.zeros(32, np.int64))[0]
    blurred.set_state(state)
    np.testing.assert_array_equal(blurred.step(np.zeros(32, np.int64))[0], first)


def test_what_is_refused():
    with pytest.raises(ValueError, match=r"never written, got \[0, 1\]"):
        VectorBlurredTokens(world(), [0, 1])
    with pytest.raises(TypeError, match="expected the vector form of a token world"):
        VectorBlurredTokens(make_rows("plaudit/PointReach-v0", 2), [0])
