"""The gate at the door: asked before every call, told every answer, never a cause of doubt."""

from datetime import datetime, timezone

import pytest
from wire import DROP, Answer, rows

from exact_connector.client import ExactClient, LimitError, OutcomeUnknown

KEY = "11111111-1111-4111-8111-111111111111"
LATER = datetime(2030, 1, 2, 3, 4, tzinfo=timezone.utc)


class Keeper:
    """Lets ``room`` calls go, and keeps what it was asked and told."""

    def __init__(self, room=99):
        self.room, self.asked, self.told, self.fails = room, [], [], False

    def before(self, method, resource):
        if not self.room:
            raise LimitError("full", retry_at=LATER, method=method, resource=resource)
        self.room -= 1
        self.asked.append((method, resource))

    def after(self, method, resource, status, headers):
        self.told.append((method, resource, status, headers.get("X-Word")))
        if self.fails:
            raise RuntimeError("books closed")
        return LATER if status == 429 else None


@pytest.fixture
def gated(wire):
    tokens = iter(["one", "two", "three"])
    with ExactClient(
        wire.url, 1001, lambda rejected=None: next(tokens), timeout=5, gate=Keeper()
    ) as client:
        yield client


def test_limits_gate_sees_every_page_and_file(wire, gated):
    following = f"{wire.url}/api/v1/1001/x/Y?$skiptoken=1"
    wire.will(
        rows({"A": 1}, following=following),
        rows({"A": 2}),
        Answer(200, b"%PDF", {"Content-Type": "application/pdf", "X-Word": "file"}),
    )
    gated.rows("x/Y", select="A")
    gated.download(f"{wire.url}/docs/file.pdf", largest=100)
    assert gated.gate.asked == [("GET", "x/Y"), ("GET", "x/Y"), ("GET", "docs/file")]
    assert gated.gate.told[-1] == ("GET", "docs/file", 200, "file")


def test_limits_gate_counts_the_second_try_after_a_401(wire, gated):
    wire.will(Answer(401), Answer(201, {"d": {"ID": KEY}}))
    gated.create("x/Y", {"A": 1})
    assert gated.gate.asked == [("POST", "x/Y")] * 2
    assert [status for _m, _r, status, _w in gated.gate.told] == [401, 201]


@pytest.mark.parametrize("room", [0, 1])
def test_limits_write_that_the_gate_refuses_has_not_left(wire, gated, room):
    """Not even where a first try was answered with a 401: that one was not served."""
    gated.gate.room = room
    wire.will(Answer(401), Answer(201, {"d": {"ID": KEY}}))
    with pytest.raises(LimitError) as caught:
        gated.create("x/Y", {"A": 1})
    assert caught.value.retry_at == LATER
    assert len(wire.seen) == gated.calls == room


def test_limits_gate_is_told_where_no_answer_came(wire, gated):
    wire.will(DROP)
    with pytest.raises(OutcomeUnknown):
        gated.create("x/Y", {"A": 1})
    assert gated.gate.told == [("POST", "x/Y", None, None)]


def test_limits_gate_that_fails_costs_no_answer(wire, gated):
    gated.gate.fails = True
    wire.will(Answer(201, {"d": {"ID": KEY}}))
    assert gated.create("x/Y", {"A": 1}) == {"ID": KEY}


def test_limits_gate_knows_better_when_to_try_again(wire, gated):
    wire.will(Answer(429))
    with pytest.raises(LimitError) as caught:
        gated.rows("x/Y", select="A")
    assert caught.value.retry_at == LATER
