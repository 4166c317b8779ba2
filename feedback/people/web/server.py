"""The page's server: Flask on the loopback address, in a thread of its own.

    GET  /                      the page; the token stands in the address
    GET  /question              what is shown now
    POST /answer /skip /undo    JSON with the form of what was shown; what is shown next comes back
    GET  /pictures/NAME         of segments
    GET  /answers.jsonl, .csv   all answers

Every request carries the token: in the address where a browser can't do otherwise, in a header,
which no other site can send, wherever something changes.
"""

import secrets
import socket
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Thread
from typing import Any

from flask import Flask, Response, g, jsonify, render_template, request, send_from_directory
from werkzeug.exceptions import HTTPException
from werkzeug.serving import WSGIRequestHandler, make_server

from plaudit.feedback.people.desk import Desk
from plaudit.feedback.people.web.export import as_csv, as_json_lines
from plaudit.feedback.people.web.guard import (
    EARLIER,
    ELSEWHERE,
    HEADERS,
    HOST,
    POLICY,
    Guard,
    is_local,
)
from plaudit.feedback.people.web.sittings import Sittings, Stale
from plaudit.feedback.types import is_duration

DATA = Path(__file__).parent / "data"
ASSETS = ("controls.js", "icon.svg", "page.css", "page.js")
MAX_BYTES = 1 << 20  # of one request
MAX_PORT = 65_535
STOP = 0.05  # seconds between looks whether to stop


