"""A page without a browser, for the tests: what it is sent, and what it sends."""

from plaudit.feedback.people.desk import Desk
from plaudit.feedback.people.web.guard import Guard
from plaudit.feedback.people.web.server import application
from plaudit.feedback.people.web.sittings import Sittings


class Pages:
    """A desk with Flask's test client."""

    def __init__(self, directory, queries, annotators=("ann", "ben"), *, more=True, **settings):
        self.desk = Desk(directory, **settings)
        self.desk.post(queries)
        guard = Guard(annotators)
        self.tokens = guard.tokens
        self.sittings = Sittings(self.desk, guard.tokens, more=more)
        self.client = application(self.sittings, guard).test_client()

    def get(self, path="question", who="ann", **headers):
        return self.client.get(f"/{path}", headers=self.headers(who) | headers)

    def post(self, path, who="ann", **body):
        return self.client.post(f"/{path}", json=body, headers=self.headers(who))

    def shown(self, who="ann"):
        return self.get(who=who).json

    def answer(self, value, who="ann", **beside):
        return self.post("answer", who, form=self.shown(who)["form"], answer=value, **beside)

    def headers(self, who):
        return {"Host": "127.0.0.1:5000", "X-Plaudit-Token": self.tokens[who]}
