"""Handles signals and Ctrl-C: nothing is sent afterwards, and no child process survives."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any

from contacts_audit.core.errors import ExitCode

SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
LONGEST_START = 1.0  # seconds that a thread may take to start a child process


class Stopped(BaseException):
    """A signal ended the run. Raised in the main thread, which must therefore never block in C."""

    def __init__(self, exit_code: ExitCode) -> None:
        super().__init__(exit_code)
        self.exit_code = exit_code


class Shutdown:
    """
    The state of the shutdown, for all threads of a run, and the child processes to kill.

    *stopped* is set when nothing may begin; *requested* when a graceful block should finish.
    *exit_code* is that of the signal that requested it.
    """

    def __init__(self) -> None:
        self.stopped = threading.Event()
        self._groups: set[int] = set()
        self._starting = threading.Lock()
        self.requested = threading.Event()
        self._graceful = False
        self.exit_code: ExitCode | None = None
        self._deferred = False
        self._pending: Stopped | None = None

    def handle_signals(self) -> None:
        """Let signals end the run from now on, except those that our caller ignores."""
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._handle)

    @contextlib.contextmanager
    def graceful(self) -> Iterator[None]:
        """
        Let a first signal in this block only request its end; a second one ends the run.

        Raises:
            Stopped: after the block, if there was a first signal.
        """
        self._graceful = True
        try:
            yield
        finally:
            self._graceful = False
        if self.exit_code is not None:
            raise Stopped(self.exit_code)

    @contextlib.contextmanager
    def child(self, command: Sequence[str], **options: Any) -> Iterator["subprocess.Popen[bytes]"]:
        """
        Run *command*; it and its own children are killed if the block or the run ends early.

        A signal is deferred until the child is known: between fork and exec it would be lost.
        """
        self._deferred = threading.current_thread() is threading.main_thread()
        with self._starting:
            process = subprocess.Popen(command, start_new_session=True, **options)
            self._groups.add(process.pid)
        with process:
            try:
                self._undefer()
                yield process
            except BaseException:
                _kill(process.pid)
                raise
            finally:
                self._groups.discard(process.pid)

    def finish(self) -> None:
        """Let nothing begin any more, and kill all child processes."""
        self.stopped.set()
        # Never released: each child is known, or never starts.
        self._starting.acquire(timeout=LONGEST_START)
        for group in tuple(self._groups):
            _kill(group)

    def _undefer(self) -> None:
        self._deferred = False
        if self._pending is not None:
            raise self._pending

    def _handle(self, number: int, frame: FrameType | None) -> None:
        exit_code = ExitCode(128 + number)
        if self._graceful and self.exit_code is None:
            self.exit_code = exit_code
            self.requested.set()
            return
        self.stopped.set()
        for other in SIGNALS:
            signal.signal(other, signal.SIG_IGN)  # one is enough; nothing may interrupt the end
        if not self._deferred:
            raise Stopped(exit_code)
        self._pending = Stopped(exit_code)


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
