"""TSV has nine cells in each line."""

from hypothesis import given
from hypothesis import strategies as st
from report.basic_report import OUTCOMES, TENANT, V2017, everywhere, text

from contacts_audit.report import Format, tsv


@given(st.text(st.characters() | st.characters(categories=["Cc", "Cf", "Cs"])))
def test_a_line_of_tsv_has_nine_cells(name: str) -> None:
    """This holds for any text."""
    lines = text(everywhere(name), Format.TSV).split("\n")

    assert [line.count("\t") for line in lines] == [8, 8, 8, 0]
    assert len("\n".join(lines).splitlines()) == 3


def test_the_cells_of_tsv() -> None:
    """They have a fixed order; what is unknown is empty."""
    assert [tsv.cells(outcome) for outcome in OUTCOMES[:1] + OUTCOMES[3:]] == [
        (
            OUTCOMES[0].subscription.id,
            "Prod",
            TENANT,
            "Enabled",
            "compliant",
            "ops@contoso.com;sec@contoso.com",
            V2017,
            "",
            "",
        ),
        (
            OUTCOMES[3].subscription.id,
            "Finance",
            TENANT,
            "Enabled",
            "unreadable",
            "",
            "",
            "forbidden",
            "AuthorizationFailed: The client does not have authorization.",
        ),
        (
            OUTCOMES[4].subscription.id,
            "",
            "",
            "",
            "unreadable",
            "",
            "",
            "not-visible",
            "it is not visible to this identity",
        ),
        (
            OUTCOMES[5].subscription.id,
            "Old",
            TENANT,
            "Disabled",
            "skipped",
            "",
            "",
            "",
            "subscription is disabled",
        ),
    ]
