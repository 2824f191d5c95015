"""An Engine that answers what a test tells it to, over any byte stream."""

import json
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

Answer = tuple[int, object] | Callable[[], tuple[int, object]]


class HangUp(Exception):
    """Raised by an answer: send these bytes, if any, and close the stream."""

    def __init__(self, sent: bytes = b"") -> None:
        self.sent = sent


class FakeEngine:
    """Answers by method and path (`GET /v1.51/info`), 404 for any other.

    requests: what was asked, as `GET /v1.51/info?a=b`. bodies: the JSON that came with each. sent: bytes of all
    answers, less their headers.
    """

    def __init__(self, api_version: str = "1.51") -> None:
        self.api_version = api_version
        self.answers: dict[str, Answer] = {}
        self.requests: list[str] = []
        self.bodies: list[object] = []
        self.sent = 0

    def answer(self, request: str, status: int = 200, body: object = None) -> None:
        """Set the answer to a request such as `GET /info`, at the Engine's own API version."""
        method, _, path = request.partition(" ")
        self.answers[f"{method} /v{self.api_version}{path}"] = (status, body)

    def does(self, request: str, answer: Callable[[], tuple[int, object]]) -> None:
        """Set the function that finds the answer to a request such as `GET /info`."""
        method, _, path = request.partition(" ")
        self.answers[f"{method} /v{self.api_version}{path}"] = answer

    def asked(self) -> Counter[str]:
        """Count the requests so far by method and path, such as `GET /info`."""
        return Counter(each.partition("?")[0].replace(f"/v{self.api_version}", "") for each in self.requests)

    def serve(self, stream) -> None:
        """Answer requests until the stream ends."""

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            engine = self

            def do_GET(self) -> None:
                self.engine.handle(self)

            do_POST = do_DELETE = do_GET

            def log_message(self, *_) -> None:
                """Say nothing on stderr."""

        try:
            Handler(stream, ("", 0), None)
        except HangUp as end:
            stream.sendall(end.sent)
        except (OSError, EOFError):
            return

    def handle(self, http: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        length = int(http.headers.get("Content-Length") or 0)
        text = http.rfile.read(length)
        self.requests.append(f"{http.command} {http.path}")
        self.bodies.append(json.loads(text) if text else None)
        unasked: Answer = (200, "OK") if http.path == "/_ping" else (404, {"message": "page not found"})
        answer = self.answers.get(f"{http.command} {http.path.partition('?')[0]}", unasked)
        status, body = answer() if callable(answer) else answer
        data = b"" if body is None else json.dumps(body).encode()
        self.sent += len(data)
        http.send_response(status)
        http.send_header("Api-Version", self.api_version)
        http.send_header("Content-Length", str(len(data)))
        http.end_headers()
        http.wfile.write(data)