class WebServer:
    """Serves the pages of a desk's annotators until it is closed.

    Source: own design.

    Args:
        desk: the questions.
        annotators: their names.
        port: 0 for any that is free.
        more: whether questions may still come.

    Attributes:
        links: the link of each annotator's page.

    Raises:
        OSError: the port is taken.
        ValueError: the annotators are not different names, or there is no such port.
    """

    def __init__(
        self, desk: Desk, annotators: Iterable[str], *, port: int = 0, more: bool = True
    ) -> None:
        guard = Guard(annotators)
        if type(port) is not int or not 0 <= port <= MAX_PORT:
            raise ValueError(f"port must be an integer in 0..{MAX_PORT}, got {port!r}")
        self._sittings = Sittings(desk, guard.tokens, more=more)
        try:
            listener = socket.create_server((HOST, port))
        except OSError as error:
            sentence = f"port {port} of {HOST} can't be had: {error}; port=0 finds a free one"
            raise OSError(error.errno, sentence) from error
        with listener:
            self._server = make_server(
                HOST,
                port,
                application(self._sittings, guard),
                threaded=True,
                request_handler=_Quiet,
                fd=listener.fileno(),
            )
            address = f"http://{HOST}:{listener.getsockname()[1]}"
        self.links = {name: f"{address}/?token={token}" for name, token in guard.tokens.items()}
        serve = self._server.serve_forever
        self._thread = Thread(target=serve, args=(STOP,), name="plaudit's page", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Say goodbye to the pages that wait, then stop; more than once does no harm."""
        if self._thread.is_alive():
            self._sittings.end()
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()


def application(sittings: Sittings, guard: Guard) -> Flask:
    """The pages as a WSGI application.

    Args:
        sittings: what is shown to whom.
        guard: the secrets.
    """
    app = Flask(__name__, static_folder=None, template_folder=str(DATA))
    app.config["MAX_CONTENT_LENGTH"] = MAX_BYTES
    app.before_request(lambda: _refusal(guard))
    app.after_request(_with_headers)
    app.register_error_handler(Stale, lambda error: _problem(409, str(error)))
    app.register_error_handler(ValueError, lambda error: _problem(400, str(error)))
    app.register_error_handler(OSError, _unsaved)
    app.register_error_handler(
        HTTPException, lambda e: _problem(e.code or 500, e.description or "")
    )
    _add_pages(app, sittings)
    _add_actions(app, sittings)
    return app


def _add_pages(app: Flask, sittings: Sittings) -> None:
    desk = sittings.desk

    @app.get("/")
    def page() -> str:
        return render_template("page.html", token=g.token, annotator=g.annotator)

    @app.get("/question")
    def question() -> Response:
        return jsonify(sittings.current(g.annotator))

    @app.get("/pictures/<name>")
    def picture(name: str) -> Response:
        return send_from_directory(desk.pictures.resolve(), name)

    @app.get("/answers.jsonl")
    def json_lines() -> Response:
        return _download(as_json_lines(desk), "answers.jsonl", "application/jsonl")

    @app.get("/answers.csv")
    def table() -> Response:
        return _download(as_csv(desk), "answers.csv", "text/csv")

    for name in ASSETS:
        app.add_url_rule(f"/{name}", name, _asset(name))


def _add_actions(app: Flask, sittings: Sittings) -> None:
    @app.post("/answer")
    def answer() -> Response:
        said = _body("form", "answer")
        beside = {"comment": said["comment"], "seconds": said["seconds"]}
        sittings.answer(g.annotator, said["form"], said["answer"], **beside)
        return jsonify(sittings.current(g.annotator))

    @app.post("/skip")
    def skip() -> Response:
        said = _body("form")
        beside = {name: said[name] for name in ("reason", "comment", "seconds")}
        sittings.skip(g.annotator, said["form"], **beside)
        return jsonify(sittings.current(g.annotator))

    @app.post("/undo")
    def undo() -> Response:
        sittings.undo(g.annotator, _body("form")["form"])
        return jsonify(sittings.current(g.annotator))


def _body(*needed: str) -> dict[str, Any]:
    """The fields of a POST; those that may be left out have their defaults.

    Raises:
        ValueError: it is no JSON object, or a field is missing or of the wrong kind.
    """
    try:
        given = request.get_json(silent=True)
    except RecursionError:
        raise ValueError("This is nested too deeply.") from None
    if not isinstance(given, dict) or not set(needed) <= set(given):
        raise ValueError(f"Expected a JSON object with {' and '.join(needed)}.")
    said = {"reason": "", "comment": "", "seconds": None} | given
    for name in ("form", "reason", "comment"):
        if not isinstance(said[name], str):
            raise ValueError(f"{name} must be text, got {said[name]!r}.")
    if said["seconds"] is not None and not is_duration(said["seconds"]):
        raise ValueError(f"seconds must be a finite number of at least 0, got {said['seconds']!r}.")
    return said


def _refusal(guard: Guard) -> Response | None:
    """What a request is told that may not go on, else None."""
    if not is_local(request.host):
        return _problem(403, ELSEWHERE.format(request.host))
    token = request.headers.get("X-Plaudit-Token", "")
    if request.method == "GET":
        token = token or request.args.get("token", "")
    g.token, g.annotator = token, guard.annotator(token)
    return _problem(403, EARLIER) if g.annotator is None else None


def _problem(status: int, sentence: str) -> Response:
    """An error in words: for the page as JSON, for a person who opened a link as a page."""
    if request.path != "/":
        return _json_problem(status, sentence)
    nonce = secrets.token_urlsafe(12)
    style = (DATA / "page.css").read_text("utf-8")
    page = render_template("refused.html", nonce=nonce, style=style, sentence=sentence)
    response = Response(page, status)
    response.headers[POLICY] = f"default-src 'none'; style-src 'nonce-{nonce}'"
    return response


def _json_problem(status: int, sentence: str) -> Response:
    response = jsonify({"error": sentence})
    response.status_code = status
    return response


def _unsaved(error: OSError) -> Response:
    return _problem(500, f"This could not be saved, please try again: {error}.")


def _with_headers(response: Response) -> Response:
    policy = response.headers.get(POLICY, HEADERS[POLICY])
    response.headers.update(HEADERS | {POLICY: policy})
    return response


def _download(content: str, name: str, kind: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    # Half a character, which some keyboards produce, is no UTF-8.
    data = content.encode("utf-8", "backslashreplace")
    return Response(data, mimetype=kind, headers=headers)


def _asset(name: str) -> Callable[[], Response]:
    return lambda: send_from_directory(DATA, name)


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Log nothing: addresses hold the token."""
