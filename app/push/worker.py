"""Sends what is due, in the background of each process that serves."""

import logging
from collections import Counter, defaultdict
from threading import Event, Thread
from time import sleep

from flask import Flask

from app.config import current_settings
from app.engine.presence import SILENT
from app.extensions import socketio
from app.push import queries, queue
from app.push.claims import Claim
from app.push.message import PushMessage
from app.push.retries import Result, seconds_to_wait
from app.push.sender import Sender

logger = logging.getLogger(__name__)

POLL = 1.0  # seconds between looks for what is due
MOST_AT_ONCE = 20  # requests to push services

Job = tuple[Claim, PushMessage]


class PushWorker:
    """Takes due pushes from the queue, leaves out those that are needless by now, and sends the rest.

    Several processes take each push once. Nothing is held while a push service is waited for: no connection to the
    database, and no turn to write.

    Attributes:
        counts: how many pushes of this process came to which end, and how many failed tries there were.

    Args:
        app: the application, whose context the work is done in.
        sender: what sends.
    """

    def __init__(self, app: Flask, sender: Sender) -> None:
        self._app = app
        self._sender = sender
        self._busy: list[str] = []  # the user of each push that is being sent
        self._woken = Event()
        self.counts: Counter[Result] = Counter()

    def run(self) -> None:
        """Work until the process drains; a database that is away delays it."""
        while not socketio.drain.begun:
            self._woken.clear()
            try:
                self.step()
            except Exception:
                logger.exception("the queue of pushes can't be read; the next try is in %s s", POLL)
            self._woken.wait(POLL)

    def step(self) -> list[Thread]:
        """Begin to send what is due, as much of it as may be under way; returns what sends."""
        with self._app.app_context():
            jobs = self._take()
        self._busy += [push.user_id for push, _ in jobs]
        threads = [Thread(target=self._send, args=job, daemon=True) for job in jobs]
        for thread in threads:
            thread.start()
        return threads

    def _take(self) -> list[Job]:
        jobs: list[Job] = []
        while True:
            busy = [*self._busy, *(push.user_id for push, _ in jobs)]
            free = MOST_AT_ONCE - len(busy)
            claimed = queue.claim(free, busy) if free and queue.any_due(busy) else []
            if not claimed:
                return jobs
            jobs += self._needed(claimed)

    def _needed(self, claimed: list[Claim]) -> list[Job]:
        """What to send of what was claimed; the rest is done with, or looked at again later.

        That is once at the most: where it is not clear the second time either, the user's process gave a sign of life
        since the first. So it lived when the push was there, and what that tells of was heard.
        """
        jobs: list[Job] = []
        unclear: list[Claim] = []
        done: defaultdict[Result, list[Claim]] = defaultdict(list)
        most = current_settings().push_attempts
        there = queries.listeners({push.user_id: push.room for push in claimed})  # of each user one was claimed
        for push in claimed:
            sleep(0)  # lets other greenlets run: twenty take 10 ms
            if push.attempts > most:
                done[Result.GIVEN_UP].append(push)
            elif push.user_id in there.surely or (message := queries.message_of(push)) is None:
                done[Result.SEEN].append(push)
            elif push.user_id not in there.perhaps:
                jobs.append((push, message))
            elif push.put_off:
                done[Result.SEEN].append(push)
            else:
                unclear.append(push)
        if unclear:
            queue.put_off(unclear, SILENT)
        for result, pushes in done.items():
            queue.remove(pushes)
            self.counts[result] += len(pushes)
        return jobs

    def _send(self, push: Claim, message: PushMessage) -> None:
        """What fails here for another reason than the push service is tried again once the claim is over."""
        try:
            result, wait = self._sender.send(push.device, message)
            with self._app.app_context():
                self._settle(push, result, wait)
            self.counts[result] += 1
        except Exception:
            logger.exception("a push could not be sent, or not be settled")
        finally:
            self._busy.remove(push.user_id)
            self._woken.set()

    def _settle(self, push: Claim, result: Result, wait: float | None) -> None:
        if result is Result.GONE:
            queue.remove_subscription(push.subscription_id)
        elif result is Result.SENT:
            queue.remove_sent(push)
        elif result is Result.REFUSED:
            queue.remove([push])
        else:
            queue.rest(push, seconds_to_wait(push.failures + 1, current_settings().push_retry_seconds, wait))
