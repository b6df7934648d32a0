"""Which reports belong to one run."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from audit.merges import CONTOSO, Document, forged, merged, shards
from conftest import run_in


def moved(name: str, **by: float) -> str:
    """Let the run of the report *name* have been earlier, as timedelta counts."""

    def change(one: Document) -> None:
        for key in ("started", "finished"):
            then = datetime.fromisoformat(one[key]) - timedelta(**by)
            one[key] = then.strftime("%Y-%m-%dT%H:%M:%SZ")

    return forged(name, change)


@pytest.mark.parametrize(
    ("by", "ids", "code"),
    [
        pytest.param({"minutes": 55}, (None, None), 4, id="one after the other, no id"),
        pytest.param(
            {"hours": 2}, (None, None), "belongs to another run", id="no id, hours before"
        ),
        pytest.param({"days": 1}, (None, None), "belongs to another run", id="yesterday's, no id"),
        pytest.param({"hours": 2}, ("a", "a"), 4, id="an id, hours before"),
        pytest.param(
            {"days": 1}, ("a", "a"), "belongs to another run", id="yesterday's, the same id"
        ),
        pytest.param(
            {"days": -1}, ("a", "a"), "belongs to another run", id="tomorrow's, the same id"
        ),
        pytest.param({}, ("a", "b"), "its run_id is b, not a", id="another id"),
        pytest.param({}, ("a", None), "its run_id is none, not a", id="an id and none"),
        pytest.param({}, (None, "a"), "its run_id is a, not none", id="none and an id"),
    ],
)
def test_a_report_of_another_run_is_refused(
    tmp_path: Path, by: dict[str, float], ids: tuple[str | None, str | None], code: int | str
) -> None:
    """A report from yesterday must not stand in for the shard that failed tonight."""
    names = shards(tmp_path, 2)
    for name, run_id in zip(names, ids, strict=True):
        forged(name, lambda one, run_id=run_id: one.update(run_id=run_id))  # type: ignore[misc]
    moved(names[1], **by)

    ran = merged(*names, "-o", "json")

    assert ran.code == 4
    if isinstance(code, str):
        assert (ran.out, ran.err.count("\n")) == (b"", 1)
        assert code in ran.err
    else:
        assert json.loads(ran.out)["run_id"] == ids[0]


def test_shards_that_ran_one_after_the_other_are_one_run(tmp_path: Path) -> None:
    """With one pod at a time each shard starts after the one before."""
    names = shards(tmp_path, 4)
    for at, name in enumerate(names):
        moved(name, minutes=45 * at)

    assert json.loads(merged(*names, "-o", "json").out)["summary"]["in_scope"] > 0


def test_reports_without_a_run_id_are_matched_by_their_times(tmp_path: Path) -> None:
    """Reports of an older version lack the key."""
    names = shards(tmp_path, 2)
    for name in names:
        forged(name, lambda one: one.pop("run_id"))

    assert json.loads(merged(*names, "-o", "json").out)["run_id"] is None


@pytest.mark.parametrize(
    ("variables", "more", "run_id"),
    [
        pytest.param({"HOSTNAME": "audit-28373-1"}, ["auto/2"], "audit-28373", id="the Job's name"),
        pytest.param({"HOSTNAME": "audit-1-x7k2p"}, ["auto/2"], "audit", id="the pod's name"),
        pytest.param({"HOSTNAME": "node-7"}, ["auto/2"], None, id="the node's name"),
        pytest.param({}, ["auto/2"], None, id="no name"),
        pytest.param({"HOSTNAME": "laptop-1"}, ["1/2"], None, id="no Job's shard"),
        pytest.param({"HOSTNAME": "x-1"}, ["auto/2", "--run-id", "uid"], "uid", id="the option"),
        pytest.param({"CONTACTS_AUDIT_RUN_ID": "uid"}, ["1/2"], "uid", id="the variable"),
        pytest.param(
            {"HOSTNAME": "x-1", "CONTACTS_AUDIT_RUN_ID": ""}, ["auto/2"], "x", id="empty is unset"
        ),
    ],
)
def test_a_shard_knows_its_run(
    variables: dict[str, str], more: list[str], run_id: str | None
) -> None:
    """The name of a pod of an Indexed Job is the name of the Job and an index."""
    asked = ("audit", "--replay", str(CONTOSO), "-o", "json", "--shard", *more)

    ran = run_in({"JOB_COMPLETION_INDEX": "1", **variables}, *asked)

    assert json.loads(ran.out)["run_id"] == run_id


@pytest.mark.parametrize("run_id", ["a b", "-a", "x" * 129, "a\n", "\u202e"])
def test_a_run_id_is_a_plain_word(run_id: str) -> None:
    """It appears in messages and logs."""
    ran = run_in({}, "audit", "--replay", str(CONTOSO), f"--run-id={run_id}")

    assert (ran.code, ran.out, ran.err.count("\n")) == (2, b"", 1)


def test_merge_takes_the_run_id_that_it_expects(tmp_path: Path) -> None:
    """If all shards failed tonight, yesterday's reports fit together but are refused."""
    names = shards(tmp_path, 2, "--run-id", "yesterday")

    assert merged(*names, "-q", "--run-id", "yesterday").code == 4
    tonight = merged(*names, "-o", "json", "--run-id", "tonight")

    assert (tonight.code, tonight.out) == (4, b"")
    assert "its run_id is yesterday, not tonight" in tonight.err
