#!/usr/bin/env python3
"""Waits for a Waybill task: the hybrid poller of the Tasks page, with the standard library only.

It asks for the task until that has ended. Where the task is no longer known (its cached copy
expired: `--source cache`), it goes over to the batch that the task works for and stays there: the
batch has the same `status` and `error_message`.

    python3 poller.py --api-url http://localhost:8787 --key wb_... --namespace shop \
        --task-id tsk_...

Exit status: 0 COMPLETED; 1 FAILED, CANCELED or SKIPPED (why is on standard error); 2 it can't be
known (a refused key, a task that nobody knows); 3 it hadn't ended in time.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

TERMINAL = frozenset({"COMPLETED", "FAILED", "CANCELED", "SKIPPED"})
BACKOFF = 1.5
# A wait is shortened by up to so much of itself, so that many pollers don't all ask at once.
JITTER = 0.25
REQUEST_TIMEOUT_SECONDS = 30.0


class NotFound(Exception):
    """There is no such task (any more), or no such batch."""


class Refused(Exception):
    """The API refused the request, and will again: a wrong key, another namespace, a wrong id."""


class TimedOut(Exception):
    """The time is over, and the task hadn't ended."""


class TryAgain(Exception):
    """The network or the service failed for now."""

    def __init__(self, reason: str, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


@dataclass(frozen=True)
class Api:
    """Where Waybill is, and who asks."""

    url: str
    key: str
    namespace: str

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise Refused(f"{self.url!r} is no http or https URL")

    def get(self, path: str) -> tuple[dict[str, Any], float]:
        """The resource at a path, and the seconds to wait before the next look (0: not said)."""
        request = Request(
            self.url.rstrip("/") + path,
            headers={
                "Authorization": f"Bearer {self.key}",
                "X-Namespace": self.namespace,
                "Accept": "application/json",
            },
        )
        try:
            with urlopen(request, timeout=REQUEST_TIMEOUT_SECONDS) as response:
                resource = json.load(response)
                if not isinstance(resource, dict):
                    raise ValueError("the answer is no JSON object")
                return resource, _seconds(response.headers.get("Retry-After"))
        except HTTPError as error:
            with error:
                reason = f"{error.code} {_detail(error)}"
            if error.code == 404:
                raise NotFound(reason) from None
            if error.code in (408, 429) or error.code >= 500:
                raise TryAgain(reason, _seconds(error.headers.get("Retry-After"))) from None
            raise Refused(reason) from None
        # OSError: no connection, a lost one, a time-out. ValueError: a body cut off, or no JSON.
        except (OSError, HTTPException, ValueError) as error:
            raise TryAgain(str(error) or type(error).__name__) from None


def wait_for_task(
    api: Api,
    task_id: str,
    *,
    bucket_id: str | None = None,
    batch_id: str | None = None,
    source: str | None = None,
    initial_delay: float = 1.0,
    max_delay: float = 30.0,
    timeout: float = 3600.0,
    on_status: Callable[[str], None] = lambda status: None,
    on_note: Callable[[str], None] = lambda note: None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, Any]:
    """The task, or its batch, once its status is terminal.

    Waits `initial_delay` seconds, then 1.5 times as long each time, up to `max_delay`, each wait
    up to a quarter shorter at random; never shorter than the service asks for (Retry-After).
    Raises `NotFound` when neither the task nor a batch of it is known, `Refused` when asking again
    is of no use, `TimedOut` when it hasn't ended after `timeout` seconds.
    """
    task_path = f"/v1/tasks/{quote(task_id, safe='')}"
    if source is not None:
        task_path += f"?source={quote(source, safe='')}"
    deadline = clock() + timeout
    at_batch = False
    delay = initial_delay
    last_status: str | None = None
    while True:
        retry_after = 0.0
        try:
            path = _batch_path(bucket_id, batch_id) if at_batch else task_path
            resource, retry_after = api.get(path)
            if not at_batch:
                known: dict[str, Any] = resource.get("additional_data") or {}
                bucket_id = bucket_id or known.get("bucket_id")
                batch_id = batch_id or known.get("batch_id")
            status = str(resource["status"])
            if status != last_status:
                on_status(status)
                last_status = status
            if status in TERMINAL:
                return resource
        except NotFound as missing:
            if at_batch:
                raise
            if not (bucket_id and batch_id):
                raise NotFound(f"{missing}; and its batch was never learnt") from None
            on_note(f"the task is gone, going over to batch {batch_id}: {missing}")
            at_batch = True
            continue  # The batch is asked at once.
        except TryAgain as trouble:
            on_note(f"trying again: {trouble}")
            retry_after = trouble.retry_after
        wait = max(delay * (1 - JITTER * random.random()), retry_after)
        if clock() + wait > deadline:
            raise TimedOut(f"{task_id} is {last_status or 'unknown'} after {timeout:g} s")
        sleep(wait)
        delay = min(delay * BACKOFF, max_delay)


def _batch_path(bucket_id: str | None, batch_id: str | None) -> str:
    return f"/v1/buckets/{quote(bucket_id or '', safe='')}/batches/{quote(batch_id or '', safe='')}"


def _seconds(retry_after: str | None) -> float:
    """Retry-After in seconds; its other form, a date, is not sent by Waybill."""
    return float(retry_after) if retry_after and retry_after.isdecimal() else 0.0


def _detail(error: HTTPError) -> str:
    """What a problem+json body (RFC 9457) says, else the status line's reason."""
    try:
        return str(json.load(error)["detail"])
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        return str(error.reason)


def main(arguments: list[str] | None = None) -> int:
    """The command line; its result is the exit status."""
    parser = argparse.ArgumentParser(description="Waits until a Waybill task has ended.")
    parser.add_argument("--api-url", required=True, help="for example http://localhost:8787")
    parser.add_argument("--key", required=True, help="an API key")
    parser.add_argument("--namespace", required=True, help="the namespace's name or id")
    parser.add_argument("--task-id", required=True)
    parser.add_argument("--bucket-id", help="where to look when the task is gone; else learnt")
    parser.add_argument("--batch-id", help="where to look when the task is gone; else learnt")
    parser.add_argument("--source", choices=["cache"], help="ask the cache alone: 404 on a miss")
    parser.add_argument("--initial-delay", type=float, default=1.0, help="seconds (default 1)")
    parser.add_argument("--max-delay", type=float, default=30.0, help="seconds (default 30)")
    parser.add_argument("--timeout", type=float, default=3600.0, help="seconds (default 3600)")
    given = parser.parse_args(arguments)
    try:
        ended = wait_for_task(
            Api(given.api_url, given.key, given.namespace),
            given.task_id,
            bucket_id=given.bucket_id,
            batch_id=given.batch_id,
            source=given.source,
            initial_delay=given.initial_delay,
            max_delay=given.max_delay,
            timeout=given.timeout,
            on_status=lambda status: print(status, flush=True),
            on_note=lambda note: print(note, file=sys.stderr, flush=True),
        )
    except (NotFound, Refused) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except TimedOut as error:
        print(f"error: {error}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        return 130
    if ended["status"] == "COMPLETED":
        return 0
    print(ended.get("error_message") or f"the task ended {ended['status']}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
