"""How a run is told to end: nothing is sent after that, and no child outlives it."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from contacts_audit.errors import ExitCode

SIGNALS = {
    signal.SIGHUP: ExitCode.HUNG_UP,
    signal.SIGINT: ExitCode.INTERRUPTED,
    signal.SIGTERM: ExitCode.TERMINATED,
}


class Stopped(BaseException):
    """A signal ended the run; raised in the main thread, which must therefore never block in C."""

    def __init__(self, exit_code: ExitCode) -> None:
        super().__init__(exit_code)
        self.exit_code = exit_code


class Ending:
    """What the threads of a run look at before they begin anything."""

    def __init__(self) -> None:
        self.stopped = threading.Event()
        self._groups: set[int] = set()

    def listen(self) -> None:
        """From now on, a signal ends the run; one that our caller ignores stays ignored."""
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._stop)

    @contextlib.contextmanager
    def child(self, group: int) -> Iterator[None]:
        """Kill the process group *group* where the run ends before the block does."""
        self._groups.add(group)
        try:
            yield
        finally:
            self._groups.discard(group)

    def end(self) -> None:
        """Let nothing begin any more, and leave no child behind."""
        self.stopped.set()
        for group in tuple(self._groups):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopped.set()
        for other in SIGNALS:
            signal.signal(other, signal.SIG_IGN)  # one is enough; the end must not be cut short
        raise Stopped(SIGNALS[signal.Signals(number)])
