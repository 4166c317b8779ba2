"""Every world: one id, one line. Strings only, so that registering loads no world."""

from dataclasses import dataclass


@dataclass(frozen=True)
class World:
    """Where a world's forms stand.

    Attributes:
        entry: "module:Class" of the single form, a `gymnasium.Env`.
        vector: "module:Class" of the native vector form, or None.
        tags: family first, then what it is good for.
    """

    entry: str
    vector: str | None
    tags: tuple[str, ...]


WORLDS = {
    "plaudit/Sentiment-v0": World(
        "plaudit.envs.token.sentiment.env:Sentiment",
        "plaudit.envs.token.sentiment.vector:SentimentVector",
        ("token", "text", "defined truth"),
    ),
    "plaudit/TokenNgram-v0": World(
        "plaudit.envs.token.token_ngram.env:TokenNgram",
        "plaudit.envs.token.token_ngram.vector:TokenNgramVector",
        ("token", "exact"),
    ),
}
