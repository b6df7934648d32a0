"""The surroundings of a run: its variables, its streams, its end."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from contacts_audit.cli.screen import Screen
from contacts_audit.ending import Ending
from contacts_audit.errors import UsageError

LARGEST_FILE = 16 * 1024 * 1024
LARGEST_REPORT = 1024 * 1024 * 1024


@dataclass(slots=True)
class Host:
    """The surroundings of a run: what a test replaces to be a user."""

    environment: Mapping[str, str]
    stdin: BinaryIO | None
    screen: Screen
    ending: Ending
    stdin_is: str | None = None

    def variable(self, name: str) -> str | None:
        """Return a variable's value; empty is unset."""
        return self.environment.get(name) or None

    def state_folder(self, given: Path | None) -> Path:
        """
        Return where state belongs on this platform, or *given*, where the user wants it.

        Raises:
            UsageError: there is no home folder for it.
        """
        from platformdirs import user_state_path

        from contacts_audit.home import home

        if given is not None:
            return given
        own = home(self.environment)
        if own is None and not self.variable("XDG_STATE_HOME"):
            raise UsageError(
                "there is no home folder for backups and journal",
                "add --state-dir DIR, or set HOME",
            )
        return user_state_path("contacts-audit", appauthor=False)

    @property
    def asks(self) -> bool:
        """Say whether somebody sits at stdin."""
        return self.stdin is not None and self.stdin.isatty()

    def agreed(self, question: str) -> bool:
        """Ask on stderr, and say whether the answer is yes."""
        self.screen.ask(question)
        answer = b"" if self.stdin is None else self.stdin.readline(100)
        return answer.strip().lower() in {b"y", b"yes"}

    def read(self, name: str, option: str, most: int = LARGEST_FILE) -> bytes:
        """
        Return what is in the file *name*, or on stdin where it is `-`, up to *most* bytes.

        Raises:
            UsageError: it cannot be read, or is larger than anything sensible.
        """
        try:
            if name == "-":
                if self.stdin is None:
                    raise UsageError(f"{option}: stdin is closed", "name a file")
                if self.stdin_is is not None:
                    raise UsageError(
                        f"{option}: stdin is read as {self.stdin_is} already", "give a file"
                    )
                self.stdin_is = option
                content = self.stdin.read(most + 1)
            else:
                with Path(name).open("rb") as file:
                    content = file.read(most + 1)
        except (OSError, ValueError) as error:
            detail = error.strerror if isinstance(error, OSError) else error
            raise UsageError(f"{option}: {name!r} cannot be read: {detail}") from error
        if len(content) > most:
            raise UsageError(f"{option}: {name!r} is larger than {most} bytes")
        return content
