#!/usr/bin/env bash
# A crontab line that is moved to APScheduler runs on another day.
#
# Most would guess: `CronTrigger.from_crontab("30 4 * * 1")` is Monday, as in crontab(5).
# What happens, APScheduler 3.11.3: it counts days from Monday = 0, so 1 is Tuesday, 0 is Monday and 7
# is refused. And where day and weekday are both given, both must hold; cron takes either.
# croniter 7.0.0 reads the line as cron does.
# Why it matters: a weekly audit that a scheduler written in Python starts from the documented crontab
# line runs a day late, and "13 * 5" on a Saturday the 13th alone. Names of days (`mon`) are safe.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q --disable-pip-version-check APScheduler==3.11.3 croniter==7.0.0
cd "$work"
"$work/venv/bin/python" - <<'PYTHON'
from datetime import datetime, timezone

from apscheduler.triggers.cron import CronTrigger
from croniter import croniter

now = datetime(2026, 12, 1, tzinfo=timezone.utc)
seen = {}
for line in ("30 4 * * 1", "30 4 * * mon", "30 4 13 * 5"):
    cron = croniter(line, now).get_next(datetime)
    other = CronTrigger.from_crontab(line, timezone="UTC").get_next_fire_time(None, now)
    seen[line] = (f"{cron:%a %F}", f"{other:%a %F}")
    print(f"{line}: croniter {seen[line][0]}, APScheduler {seen[line][1]}")
assert seen == {
    "30 4 * * 1": ("Mon 2026-12-07", "Tue 2026-12-01"),
    "30 4 * * mon": ("Mon 2026-12-07", "Mon 2026-12-07"),
    "30 4 13 * 5": ("Fri 2026-12-04", "Sat 2027-02-13"),
}, "CHANGED"
PYTHON
