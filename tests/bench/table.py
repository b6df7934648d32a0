"""The rows of the table that `make bench` prints."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.processes import Run

Runs = dict[str, list[Run]]
HEAD = f"{'what':<64} {'target':>9} {'reached':>8}  {'of the pairs':>17}"


@dataclass(frozen=True)
class Row:
    """
    A line of the table: what is *reached* may be at most *target*, or must be *at_least* that.

    *pairs* are the figures of the single runs; *runs* those of each program.
    """

    what: str
    target: float
    reached: float
    runs: Mapping[str, Sequence[Run]] = field(default_factory=dict)
    pairs: Sequence[float] = ()
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """Say whether the target is met."""
        return self.reached >= self.target if self.at_least else self.reached <= self.target

    def text(self) -> str:
        """Return the line, and one for each program: minimum, median and maximum."""
        sign = ">=" if self.at_least else "<="
        spread = f"{min(self.pairs):.2f} to {max(self.pairs):.2f}" if self.pairs else ""
        lines = [
            f"{self.what:<64} {sign}{self.target:>7.2f} {self.reached:>8.2f}  {spread:>17}"
            f"  {'yes' if self.holds else 'NO'}"
        ]
        for name, runs in self.runs.items():
            wall, cpu = (_spread(runs, what) for what in ("wall", "cpu"))
            peak = max(run.peak for run in runs)
            lines.append(f"    {name:<20} {wall} s  processor {cpu} s  peak {peak:.0f} MiB")
        return "\n".join(lines)

    def figures(self) -> dict[str, Any]:
        """Return what results.json keeps."""
        return {
            "what": self.what,
            "target": self.target,
            "reached": round(self.reached, 3),
            "holds": self.holds,
            "pairs": [round(each, 3) for each in self.pairs],
            "runs": {
                name: [[round(run.wall, 4), round(run.cpu, 4), round(run.peak, 1)] for run in runs]
                for name, runs in self.runs.items()
            },
        }


def _spread(runs: Sequence[Run], what: str) -> str:
    figures = [getattr(run, what) for run in runs]
    return f"{min(figures):8.3f} {statistics.median(figures):8.3f} {max(figures):8.3f}"


def median(runs: Sequence[Run], what: str = "wall") -> float:
    """Return the median of *what* of *runs*."""
    return float(statistics.median(getattr(run, what) for run in runs))


def ratio(
    what: str,
    target: float,
    runs: Runs,
    of: Callable[[Run], float] = lambda run: run.wall,
    *,
    at_least: bool = False,
) -> Row:
    """Return the row of the first of *runs* divided by the second: of medians, and of each pair."""
    one, other = ([of(run) for run in each] for each in runs.values())
    pairs = [mine / theirs for mine, theirs in zip(one, other, strict=True)]
    reached = statistics.median(one) / statistics.median(other)
    return Row(what, target, reached, runs, pairs, at_least)


def in_turn(ways: Mapping[str, Callable[[], Run]], times: int) -> Runs:
    """Measure all *ways*, one after the other, *times* times."""
    runs: Runs = {name: [] for name in ways}
    for _ in range(times):
        for name, way in ways.items():
            runs[name].append(way())
            assert runs[name][-1].code == 0, (name, runs[name][-1])
    return runs
