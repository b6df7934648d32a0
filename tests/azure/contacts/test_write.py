"""A change of one contact at the newer API versions: each option, and nothing else."""

import pytest
from azure.contacts.shapes import NEWER, V2017, V2020, V2023, after, old, seen, two

from contacts_audit.azure.contacts.records import Json, same
from contacts_audit.azure.contacts.steps import RefusedError, sendable
from contacts_audit.azure.contacts.write import writes_for
from contacts_audit.core.model import Change


@pytest.mark.parametrize("version", NEWER)
@pytest.mark.parametrize(
    ("there", "change", "emails"),
    [
        pytest.param(
            "a@contoso.com", Change(emails=("b@x.co",)), "a@contoso.com;b@x.co", id="added"
        ),
        pytest.param(
            "a@b.co, c@b.co", Change(emails=("d@b.co",)), "a@b.co;c@b.co;d@b.co", id="comma"
        ),
        pytest.param(" a@b.co ;; ", Change(emails=("d@b.co",)), "a@b.co;d@b.co", id="blanks"),
        pytest.param(
            "a@b.co, c@b.co", Change(emails=("c@b.co",)), "a@b.co, c@b.co", id="untouched"
        ),
        pytest.param("A@B.co", Change(emails=("a@b.CO",)), "A@B.co", id="there in capitals"),
        pytest.param("JÖRG@b.co", Change(emails=("jörg@b.co",)), "JÖRG@b.co", id="ö in capitals"),
        pytest.param("", Change(emails=("jörg@b.co",)), "jörg@b.co", id="international"),
        pytest.param("", Change(emails=("a@bücher.de",)), "a@bücher.de", id="international domain"),
        pytest.param("", Change(emails=("a@b.co", "A@b.co")), "a@b.co", id="given twice"),
        pytest.param("bad", Change(emails=("a@b.co",)), "bad;a@b.co", id="malformed one stays"),
        pytest.param(
            "x@y.co;a@b.co", Change(emails=("a@b.co",), replace=True), "a@b.co", id="replace"
        ),
        pytest.param(
            "A@b.co,x@y.co", Change(emails=("a@b.co",), replace=True), "A@b.co", id="spelt"
        ),
        pytest.param(
            "b@b.co , a@b.co",
            Change(emails=("a@b.co", "B@b.co"), replace=True),
            "b@b.co , a@b.co",
            id="replace by the same",
        ),
        pytest.param(
            "a@b.co;bad", Change(emails=("a@b.co",), replace=True), "a@b.co", id="exactly these"
        ),
        pytest.param("a@b.co;c@b.co", Change(remove_emails=("A@B.CO",)), "c@b.co", id="removed"),
        pytest.param(
            "a@b.co;A@b.co;c@d.co", Change(remove_emails=("a@b.co",)), "c@d.co", id="both"
        ),
        pytest.param(
            "a@b.co,c@d.co", Change(remove_emails=("x@y.co",)), "a@b.co,c@d.co", id="none"
        ),
        pytest.param(
            "a@b.co;bad", Change(remove_emails=("bad",)), "a@b.co", id="malformed removed"
        ),
        pytest.param(
            "a@b.co", Change(emails=("c@b.co",), remove_emails=("a@b.co",)), "c@b.co", id="swapped"
        ),
        pytest.param(
            "a@b.co", Change(remove_emails=("a@b.co",), allow_empty=True), "", id="emptied as meant"
        ),
        pytest.param(None, Change(emails=("a@b.co",)), "a@b.co", id="null"),
    ],
)
def test_addresses(version: str, there: str | None, change: Change, emails: str) -> None:
    """Addresses are added as spelled, joined by semicolons; unchanged text stays."""
    properties = {"emails": there, "phone": "1", "isEnabled": True}

    expected = {**properties, "emails": emails}
    assert after(version, properties, change) == sendable(version, expected)


@pytest.mark.parametrize("version", NEWER)
@pytest.mark.parametrize(
    "properties",
    [pytest.param({"phone": ""}, id="absent"), pytest.param({"emails": None}, id="null")],
)
def test_removing_what_is_not_there_writes_nothing(version: str, properties: Json) -> None:
    """A contact that has no field for addresses does not get one."""
    change = Change(remove_emails=("a@contoso.com",))

    assert writes_for(seen(version, properties), change, version).steps == ()


