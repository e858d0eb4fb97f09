#!/usr/bin/env python3
"""An executor for Waybill in Python, with nothing but the standard library.

It takes tasks of a registered type, does the work in a thread (it counts the primes below
`input.limit`), reports progress, and stops when the answer to a report shows a kill.

    curl -X PUT localhost:8787/v1/task-types/primes.count -H "Authorization: Bearer $KEY" \
         -H "X-Namespace: demo" -H "Content-Type: application/json" \
         -d '{"executor_url": "http://127.0.0.1:9000/", "heartbeat_timeout": 30}'
    WAYBILL_SECRET=whsec_... PORT=9000 python3 examples/executor.py
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE_SECONDS = 300  # Standard Webhooks: an older signature may be a replay
REPORT_TRIES = 5
SLICE = 20_000


def is_signed(headers, body, secret):
    """Whether the body bears a signature of this secret that is not too old (Standard Webhooks)."""
    try:
        sent_at = int(headers["webhook-timestamp"])
    except (TypeError, ValueError):
        return False
    if abs(time.time() - sent_at) > TOLERANCE_SECONDS:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{sent_at}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    given = [part.removeprefix("v1,") for part in headers.get("webhook-signature", "").split()]
    return any(hmac.compare_digest(expected, one) for one in given)


class Superseded(Exception):
    """Another attempt has the task now: stop, and write nothing more."""


def report(job, body):
    """Sends a report and gives the task back; tries again while the service can't be reached."""
    request = urllib.request.Request(
        job["report_url"],
        data=json.dumps(body).encode(),
        method="PATCH",
        headers={"Authorization": f"Bearer {job['token']}", "Content-Type": "application/json"},
    )
    for attempt in range(REPORT_TRIES):
        try:
            with urllib.request.urlopen(request, timeout=15) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            if error.code == 409:
                raise Superseded from error
            if error.code < 500:
                raise
        except urllib.error.URLError:
            pass
        time.sleep(2**attempt)
    raise TimeoutError("the service could not be reached")


def is_prime(number):
    if number < 2:
        return False
    return all(number % divisor for divisor in range(2, int(number**0.5) + 1))


def work(job):
    """Counts primes slice by slice; each report is a heartbeat and brings the news of a kill."""
    limit = job["input"]["limit"]
    found = 0
    for start in range(0, limit, SLICE):
        end = min(start + SLICE, limit)
        found += sum(map(is_prime, range(start, end)))
        progress = {"completed": end, "total": limit, "unit": "numbers"}
        if report(job, {"progress": progress})["cancel"] is not None:
            report(job, {"status": "CANCELED", "outputs": [{"primes_so_far": found}]})
            return
    report(job, {"status": "COMPLETED", "outputs": [{"primes": found}]})


def run(job):
    try:
        report(job, {"status": "IN_PROGRESS", "additional_data": {"job_id": threading.current_thread().name}})
        work(job)
    except Superseded:
        print("another attempt has the task", file=sys.stderr)
    except Exception as error:  # whatever went wrong belongs into the task
        report(job, {"status": "FAILED", "error": {"code": type(error).__name__, "message": str(error) or "failed"}})


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if not is_signed(self.headers, body, os.environ["WAYBILL_SECRET"]):
            self.send_response(401)
            self.end_headers()
            return
        job = json.loads(body)["data"]
        # Answer first: the work may take hours, the sender waits 15 seconds.
        self.send_response(202)
        self.end_headers()
        threading.Thread(target=run, args=(job,), name=f"job-{job['task']['task_id']}", daemon=True).start()

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    if "WAYBILL_SECRET" not in os.environ:
        sys.exit("set WAYBILL_SECRET to the secret that PUT /v1/task-types/... answered")
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "9000"))), Handler)
    print(f"listening on {server.server_port}", flush=True)
    server.serve_forever()
