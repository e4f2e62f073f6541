"""A file of Exact: from the connected site only, no larger than asked for, and no token elsewhere."""

import pytest
from wire import DROP, RESET, Answer, refusal

from exact_connector.client import ExactClient, ExactError, OutcomeUnknown, UnreachableError

PDF = b"%PDF-1.4\n" + b"x" * 200_000
ROOM = 1024 * 1024


def file_of(body=PDF, **headers):
    return Answer(200, body, {"Content-Type": "application/pdf", **headers})


def address(wire, query="ID=1&_Division_=1001&Download=1"):
    return f"{wire.url}/docs/SysAttachment.aspx?{query}"


def test_file_comes_byte_for_byte_with_one_call(wire, client):
    wire.answers = [file_of()]
    assert client.download(address(wire), largest=ROOM) == PDF
    (seen,) = wire.seen
    assert (seen.method, seen.path) == ("GET", "/docs/SysAttachment.aspx")
    assert seen.query["Download"] == "1"
    assert seen.headers["Authorization"] == "Bearer token-1"
    assert seen.headers["Accept"] == "*/*", "a file is no JSON"
    assert client.calls == 1


def test_chunked_file_comes_whole(wire, client):
    body = b"5\r\n%PDF-\r\n3\r\n1.4\r\n0\r\n\r\n"
    wire.answers = [file_of(body, **{"Transfer-Encoding": "chunked"})]
    assert client.download(address(wire), largest=ROOM) == b"%PDF-1.4"


@pytest.mark.parametrize(
    "url",
    [
        "https://files.example/docs/SysAttachment.aspx?ID=1",
        "http://127.0.0.1:9/docs/SysAttachment.aspx?ID=1",
        "//files.example/x.pdf",
        "{url}@files.example/x.pdf",
        "{url}\\@files.example/x.pdf",
        "file:///etc/passwd",
        "docs/SysAttachment.aspx?ID=1",
        "",
        None,
    ],
)
def test_no_call_and_no_token_to_another_host(wire, client, url):
    with pytest.raises(ExactError):
        client.download(url and url.replace("{url}", wire.url), largest=ROOM)
    assert not wire.seen
    assert client.calls == 0


def test_prefix_of_the_site_holds_for_files_too(wire):
    with (
        ExactClient(f"{wire.url}/nl", 1001, lambda rejected=None: "token-1") as client,
        pytest.raises(ExactError),
    ):
        client.download(address(wire), largest=ROOM)
    assert not wire.seen


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("where", ["https://files.example/x.pdf", "/login"])
def test_redirection_is_never_followed(wire, client, status, where):
    wire.answers = [Answer(status, b"", {"Location": where}), file_of()]
    with pytest.raises(UnreachableError) as caught:
        client.download(address(wire), largest=ROOM)
    assert caught.value.status == status
    assert len(wire.seen) == 1


def test_file_that_says_it_is_too_large_is_not_read(wire, client):
    wire.answers = [file_of()]
    with pytest.raises(ExactError) as caught:
        client.download(address(wire), largest=1000)
    assert caught.value.reason == "TooLarge"


def test_file_that_does_not_say_its_size_is_cut_off_too(wire, client):
    body = b"".join(b"400\r\n" + b"x" * 1024 + b"\r\n" for _ in range(100)) + b"0\r\n\r\n"
    wire.answers = [file_of(body, **{"Transfer-Encoding": "chunked"})]
    with pytest.raises(ExactError) as caught:
        client.download(address(wire), largest=50_000)
    assert caught.value.reason == "TooLarge"


def test_file_that_just_fits_is_taken(wire, client):
    wire.answers = [file_of(b"12345")]
    assert client.download(address(wire), largest=5) == b"12345"


@pytest.mark.parametrize(
    "answer",
    [
        RESET,
        DROP,
        Answer(200, PDF, cut=100),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n%PDF",
        Answer(200, PDF, {"Content-Encoding": "gzip"}),
        Answer(502, "<html>Bad gateway</html>"),
        b"HTTP/1.1 500 X\r\nContent-Length: 50\r\n\r\nhalf",
    ],
)
def test_file_that_breaks_off_may_be_asked_for_again(wire, client, answer):
    wire.answers = [answer]
    with pytest.raises(UnreachableError) as caught:
        client.download(address(wire), largest=ROOM)
    assert not isinstance(caught.value, OutcomeUnknown), "nothing was changed by reading"


def test_token_that_was_replaced_is_used_after_a_401(wire):
    def token(rejected=None):
        return "token-2" if rejected else "token-1"

    wire.answers = [Answer(401), file_of(b"%PDF")]
    with ExactClient(wire.url, 1001, token, timeout=5) as client:
        assert client.download(address(wire), largest=ROOM) == b"%PDF"
    assert [seen.headers["Authorization"] for seen in wire.seen] == [
        "Bearer token-1",
        "Bearer token-2",
    ]


@pytest.mark.parametrize("status", [403, 404, 429])
def test_refusal_is_told_as_for_any_call(wire, client, status):
    wire.answers = [refusal(status, "No")]
    with pytest.raises(ExactError) as caught:
        client.download(address(wire), largest=ROOM)
    assert caught.value.status == status
    assert caught.value.resource == "docs/file"


def test_call_is_counted_and_told_without_its_address(wire):
    told = []
    wire.answers = [file_of(b"%PDF")]
    with ExactClient(wire.url, 1001, lambda rejected=None: "t", on_call=told.append) as client:
        client.download(address(wire), largest=ROOM)
    assert [(record.method, record.resource, record.status) for record in told] == [
        ("GET", "docs/file", 200)
    ]
