"""A receiver of Waybill's webhooks: Python 3.9 or later, standard library only.

    WAYBILL_WEBHOOK_SECRET=whsec_... PORT=9000 python3 receiver.py

The variable holds the endpoint's secret, or two with a space between while one takes over from the
other. Only `v1` (HMAC-SHA256) is verified: the standard library has no Ed25519.
"""

import base64
import binascii
import hashlib
import hmac
import json
import os
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE_SECONDS = 300
MAX_BODY_BYTES = 64 * 1024
MAX_SIGNATURES = 20


class WebhookVerificationError(Exception):
    """A webhook that is not to be trusted: answer 400."""


def verify_webhook(secrets, headers, body, now=None):
    """The event of a webhook, as a dict with its `id`; body is bytes, as they arrived."""
    event_id = headers.get("webhook-id") or ""
    timestamp = headers.get("webhook-timestamp") or ""
    signatures = (headers.get("webhook-signature") or "").split(" ")[:MAX_SIGNATURES]
    if not event_id or not re.fullmatch("[0-9]{1,12}", timestamp):
        raise WebhookVerificationError("bad_header")
    if abs((time.time() if now is None else now) - int(timestamp)) > TOLERANCE_SECONDS:
        raise WebhookVerificationError("bad_time")
    content = f"{event_id}.{timestamp}.".encode() + body
    given = [_decoded(one[3:]) for one in signatures if one.startswith("v1,")]
    for secret in secrets:
        key = base64.b64decode(secret[len("whsec_") :] if secret.startswith("whsec_") else secret)
        expected = hmac.new(key, content, hashlib.sha256).digest()
        # Takes the same time wherever the two differ.
        if any(hmac.compare_digest(expected, one) for one in given):
            return {**json.loads(body), "id": event_id}
    raise WebhookVerificationError("bad_signature")


def _decoded(text):
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def handle(event):
    """What you do with an event: within 15 s, or put it in a queue of your own."""
    task = event["data"].get("task") or {}
    print(event["type"], task.get("task_id"), event["data"].get("sequence"), flush=True)


class Receiver(BaseHTTPRequestHandler):
    # Ids that were handled. Yours belong in a database, with a unique index: this forgets.
    seen = set()
    # Two threads may have the same event at once.
    lock = threading.Lock()

    def do_POST(self):
        length = self.headers.get("content-length") or "0"
        if not length.isdigit() or int(length) > MAX_BODY_BYTES:
            return self.answer(413)
        body = self.rfile.read(int(length))
        try:
            event = verify_webhook(SECRETS, self.headers, body)
        except WebhookVerificationError as error:
            return self.answer(400, str(error))
        # The same event may come again: after a lost answer, or a retry that crossed with it.
        with self.lock:
            if event["id"] not in self.seen:
                handle(event)
                self.seen.add(event["id"])
        return self.answer(204)

    def answer(self, status, text=""):
        self.send_response(status)
        if text:
            self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    SECRETS = os.environ["WAYBILL_WEBHOOK_SECRET"].split(" ")
    port = int(os.environ.get("PORT", "9000"))
    server = ThreadingHTTPServer(("127.0.0.1", port), Receiver)
    print(f"listening on port {port}", flush=True)
    server.serve_forever()
