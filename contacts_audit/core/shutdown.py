"""Signals and shutdown: what Ctrl-C does. Nothing is sent afterwards, no child survives."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any

from contacts_audit.core.errors import ExitCode

SIGNALS = {
    signal.SIGHUP: ExitCode.HUNG_UP,
    signal.SIGINT: ExitCode.INTERRUPTED,
    signal.SIGTERM: ExitCode.TERMINATED,
}
LONGEST_START = 1.0  # seconds that a thread may need to begin a child


class Stopped(BaseException):
    """A signal ended the run; raised in the main thread, which must therefore never block in C."""

    def __init__(self, exit_code: ExitCode) -> None:
        super().__init__(exit_code)
        self.exit_code = exit_code


class Shutdown:
    """What the threads of a run look at before they begin anything."""

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
        """From now on, a signal ends the run; one that our caller ignores stays ignored."""
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._handle)

    @contextlib.contextmanager
    def graceful(self) -> Iterator[None]:
        """
        Within, a first signal asks to finish what has begun; a second one ends the run.

        Raises:
            Stopped: at the end, where there was a first one.
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
        Run *command*; where the block or the run ends early, it is killed, children and all.

        A signal waits until the child is known: between fork and exec it would be forgotten.
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
        """Let nothing begin any more, and leave no child behind."""
        self.stopped.set()
        self._starting.acquire(timeout=LONGEST_START)  # for good: a child is known, or never begins
        for group in tuple(self._groups):
            _kill(group)

    def _undefer(self) -> None:
        self._deferred = False
        if self._pending is not None:
            raise self._pending

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._graceful and self.exit_code is None:
            self.exit_code = SIGNALS[signal.Signals(number)]
            self.requested.set()
            return
        self.stopped.set()
        for other in SIGNALS:
            signal.signal(other, signal.SIG_IGN)  # one is enough; the end must not be cut short
        stopped = Stopped(SIGNALS[signal.Signals(number)])
        if not self._deferred:
            raise stopped
        self._pending = stopped


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
