"""The terminal: data to stdout; progress, warnings and errors to stderr."""

import contextlib
import logging
import os
import sys
from collections.abc import Iterable, Iterator, MutableMapping
from dataclasses import dataclass, field
from typing import IO, BinaryIO, TextIO, TypeVar

from contacts_audit.core.errors import (
    AzureError,
    ContactsAuditError,
    FaultsError,
    OutputError,
    PipeClosedError,
)
from contacts_audit.core.model import Fault, Subscription
from contacts_audit.core.redaction import Secrets
from contacts_audit.core.sanitize import sanitized
from contacts_audit.core.workers import started

T = TypeVar("T")
LONGEST = 2000  # characters of an error
MOST_FAULTS = 50  # of one file, each a line
NARROWEST, WIDEST = 40, 500  # columns that help and tables are laid out for


@dataclass(slots=True)
class Screen:
    """Where a run prints; *out* and *err* are None where the caller closed them."""

    out: BinaryIO | IO[bytes] | None
    err: TextIO | None
    quiet: bool = False
    held: list[str] | None = None
    secrets: Secrets = field(default_factory=Secrets)

    @classmethod
    def of_process(cls) -> "Screen":
        """UTF-8 and LF, whatever the locale says."""
        for stream, errors in ((sys.stdout, "replace"), (sys.stderr, "backslashreplace")):
            if stream is not None and hasattr(stream, "reconfigure"):
                stream.reconfigure(encoding="utf-8", errors=errors, newline="\n")
        return cls(None if sys.stdout is None else sys.stdout.buffer, sys.stderr)

    def data(self, content: bytes | str) -> None:
        """
        Print to stdout, at once.

        Raises:
            OutputError: it could not be printed.
        """
        if self.out is None:
            raise OutputError("stdout is closed", "send it to a file, or to /dev/null")
        try:
            self.out.write(content.encode() if isinstance(content, str) else content)
            self.out.flush()
        except BrokenPipeError as error:
            raise PipeClosedError("the reader of stdout went away") from error
        except OSError as error:
            raise OutputError(f"stdout could not be written: {error.strerror}") from error

    def stream(self, pieces: Iterable[str]) -> None:
        """Print *pieces*, one after the other."""
        self.data("".join(pieces))

    def note(self, line: str) -> None:
        """Tell something that `--quiet` silences."""
        if not self.quiet:
            self._tell(line)

    def say(self, line: str) -> None:
        """Tell what `--quiet` does not silence; where nothing changed, nobody hears it."""
        self._tell(line)

    def warn(self, line: str) -> None:
        """Tell what the user may not have meant."""
        self.note(f"warning: {line}")

    def fault(self, subscription: Subscription, fault: Fault) -> None:
        """Tell why *subscription* could not be read, and what to do: never silenced."""
        self._tell(f"{subscription.label}: {fault.line} -- {fault.hint}")

    def hold(self) -> None:
        """Keep what would be told until it is known whether anybody should hear it."""
        self.held = self.held or []

    def release(self) -> None:
        """Tell what was kept, and from now on everything."""
        lines, self.held = self.held or [], None
        for line in lines:
            self._say(line)

    def drop(self) -> None:
        """Forget what was kept: nothing has happened."""
        self.held = None

    def fail(self, error: ContactsAuditError) -> None:
        """Tell why the run ends: never silenced."""
        if isinstance(error, FaultsError):
            for fault in error.faults[:MOST_FAULTS]:
                self.fail(fault)
            if (more := len(error.faults) - MOST_FAULTS) > 0:
                self._say(f"error: and {more} more")
            return
        message = Fault.of(error).detail if isinstance(error, AzureError) else str(error)
        if len(message) > LONGEST:  # it quotes a file, or a name in it
            message = f"{message[:LONGEST]}..."
        self._say(f"error: {message}" + (f" -- {error.hint}" if error.hint else ""))

    def ask(self, question: str) -> None:
        """Show a question, its last line left open."""
        if self.err is not None:
            self.err.write("\n".join(map(sanitized, question.split("\n"))))
            self.err.flush()

    def log(self, line: str) -> None:
        """Tell what `-v` or `--debug` asked for."""
        self._say(line)

    def crash(self, trace: str) -> None:
        """Show the traceback of a bug, to be pasted into an issue."""
        for line in trace.splitlines():
            self._say(line)
        self._say("error: this is a bug of contacts-audit: please report it with the lines above")

    def _tell(self, line: str) -> None:
        if self.held is None:
            self._say(line)
        else:
            self.held.append(line)

    def _say(self, line: str) -> None:
        if self.err is not None:
            with contextlib.suppress(OSError):  # nobody is left to be told
                self.err.write(sanitized(self.secrets.redact(line)) + "\n")
                self.err.flush()

    @property
    def watched(self) -> bool:
        """Say whether somebody reads stderr at a terminal."""
        return self.err is not None and self.err.isatty()

    @property
    def terminal_width(self) -> int | None:
        """The columns of the terminal that stdout is, None where it is none."""
        if self.out is None or not self.out.isatty():
            return None
        try:
            return os.get_terminal_size(self.out.fileno()).columns or 80
        except OSError:
            return 80

    def progress(self, items: Iterable[T], total: int) -> Iterator[T]:
        """Yield *items*, a bar on stderr keeping count where that is a terminal."""
        if (
            not self.watched
            or self.quiet
            or self.held is not None
            or plain()
            or not started(lambda: None)
        ):
            yield from items
            return
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        with Progress(
            TextColumn("Reading"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(compact=True),
            console=Console(file=self.err),
            transient=True,
        ) as bar:
            task = bar.add_task("", total=total, rate="")
            for item in items:
                yield item
                speed = bar.tasks[0].speed
                rate = f"{speed:.0f}/s" if speed else ""
                bar.update(task, advance=1, rate=rate)


def plain() -> bool:
    """Say whether a terminal is to get no escape codes."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


def mend_widths(environment: MutableMapping[str, str]) -> None:
    """
    Take away a width or height that nothing can be laid out for: libraries believe any.

    rich prints nothing at all into a width of 0, and ends on a digit that is not ASCII; typer ends
    on a word.
    """
    for name in ("COLUMNS", "TERMINAL_WIDTH", "LINES"):
        value = environment.get(name)
        if value is not None and not (value.isascii() and value.isdecimal()):
            del environment[name]
        elif value is not None:
            number = int(value.lstrip("0")[:6] or "0")  # more digits than int() takes may come
            least = 1 if name == "LINES" else NARROWEST
            if number < least:
                del environment[name]
            else:
                environment[name] = str(min(number, WIDEST))


class _LogHandler(logging.Handler):
    def __init__(self, screen: Screen) -> None:
        super().__init__()
        self._screen = screen

    def emit(self, record: logging.LogRecord) -> None:
        self._screen.log(self.format(record))


def log_to(screen: Screen, *, verbose: bool, debug: bool) -> None:
    """Send what our own loggers say to *screen*; the libraries' stay silent."""
    logging.getLogger().handlers[:] = [logging.NullHandler()]
    ours = logging.getLogger("contacts_audit")
    ours.handlers[:] = [_LogHandler(screen)]
    ours.propagate = False
    ours.setLevel(logging.DEBUG if debug else logging.INFO if verbose else logging.WARNING)
