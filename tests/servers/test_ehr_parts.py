"""The small parts of the EHR server: dates, names, wording, values, absences."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentkit_servers.ehr import resource as fhir
from agentkit_servers.ehr.answers import State
from agentkit_servers.ehr.dates import period, span_of
from agentkit_servers.ehr.measures import interpretation, measured
from agentkit_servers.ehr.negatives import absence
from agentkit_servers.ehr.normal import normalised, words
from agentkit_servers.ehr.wording import understood


def micros(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2026", "2026-01-01", "2027-01-01"),
        ("2026-12", "2026-12-01", "2027-01-01"),
        ("2024-02-29", "2024-02-29", "2024-03-01"),
        ("2026-03-02T10:30Z", "2026-03-02T10:30", "2026-03-02T10:31"),
        ("2026-03-02T10:30:15+02:00", "2026-03-02T08:30:15", "2026-03-02T08:30:16"),
        ("2026-03-02T10:30:15", "2026-03-02T10:30:15", "2026-03-02T10:30:16"),
    ],
)
def test_a_date_covers_what_its_precision_says(text: str, low: str, high: str) -> None:
    """EHR-S21, EHR-S23."""
    assert span_of(text) == (micros(low), micros(high))


@pytest.mark.parametrize("text", ["2026-02-30", "2026-13", "26", "", "2026-03-02T25:00Z", "0000", "yesterday", "9999"])
def test_what_is_no_date_has_no_range(text: str) -> None:
    assert span_of(text) is None


def test_an_open_period_is_infinite() -> None:
    """EHR-S22."""
    open_end = period("2026", None)
    assert open_end is not None
    assert open_end.high > micros("2900-01-01")
    assert period(None, None) is None


@given(st.text(max_size=40))
def test_no_text_breaks_dates_names_or_wording(text: str) -> None:
    span_of(text)
    assert normalised(normalised(text)) == normalised(text)
    assert all(word and not set(word) & set("%_ ") for word in words(text))
    assert all(understood(text).measures) or understood(text).measures == ()


@given(st.dates(), st.dates())
def test_ranges_of_days_keep_their_order(first: datetime, second: datetime) -> None:
    one, other = span_of(first.isoformat()), span_of(second.isoformat())
    if one and other:
        assert (one < other) == (first < second)
        assert one.low < one.high


@pytest.mark.parametrize(
    ("text", "measures", "category"),
    [
        ("HbA1c", (("hba1c",),), None),
        ("What are her latest HbA1c results?", (("hba1c",),), None),
        ("creatinine and the potassium", (("creatinine",), ("potassium",)), None),
        ("blood pressure", (("blood", "pressure"),), None),
        ("is her creatinine getting worse", (("creatinine",),), None),
        ("lab results", (), "laboratory"),
        ("vital signs", (), "vital-signs"),
        ("all results", (), None),
    ],
)
def test_a_plain_question_is_understood(text: str, measures: tuple[tuple[str, ...], ...], category: str | None) -> None:
    assert (understood(text).measures, understood(text).category) == (measures, category)


@pytest.mark.parametrize(
    ("body", "value", "flags"),
    [
        ('{"valueQuantity":{"value":5.40,"unit":"mmol/L"}}', "5.40 mmol/L", ""),
        ('{"valueQuantity":{"value":5,"comparator":"<","code":"mg/L"}}', "<5 mg/L", ""),
        ('{"valueQuantity":{"value":7}}', "7 (unit not recorded)", ""),
        ('{"valueInteger":0}', "0", ""),
        ('{"valueBoolean":false}', "false", ""),
        ('{"dataAbsentReason":{"text":"refused"}}', "no value (refused)", ""),
        ("{}", "no value recorded", ""),
        ('{"valueString":"trace","referenceRange":[{"text":"negative"}]}', "trace", "ref negative"),
        (
            '{"component":[{"code":{"text":"a"},"valueString":"x","interpretation":[{"text":"high"}]},{"code":{"text":"b"}}]}',
            "a x (high), b no value recorded",
            "",
        ),
    ],
)
def test_values_stay_as_they_were_recorded(body: str, value: str, flags: str) -> None:
    resource = fhir.parse(body)
    assert (measured(resource), interpretation(resource)) == (value, flags)


@pytest.mark.parametrize(
    ("reason", "state"),
    [
        ("nilknown", State.NONE_KNOWN),
        ("notasked", State.NOT_RECORDED),
        ("unavailable", State.NOT_RECORDED),
        ("notstarted", State.NOT_RECORDED),
        ("withheld", State.NOT_PERMITTED),
    ],
)
def test_an_empty_list_says_why_it_is_empty(reason: str, state: State) -> None:
    """Clinical reference 1.7."""
    body = '{"resourceType":"List","id":"l1","date":"2026","emptyReason":{"coding":[{"code":"' + reason + '"}]}}'
    assert absence([], [fhir.parse(body)], "allergies").state is state


@pytest.mark.parametrize(
    ("system", "code", "state"),
    [
        ("http://snomed.info/sct", "716186003", State.NONE_KNOWN),
        ("http://snomed.info/sct", "409137002", State.NONE_KNOWN),
        ("http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips", "no-known-food-allergies", State.NONE_KNOWN),
        ("http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips", "no-allergy-info", State.NOT_RECORDED),
        ("urn:other", "716186003", State.NOT_RECORDED),
    ],
)
def test_a_positive_negative_is_recognised_by_system_and_code(system: str, code: str, state: State) -> None:
    body = (
        '{"resourceType":"AllergyIntolerance","id":"a1","code":{"coding":[{"system":"'
        + system
        + '","code":"'
        + code
        + '"}]}}'
    )
    assert absence([fhir.parse(body)], [], "allergies").state is state


def test_a_positive_negative_entered_in_error_counts_for_nothing() -> None:
    body = (
        '{"resourceType":"AllergyIntolerance","id":"a1","verificationStatus":{"coding":[{"code":"entered-in-error"}]},'
        '"code":{"coding":[{"system":"http://snomed.info/sct","code":"716186003"}]}}'
    )
    assert absence([fhir.parse(body)], [], "allergies").state is State.NOT_RECORDED
