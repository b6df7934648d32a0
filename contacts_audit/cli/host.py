"""What a run uses of the operating system: environment variables, streams, signals, files."""

import errno
import os
import stat
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from contacts_audit.cli.terminal import Screen
from contacts_audit.core.errors import UsageError
from contacts_audit.core.paths import descriptor
from contacts_audit.core.redaction import Secrets
from contacts_audit.core.shutdown import Shutdown
from contacts_audit.core.streams import open_for_reading

TLS_VARIABLES = {  # they weaken TLS, and are easily forgotten
    "SSLKEYLOGFILE": "whoever reads that file can read every connection of this run",
    "CURL_CA_BUNDLE": "it is trusted, unless --ca-bundle or REQUESTS_CA_BUNDLE is set",
}
LARGEST_FILE = 16 * 1024 * 1024
LARGEST_REPORT = 256 * 1024 * 1024  # bytes, also of a plan; that is 200,000 subscriptions
PIECE = 1024 * 1024


@dataclass(slots=True)
class Host:
    """
    The surroundings of a run, which tests replace. No printed line shows its *secrets*.

    *typed* names the options that were given on the command line, not by a variable.
    """

    environment: Mapping[str, str]
    stdin: BinaryIO | None
    screen: Screen
    shutdown: Shutdown
    stdin_used_by: str | None = None
    warnings: list[str] = field(default_factory=list)
    typed: Set[str] = frozenset()
    secrets: Secrets = field(default_factory=Secrets)

    def __post_init__(self) -> None:
        self.secrets.add_from_environment(self.environment or {})
        self.screen.secrets = self.secrets

    def variable(self, name: str) -> str | None:
        """Return the value of a variable, None if it is unset or empty."""
        return self.environment.get(name) or None

    def tls_warnings(self) -> Iterator[str]:
        """Yield a warning for each variable that weakens TLS."""
        for name, effect in TLS_VARIABLES.items():
            if value := self.variable(name):
                yield f"{name} is set to {value}: {effect}"

    def state_folder(self, given: Path | None) -> Path:
        """
        Return *given*, or else the folder for state on this platform.

        Raises:
            UsageError: there is no home folder.
        """
        from platformdirs import user_state_path

        from contacts_audit.core.paths import home

        if given is not None:
            return given
        own = home(self.environment)
        if own is None and not self.variable("XDG_STATE_HOME"):
            raise UsageError(
                "no home folder for backups and journals", "add --state-dir DIR, or set HOME"
            )
        return user_state_path("contacts-audit", appauthor=False)

    def confirm(self, question: str) -> bool:
        """Ask on stderr, and return whether the answer on stdin is yes."""
        self.screen.ask(question)
        answer = b"" if self.stdin is None else self.stdin.readline(100)
        return answer.strip().lower() in {b"y", b"yes"}

    def read(
        self, name: str, option: str, most: int = LARGEST_FILE, *, pipes: bool = False
    ) -> bytes:
        """
        Return the content of the file *name* ("-": stdin), at most *most* bytes.

        A named pipe or a device may never end. It is read only with *pipes*, or if the caller
        opened it (`<(...)`).

        Raises:
            UsageError: it cannot be read, or is larger.
        """
        try:
            content = self._stdin(option, most) if name == "-" else _read(Path(name), most, pipes)
        except (OSError, ValueError) as error:
            detail = error.strerror if isinstance(error, OSError) else error
            raise UsageError(f"{option}: {name!r} cannot be read: {detail}") from error
        if len(content) > most:
            raise UsageError(f"{option}: {name!r} is larger than {most} bytes")
        return content

    def _stdin(self, option: str, most: int) -> bytes:
        if self.stdin is None:
            raise UsageError(f"{option}: stdin is closed", "name a file")
        if self.stdin_used_by is not None:
            raise UsageError(
                f"{option}: stdin is already used by {self.stdin_used_by}", "name a file"
            )
        self.stdin_used_by = option
        return _content(self.stdin, most)


def _read(path: Path, most: int, pipes: bool) -> bytes:
    """Return the content of *path*, or one byte more than *most* of a larger one."""
    found = path.stat()
    regular = stat.S_ISREG(found.st_mode)
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not (regular or pipes or descriptor(path) is not None or str(path) == os.devnull):
        raise ValueError(
            f"it is a pipe or a device, which may never end or be larger than {most} bytes"
        )
    if regular and found.st_size > most:
        raise ValueError(f"it is larger than {most} bytes")
    with open_for_reading(path) as file:
        return _content(file, most, zeros=pipes)


def _content(file: BinaryIO, most: int, *, zeros: bool = True) -> bytes:
    """Return at most *most* + 1 bytes of *file*; refuse a megabyte of zeros without *zeros*."""
    content = bytearray()
    while len(content) <= most:
        piece = file.read(min(PIECE, most + 1 - len(content)))
        if piece is None:
            raise ValueError("reading it would block")
        if not piece:
            break
        content += piece
        if not zeros and len(piece) == PIECE and not any(piece):
            raise ValueError("it contains a megabyte of zeros")
    return bytes(content)
