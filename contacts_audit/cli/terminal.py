"""The terminal: data to stdout; progress, warnings and errors to stderr."""

import contextlib
import logging
import os
import sys
from collections.abc import Iterable, Iterator, MutableMapping
from dataclasses import dataclass, field
from typing import IO, BinaryIO, TextIO, TypeVar

from contacts_audit.core import errors
from contacts_audit.core.model import Fault, Subscription
from contacts_audit.core.redaction import Secrets
from contacts_audit.core.sanitize import sanitized
from contacts_audit.core.workers import started

T = TypeVar("T")
MAX_ERROR = 2000  # characters of an error
MAX_FAULTS = 50  # of one file, each a line
MIN_WIDTH, MAX_WIDTH = 40, 500  # columns that help and tables are laid out for


@dataclass(slots=True)
class Screen:
    """Where a run prints. *out* and *err* are None if the caller closed them."""

    out: BinaryIO | IO[bytes] | None
    err: TextIO | None
    quiet: bool = False
    held: list[str] | None = None
    secrets: Secrets = field(default_factory=Secrets)

    @classmethod
    def of_process(cls) -> "Screen":
        """Return the streams of the process, with UTF-8 and LF in every locale."""
        for stream, lossy in ((sys.stdout, "replace"), (sys.stderr, "backslashreplace")):
            if stream is not None and hasattr(stream, "reconfigure"):
                stream.reconfigure(encoding="utf-8", errors=lossy, newline="\n")
        return cls(None if sys.stdout is None else sys.stdout.buffer, sys.stderr)

    def data(self, content: bytes | str) -> None:
        """
        Print to stdout at once.

        Raises:
            OutputError: stdout could not be written.
        """
        if self.out is None:
            raise errors.OutputError("stdout is closed", "redirect it to a file or to /dev/null")
        try:
            self.out.write(content.encode() if isinstance(content, str) else content)
            self.out.flush()
        except BrokenPipeError as error:
            raise errors.PipeClosedError("the reader of stdout went away") from error
        except OSError as error:
            raise errors.OutputError(f"stdout could not be written: {error.strerror}") from error

    def stream(self, pieces: Iterable[str]) -> None:
        """Print *pieces* to stdout."""
        self.data("".join(pieces))

    def note(self, line: str) -> None:
        """Print a line that `--quiet` hides."""
        if not self.quiet:
            self.notice(line)

    def notice(self, line: str) -> None:
        """Print a line that `--quiet` does not hide, but `--only-changes` without changes does."""
        if self.held is None:
            self.log(line)
        else:
            self.held.append(line)

    def warn(self, line: str) -> None:
        """Print a warning."""
        self.note(f"warning: {line}")

    def fault(self, subscription: Subscription, fault: Fault) -> None:
        """Print why *subscription* could not be read, and what to do."""
        self.notice(f"{subscription.label}: {fault.line} -- {fault.hint}")

    def hold(self) -> None:
        """Hold lines back until `release` or `drop`."""
        self.held = self.held or []

    def release(self) -> None:
        """Print the lines that were held back, and hold back no more."""
        lines, self.held = self.held or [], None
        for line in lines:
            self.log(line)

    def drop(self) -> None:
        """Forget the lines that were held back."""
        self.held = None

    def fail(self, error: errors.ContactsAuditError) -> None:
        """Print why the run ends; nothing hides it."""
        if isinstance(error, errors.FaultsError):
            for fault in error.faults[:MAX_FAULTS]:
                self.fail(fault)
            if (more := len(error.faults) - MAX_FAULTS) > 0:
                self.log(f"error: and {more} more")
            return
        message = Fault.of(error).detail if isinstance(error, errors.AzureError) else str(error)
        if len(message) > MAX_ERROR:  # it quotes a file, or a name in one
            message = f"{message[:MAX_ERROR]}..."
        self.log(f"error: {message}" + (f" -- {error.hint}" if error.hint else ""))

    def ask(self, question: str) -> None:
        """Print a question; the cursor stays behind it."""
        if self.err is not None:
            self.err.write("\n".join(map(sanitized, question.split("\n"))))
            self.err.flush()

    def log(self, line: str) -> None:
        """Print a line that nothing hides."""
        if self.err is not None:
            with contextlib.suppress(OSError):  # stderr is closed
                self.err.write(sanitized(self.secrets.redact(line)) + "\n")
                self.err.flush()

    @property
    def stderr_is_terminal(self) -> bool:
        """Say whether stderr is a terminal."""
        return self.err is not None and self.err.isatty()

    @property
    def terminal_width(self) -> int | None:
        """The columns of the terminal, None if stdout is not one."""
        if self.out is None or not self.out.isatty():
            return None
        try:
            return os.get_terminal_size(self.out.fileno()).columns or 80
        except OSError:
            return 80

    def progress(self, items: Iterable[T], total: int) -> Iterator[T]:
        """Yield *items*, with a progress bar on stderr if that is a terminal."""
        if (
            not self.stderr_is_terminal
            or self.quiet
            or self.held is not None
            or plain()
            or not started(lambda: None)
        ):
            yield from items
            return
        from rich import console, progress

        with progress.Progress(
            progress.TextColumn("Reading"),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TextColumn("{task.fields[rate]}"),
            progress.TimeRemainingColumn(compact=True),
            console=console.Console(file=self.err),
            transient=True,
        ) as bar:
            task = bar.add_task("", total=total, rate="")
            for item in items:
                yield item
                speed = bar.tasks[0].speed
                bar.update(task, advance=1, rate=f"{speed:.0f}/s" if speed else "")


def counted(number: int, what: str) -> str:
    """Return *number* and the noun *what*, in the plural where it is not 1."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def plain() -> bool:
    """Say whether the user wants no escape codes (NO_COLOR, TERM=dumb)."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


def fix_widths(environment: MutableMapping[str, str]) -> None:
    """
    Remove or limit a width or height that rich and typer cannot use.

    rich prints nothing at width 0 and fails on a digit that is not ASCII; typer fails on a word.
    """
    for name in ("COLUMNS", "TERMINAL_WIDTH", "LINES"):
        value = environment.pop(name, "")
        if value.isascii() and value.isdecimal():
            number = int(value.lstrip("0")[:6] or "0")  # int() refuses thousands of digits
            if number >= (1 if name == "LINES" else MIN_WIDTH):
                environment[name] = str(min(number, MAX_WIDTH))


class _LogHandler(logging.Handler):
    def __init__(self, screen: Screen) -> None:
        super().__init__()
        self._screen = screen

    def emit(self, record: logging.LogRecord) -> None:
        self._screen.log(self.format(record))


def log_to(screen: Screen, *, verbose: bool, debug: bool) -> None:
    """Send the log of this program to *screen*; silence the libraries."""
    logging.getLogger().handlers[:] = [logging.NullHandler()]
    ours = logging.getLogger("contacts_audit")
    ours.handlers[:] = [_LogHandler(screen)]
    ours.propagate = False
    ours.setLevel(logging.DEBUG if debug else logging.INFO if verbose else logging.WARNING)
