import gymnasium as gym
import pytest

from plaudit import feedback
from plaudit.envs.views import TextView
from plaudit.feedback.asks import Check, Rate
from plaudit.feedback.criteria.base import PLAIN_TEXT
from plaudit.feedback.people.showing import show
from plaudit.feedback.store import FeedbackBuffer
from plaudit.feedback.types import Query
from plaudit.feedback.wrappers import RecordSegments, TeacherReward

SAID = ("propose 1 0 0", "nonsense", "accept")


def talk(env):
    """Rewards of what is said in an episode."""
    env.reset(seed=0)
    rewards = []
    for words in SAID:
        _, reward, terminated, truncated, _ = env.step(words)
        rewards.append(reward)
        if terminated or truncated:
            break
    return rewards


def negotiation(length=1):
    return RecordSegments(TextView(gym.make("plaudit/Negotiation-v0")), length)


@pytest.mark.parametrize(
    ("teacher", "ask"),
    [
        ({"name": "rubric", "criteria": [{"name": "contains", "text": "accept"}]}, Rate()),
        ({"name": "checklist"}, Check(tuple(PLAIN_TEXT))),
    ],
)
def test_teachers_who_read_judge_what_was_said_through_the_wrappers(teacher, ask):
    env = TeacherReward(negotiation(), teacher, ask.to_json())
    assert any(talk(env))


def test_people_see_the_words_and_not_a_table(tmp_path):
    env = negotiation(length=3)
    talk(env)
    shown = show(env.segments.segment(0).view(), tmp_path)
    assert shown.kind == "text"
    assert "> nonsense" in shown.text


def test_what_was_said_is_saved_in_a_buffer(tmp_path):
    env, buffer = negotiation(), FeedbackBuffer()
    talk(env)
    query = Query((env.segments.segment(0),), Rate())
    teacher = feedback.make("rubric", criteria=[{"name": "contains", "text": "accept"}])
    buffer.add([query], teacher.answer([query]))
    buffer.save(tmp_path / "feedback")
    (row,) = FeedbackBuffer.load(tmp_path / "feedback")
    (segment,) = row.query.segments
    assert segment.text == query.segments[0].text
    assert segment.obs.dtype.kind in "iuf"


def test_an_answer_of_a_token_world_is_its_tokens_and_what_was_read_and_said():
    env = RecordSegments(TextView(gym.make("plaudit/TokenSummary-v0")))
    world = env.unwrapped
    read, _ = env.reset(seed=0)
    words = read.split()[0]
    env.step(words)
    segment = env.segments.segment(0)
    written = world.tokenizer.encode(words)
    spec = world.token_spec
    padding = [spec.pad_id] * (spec.max_new - len(written))
    assert segment.actions.tolist() == [[*written, *padding]]
    assert segment.obs.shape == (2, *world.observation_space.shape)
    assert segment.text.startswith(f"{read}\n> {words}")
    assert segment.text.count(read) == 1


def test_what_was_deleted_is_not_told():
    env = RecordSegments(gym.make("plaudit/Sentiment-v0", max_bytes=3, backspace=True), length=4)
    back = env.unwrapped.token_spec.backspace_id
    env.reset(seed=0)
    for token in (*b"na", back, *b"o"):
        env.step(token)
    assert env.segments.segment(0).text == "no"