@pytest.mark.parametrize("version", [*NEWER, pytest.param(V2017, id="2017")])
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(Change(remove_emails=("a@b.co",)), id="the only one"),
        pytest.param(Change(remove_emails=("A@B.CO",), notify_owners=True), id="with another wish"),
    ],
)
def test_the_last_address_goes_only_if_that_is_meant(version: str, change: Change) -> None:
    """A removal that would silence alerts names the option that allows it."""
    shown = two(old(1, "a@b.co")) if version == V2017 else seen(version, {"emails": "a@b.co"})
    with pytest.raises(RefusedError) as caught:
        writes_for(shown, change, version)

    assert "--allow-empty" in caught.value.hint


@pytest.mark.parametrize("version", NEWER)
def test_a_malformed_address_is_none_that_is_left(version: str) -> None:
    """Mail to it would not go out."""
    with pytest.raises(RefusedError):
        writes_for(
            seen(version, {"emails": "a@b.co;bad"}), Change(remove_emails=("a@b.co",)), version
        )


@pytest.mark.parametrize("version", NEWER)
@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param({"state": "On", "roles": ["Owner"]}, None, id="already"),
        pytest.param({"state": "On", "roles": ["owner"]}, None, id="in lower case"),
        pytest.param(
            {"state": "On", "roles": ["Admin", "New"], "x": 1},
            {"state": "On", "roles": ["Admin", "New", "Owner"], "x": 1},
            id="added, the others stay",
        ),
        pytest.param(
            {"state": "Off", "roles": ["Owner"]}, {"state": "On", "roles": ["Owner"]}, id="off"
        ),
        pytest.param({}, {"state": "On", "roles": ["Owner"]}, id="empty"),
        pytest.param(None, {"state": "On", "roles": ["Owner"]}, id="null"),
        pytest.param(
            {"state": "On", "roles": [5, None]},
            {"state": "On", "roles": [5, None, "Owner"]},
            id="odd roles",
        ),
    ],
)
def test_owners(version: str, before: object, expected: object) -> None:
    """The role is added and notified."""
    properties = {"emails": "a@b.co", "notificationsByRole": before}

    found = after(version, properties, Change(notify_owners=True))

    expected = {"emails": "a@b.co", "notificationsByRole": expected or before}
    assert found == sendable(version, expected)


@pytest.mark.parametrize(
    ("before", "change", "expected"),
    [
        pytest.param(
            [{"sourceType": "Alert", "minimalSeverity": "Low", "x": 1}],
            Change(minimum_severity="High"),
            [{"sourceType": "Alert", "minimalSeverity": "High", "x": 1}],
            id="exactly that, even if it is less",
        ),
        pytest.param(
            [{"sourceType": "New", "y": []}],
            Change(minimum_severity="Low"),
            [{"sourceType": "New", "y": []}, {"sourceType": "Alert", "minimalSeverity": "Low"}],
            id="adds the source",
        ),
        pytest.param(
            None,
            Change(minimum_severity="Medium"),
            [{"sourceType": "Alert", "minimalSeverity": "Medium"}],
            id="null",
        ),
        pytest.param(
            [{"sourceType": "Alert", "minimalSeverity": "Low"}],
            Change(attack_paths="High"),
            [
                {"sourceType": "Alert", "minimalSeverity": "Low"},
                {"sourceType": "AttackPath", "minimalRiskLevel": "High"},
            ],
            id="attack paths",
        ),
        pytest.param(
            [
                {"sourceType": "AttackPath", "minimalRiskLevel": "Low", "z": None},
                {"sourceType": "Alert", "minimalSeverity": "Low"},
            ],
            Change(attack_paths="Critical", minimum_severity="High"),
            [
                {"sourceType": "AttackPath", "minimalRiskLevel": "Critical", "z": None},
                {"sourceType": "Alert", "minimalSeverity": "High"},
            ],
            id="both, in their order",
        ),
        pytest.param(
            [{"sourceType": "Alert", "minimalSeverity": "High"}],
            Change(minimum_severity="High"),
            [{"sourceType": "Alert", "minimalSeverity": "High"}],
            id="already",
        ),
        pytest.param(
            [{"sourceType": "AttachPath", "minimalRiskLevel": "Low"}],
            Change(attack_paths="Low"),
            [
                {"sourceType": "AttachPath", "minimalRiskLevel": "Low"},
                {"sourceType": "AttackPath", "minimalRiskLevel": "Low"},
            ],
            id="an unknown source stays",
        ),
    ],
)
def test_sources_at_2023(before: object, change: Change, expected: object) -> None:
    """The level of one source is set, its other fields and the other sources stay."""
    properties = {"emails": "", "notificationsSources": before}

    expected = {"emails": "", "notificationsSources": expected}
    assert after(V2023, properties, change) == sendable(V2023, expected)


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param(
            {"state": "Off", "minimalSeverity": "Low", "x": 1},
            {"state": "On", "minimalSeverity": "High", "x": 1},
            id="off",
        ),
        pytest.param({"state": "On"}, {"state": "On", "minimalSeverity": "High"}, id="without"),
        pytest.param(None, {"state": "On", "minimalSeverity": "High"}, id="null"),
    ],
)
def test_severity_at_2020(before: object, expected: object) -> None:
    """It is the threshold of what is on."""
    properties = {"emails": "", "alertNotifications": before}

    found = after(V2020, properties, Change(minimum_severity="High"))

    assert found == sendable(V2020, {"emails": "", "alertNotifications": expected})


