"""A loopback server that gives each call the next of a list of exact answers, byte by byte."""

import contextlib
import json
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

DROP, RESET = "drop", "reset"


@dataclass
class Seen:
    """A request as it came in."""

    method: str
    target: str
    headers: dict
    body: bytes

    @property
    def path(self):
        return urlsplit(self.target).path

    @property
    def query(self):
        return dict(parse_qsl(urlsplit(self.target).query))

    @property
    def json(self):
        return json.loads(self.body)


@dataclass
class Answer:
    """An HTTP answer; ``cut`` leaves that many bytes off, ``wait`` is in seconds."""

    status: int = 200
    body: bytes | str | dict | list = b""
    headers: dict = field(default_factory=dict)
    cut: int = 0
    wait: float = 0
    close: bool = False

    def raw(self):
        body = self.body
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        lines = [f"HTTP/1.1 {self.status} X"]
        headers = {"Content-Type": "application/json", **self.headers}
        if self.status != 204 and "Transfer-Encoding" not in headers:
            headers["Content-Length"] = str(len(body))
        lines += [f"{name}: {value}" for name, value in headers.items()]
        raw = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
        return raw[: len(raw) - self.cut] if self.cut else raw


def rows(*items, following=None):
    """A collection in the envelope with ``results``."""
    data = {"results": list(items)}
    if following:
        data["__next"] = following
    return Answer(200, {"d": data})


def refusal(status, text, **headers):
    """An error in Exact's own shape."""
    body = {"error": {"code": "", "message": {"lang": "", "value": text}}}
    return Answer(status, body, {k.replace("_", "-"): v for k, v in headers.items()})


# No answer, half an answer, or one of somebody else: none can be relied on.
_HTML = Answer(200, "<html>Sign in</html>", {"Content-Type": "text/html"})
BAD_ANSWERS = {
    "reset": RESET,
    "closed without a byte": DROP,
    "half a status line": b"HTTP/1.1 20",
    "half the headers": b"HTTP/1.1 200 OK\r\nContent-Ty",
    "no HTTP at all": b"SSH-2.0-x\r\n\r\n",
    "body cut off": Answer(200, {"d": {"ID": "x"}}, cut=4),
    "chunk cut off": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{",
    "body that is not gzip": Answer(200, {"d": {}}, {"Content-Encoding": "gzip"}),
    "HTML page": _HTML,
    "JSON cut, length right": Answer(200, '{"d":{"ID"'),
    "no d": Answer(200, {"x": 1}),
    "d is text": Answer(200, {"d": "x"}),
    "rows are no objects": Answer(200, {"d": {"results": [1]}}),
    "list": Answer(200, [1]),
    "502": Answer(502, "<html>Bad gateway</html>"),
    "504": Answer(504),
    "500 HTML": Answer(500, "<html>Runtime error</html>"),
    "500 empty": Answer(500),
    "500 other JSON": Answer(500, {"error": "x"}),
    "599": Answer(599),
    "302": Answer(302, b"", {"Location": "/login"}),
}


class Wire:
    def __init__(self):
        self.answers = []
        self.seen = []
        self._open = True
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0.05)
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._connections = []
        self._threads[0].start()

    @property
    def port(self):
        return self._socket.getsockname()[1]

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def will(self, *answers):
        self.answers += answers

    def wait_closed(self):
        """Until this side has closed every connection that was made: the closing may come after the answer."""
        deadline = time.monotonic() + 5
        while any(c.fileno() != -1 for c in self._connections) and time.monotonic() < deadline:
            time.sleep(0.01)

    def stop(self):
        self._open = False
        self._socket.close()
        for connection in self._connections:
            # Closing alone would not wake a thread that waits for the next request.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def _accept(self):
        while self._open:
            try:
                connection, _address = self._socket.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            connection.settimeout(20)
            self._connections.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection):
        stream = connection.makefile("rb")
        try:
            while self._answer(connection, stream):
                pass
        except (OSError, ValueError):
            pass
        finally:
            stream.close()
            connection.close()

    def _answer(self, connection, stream):
        first = stream.readline().decode("latin-1").split()
        if len(first) < 2:
            return False
        headers = {}
        while line := stream.readline().decode("latin-1").strip():
            name, _colon, value = line.partition(":")
            headers[name.title()] = value.strip()
        body = stream.read(int(headers.get("Content-Length", 0)))
        self.seen.append(Seen(first[0], first[1], headers, body))
        answer = self.answers.pop(0) if self.answers else Answer(418, "no answer left")
        if answer == DROP:
            return False
        if answer == RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        if isinstance(answer, bytes):
            connection.sendall(answer)
            return False
        time.sleep(answer.wait)
        connection.sendall(answer.raw())
        return not (answer.cut or answer.close)
