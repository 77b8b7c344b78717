"""Pairs of IDs that contradict each other, and those that do not."""

from __future__ import annotations

from batch.run.identities import Identities


def known() -> Identities:
    """Know two orders."""
    identities = Identities()
    assert identities.take(2, "b-2", "S2") == ""
    assert identities.take(3, "b-3", "S3") == ""
    return identities


def test_a_pair_that_is_told_again_contradicts_nothing() -> None:
    identities = known()

    assert identities.take(2, "b-2", "S2") == ""
    assert identities.stranger("b-2", "S2") is None
    assert identities.stranger("of another batch", "S2") is None


def test_a_server_id_of_another_order_is_told_with_both_client_ids() -> None:
    identities = known()

    wrong = identities.take(4, "b-4", "S3")

    assert wrong == (
        "the venue gave server order ID S3 for client order ID b-4, which is on record for b-3"
    )
    assert identities.take(3, "b-3", "S3") == "", "what was known stays"
    assert identities.take(4, "b-4", "S4") == ""


def test_a_second_server_id_of_an_order_is_told_with_its_row_and_both() -> None:
    identities = known()

    wrong = identities.take(3, "b-3", "S9")

    stranger = identities.stranger("b-3", "S9")
    assert stranger is not None
    assert stranger == (3, wrong)
    assert "b-3" in wrong and "S3" in wrong and "S9" in wrong
    assert identities.take(9, "b-9", "S9") == "", "it was not taken in"
