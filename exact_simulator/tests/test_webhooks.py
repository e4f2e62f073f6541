"""Webhooks: the check of the address and signed delivery with retries (Exact API sheet 6)."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from exact_simulator.webhooks import envelope


class Receiver:
    """A callback address that keeps what it gets and answers as told."""

    def __init__(self):
        self.got: list[bytes] = []
        self.status = 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(body)
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait_for(self, count: int) -> list[bytes]:
        """The bodies once there are ``count`` of them, within five seconds."""
        until = time.monotonic() + 5
        while len(self.got) < count and time.monotonic() < until:
            time.sleep(0.02)
        return self.got


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


def subscribe(nl, token, url, topic="Accounts"):
    body = {"Topic": topic, "CallbackURL": url}
    return nl.call(token, "webhooks/WebhookSubscriptions", "POST", body)


def deliveries(nl):
    return requests.get(f"{nl.url}/_sim/webhooks", timeout=10).json()["deliveries"]


def test_the_signature_is_upper_case_hex_over_the_raw_content():
    body = envelope({"Topic": "Accounts", "Key": "é"}, "secret")
    raw = body[len(b'{"Content":') : body.index(b',"HashCode"')]
    expected = hmac.new(b"secret", raw, hashlib.sha256).hexdigest().upper()
    assert json.loads(body)["HashCode"] == expected
    assert json.loads(raw) == {"Topic": "Accounts", "Key": "é"}


def test_subscribing_sends_an_empty_post_that_must_be_accepted(nl, token, receiver):
    assert subscribe(nl, token, receiver.url).status_code == 201
    assert receiver.got == [b""]


def test_an_address_that_does_not_answer_200_is_refused_with_500(nl, token, receiver):
    receiver.status = 404
    refused = subscribe(nl, token, receiver.url)
    assert refused.status_code == 500
    assert "404" in refused.json()["error"]["message"]["value"]
    assert not list(nl.country.divisions[nl.division].webhooks)


def test_an_address_elsewhere_or_not_https_is_refused(nl, token):
    for url in ("https://other.example/hook", "http://practice.example/hook", "nonsense"):
        assert subscribe(nl, token, url).status_code == 500


def test_the_same_topic_twice_is_refused(nl, token, receiver):
    subscribe(nl, token, receiver.url)
    again = subscribe(nl, token, receiver.url)
    assert again.status_code == 500


def test_a_change_is_delivered_signed_with_the_apps_secret(nl, token, receiver):
    subscribe(nl, token, receiver.url)
    made = nl.call(token, "crm/Accounts", "POST", {"Name": "Nieuw"}).json()["d"]
    body = receiver.wait_for(2)[1]
    content = json.loads(body)["Content"]
    assert (content["Topic"], content["Action"]) == ("Accounts", "Create")
    assert content["Key"] == made["ID"]
    assert content["Division"] == nl.division
    assert content["ClientId"] == nl.app.client_id
    assert content["ExactOnlineEndpoint"].startswith(f"{nl.url}/api/v1/{nl.division}/crm/Accounts(")
    raw = body[len(b'{"Content":') : body.index(b',"HashCode"')]
    sign = hmac.new(nl.app.webhook_secret.encode(), raw, hashlib.sha256).hexdigest()
    assert json.loads(body)["HashCode"] == sign.upper()


def test_what_the_accountant_does_is_announced_too(nl, token, receiver):
    subscribe(nl, token, receiver.url, "FinancialTransactions")
    number = nl.entry(token)["EntryNumber"]
    nl.accountant("receive", entries=[number])
    content = json.loads(receiver.wait_for(2)[1])["Content"]
    assert content["Topic"] == "FinancialTransactions"


def test_a_failed_delivery_is_tried_again_on_the_simulators_clock(nl, token, receiver):
    nl.sim.clock.freeze()
    subscribe(nl, token, receiver.url)
    receiver.status = 500
    nl.call(token, "crm/Accounts", "POST", {"Name": "Nieuw"})
    receiver.wait_for(2)
    time.sleep(0.2)
    assert len(receiver.got) == 2
    nl.sim.clock.advance(119)
    time.sleep(0.2)
    assert len(receiver.got) == 2
    receiver.status = 200
    nl.sim.clock.advance(1)
    assert len(receiver.wait_for(3)) == 3
    time.sleep(0.2)
    assert deliveries(nl)[-1]["state"] == "delivered"
    assert receiver.got[1] == receiver.got[2]


def test_a_delivery_is_given_up_after_ten_attempts(nl, token, receiver):
    nl.sim.clock.freeze()
    subscribe(nl, token, receiver.url)
    receiver.status = 500
    nl.call(token, "crm/Accounts", "POST", {"Name": "Nieuw"})
    for attempt in range(1, 11):
        receiver.wait_for(attempt + 1)
        time.sleep(0.05)
        nl.sim.clock.advance(60 * 2**attempt)
    time.sleep(0.3)
    assert len(receiver.got) == 11
    assert (deliveries(nl)[-1]["state"], deliveries(nl)[-1]["attempts"]) == ("given up", 10)


def test_without_the_scope_there_is_no_subscription(nl, token, receiver):
    scope = {"client_id": nl.app.client_id, "scope": "organization administration"}
    nl.control("accountant/scope", {**scope, "granted": False})
    assert subscribe(nl, token, receiver.url).status_code == 403