@pytest.mark.parametrize(
    "properties", [pytest.param(None, id="no contact"), pytest.param({"emails": ""}, id="contact")]
)
def test_2020_knows_no_attack_paths(properties: Json | None) -> None:
    """It says so, and writes nothing of the rest."""
    change = Change(emails=("a@b.co",), attack_paths="Critical")
    with pytest.raises(RefusedError) as caught:
        writes_for(seen(V2020, properties), change, V2020)

    assert "--attack-paths" in caught.value.hint


@pytest.mark.parametrize(
    ("enabled", "changes"),
    [
        pytest.param({"isEnabled": False}, True, id="false"),
        pytest.param({"isEnabled": "true"}, True, id="text"),
        pytest.param({"isEnabled": 0}, True, id="0"),
        pytest.param({"isEnabled": 1}, True, id="1"),
        pytest.param({"isEnabled": 1.0}, True, id="1.0"),
        pytest.param({"isEnabled": True}, False, id="true"),
        pytest.param({}, False, id="absent"),
    ],
)
def test_enabling(enabled: Json, changes: bool) -> None:
    """What the audit calls disabled is enabled; 1 is not true."""
    properties = {"emails": "a@b.co", **enabled}

    steps = writes_for(seen(V2023, properties), Change(enable=True), V2023).steps

    if not changes:
        assert steps == ()
    else:
        expected = sendable(V2023, {"emails": "a@b.co", "isEnabled": True})
        assert [same(step.after, expected) for step in steps] == [True]


@pytest.mark.parametrize("version", NEWER)
def test_a_telephone_number(version: str) -> None:
    """It is set, and nothing else is."""
    properties = {"emails": "a@b.co", "phone": "1", "x": [1]}

    expected = sendable(version, {**properties, "phone": "+49 30 1"})
    assert after(version, properties, Change(phone="+49 30 1")) == expected
    assert writes_for(seen(version, properties), Change(phone="1"), version).steps == ()


@pytest.mark.parametrize(
    ("enabled", "change", "noted"),
    [
        pytest.param({"isEnabled": False}, Change(emails=("b@b.co",)), True, id="false"),
        pytest.param(
            {"isEnabled": False}, Change(emails=("b@b.co",), enable=True), False, id="mended"
        ),
        pytest.param({"isEnabled": True}, Change(emails=("b@b.co",)), False, id="true"),
        pytest.param({}, Change(emails=("b@b.co",)), False, id="absent"),
        pytest.param({"isEnabled": None}, Change(emails=("b@b.co",)), False, id="null is absent"),
    ],
)
def test_an_address_of_a_disabled_contact_is_told(
    enabled: Json, change: Change, noted: bool
) -> None:
    """The note says that nobody gets mail, and the contact stays disabled."""
    notes = writes_for(seen(V2023, {"emails": "a@b.co", **enabled}), change, V2023).notes

    assert any("--enable" in note for note in notes) is noted
