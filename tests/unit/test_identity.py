"""Keys: short, stable, different for what differs, and the same for what only looks different."""

import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence_schemas.identity import (
    Kind,
    assertion_key,
    attempt_id,
    attempt_version_key,
    canonical_run_id,
    code_version_key,
    column_key,
    dataset_key,
    dataset_of_column,
    digest,
    job_key,
    kind_of,
    owner_key,
    run_key,
    tag_key,
    version_key,
)

DATASET = dataset_key("postgres://db:5432", "shop.public.orders")
RUN_ID = "01941f29-7c00-7e1a-8d4e-5b2f0a9c6d31"
names = st.text(st.characters(codec="utf-8"))  # JSON lets any character in but lone surrogates


def test_keys_never_change():
    """They are stored: a change of any would need a rebuild of every graph."""
    assert digest("a", "b") == "PJ1ZEEW8iHb50Dmbv7Bcag"
    assert DATASET == "DtVFkeqOfsOdArvgZLN3lHg"
    assert job_key("airflow", "dag.task") == "JVCbKsr3InxQWJhhZbEPuIA"
    assert run_key(RUN_ID) == "Rh95mWhJrhw3NR_u-QgIzAg"
    assert column_key(DATASET, "id") == "CtVFkeqOfsOdArvgZLN3lHgYQ6eg4RY6xkUSVerY2q9EA"


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (DATASET, Kind.DATASET),
        (job_key("n", "j"), Kind.JOB),
        (run_key(RUN_ID), Kind.RUN),
        (column_key(DATASET, "id"), Kind.COLUMN),
        (version_key(DATASET, "7"), Kind.DATASET_VERSION),
        (attempt_version_key(DATASET, attempt_id(run_key(RUN_ID), 0)), Kind.DATASET_VERSION),
        (owner_key("team:data"), Kind.OWNER),
        (tag_key("pii", "true"), Kind.TAG),
        (code_version_key("https://git.example/etl", "c0ffee"), Kind.CODE_VERSION),
        (assertion_key(DATASET, "not_null", "id"), Kind.ASSERTION),
    ],
)
def test_a_key_tells_its_kind_and_is_short(key, kind):
    assert kind_of(key) is kind
    assert re.fullmatch(r"[A-Z][A-Za-z0-9_-]{22}" + r"([A-Za-z0-9_-]{22})?" * (kind is Kind.COLUMN), key)


@pytest.mark.parametrize("key", ["", "X123", "d123"])
def test_what_is_no_key_has_no_kind(key):
    with pytest.raises(ValueError, match="not a valid Kind"):
        kind_of(key)


@given(st.lists(names, max_size=4), st.lists(names, max_size=4))
def test_digests_tell_sequences_apart_by_their_parts(one, other):
    assert (digest(*one) == digest(*other)) == (one == other)


def test_digests_do_not_run_parts_together():
    assert len({digest("ab", "c"), digest("a", "bc"), digest("abc"), digest("abc", ""), digest("", "abc")}) == 5


def test_text_and_its_utf8_are_one():
    assert digest("größe") == digest("größe".encode())


@given(names, names)
def test_namespace_and_name_are_not_exchangeable(namespace, name):
    assert (dataset_key(namespace, name) == dataset_key(name, namespace)) == (namespace == name)
    assert dataset_key(namespace, name)[1:] == job_key(namespace, name)[1:]  # the kind is the first letter


@pytest.mark.parametrize("name", ["", "\0", "a\nb", "x" * 1_000_000, "Ünïcödé 🦆"])
def test_any_name_has_a_short_key(name):
    assert len(dataset_key("namespace", name)) == 23
    assert len(column_key(dataset_key("namespace", name), name)) == 45


def test_case_and_unicode_forms_stay_apart():
    assert dataset_key("n", "Orders") != dataset_key("n", "orders")
    assert dataset_key("n", "\u00e9") != dataset_key("n", "e\u0301")


@given(names, names, names)
def test_a_columns_key_leads_to_its_dataset(namespace, name, field):
    dataset = dataset_key(namespace, name)
    assert dataset_of_column(column_key(dataset, field)) == dataset
    assert column_key(dataset, field)[1:23] == dataset[1:]


@given(st.uuids())
def test_a_run_is_one_in_every_form_of_its_uuid(run_id):
    forms = {str(run_id), str(run_id).upper(), run_id.hex, run_id.hex.upper()}
    assert len({run_key(form) for form in forms}) == 1
    assert {canonical_run_id(form) for form in forms} == {str(run_id)}


@given(st.uuids(), st.uuids())
def test_runs_differ_by_their_ids(one, other):
    assert (run_key(str(one)) == run_key(str(other))) == (one == other)


@given(names)
def test_what_is_no_uuid_is_kept(text):
    canonical = canonical_run_id(text)
    assert canonical == text or UUID(canonical)
    assert canonical_run_id(canonical) == canonical


def test_versions_of_one_dataset_are_told_apart():
    attempt = attempt_id(run_key(RUN_ID), 0)
    keys = {
        version_key(DATASET, "1"),
        version_key(DATASET, "2"),
        version_key(DATASET, attempt),
        attempt_version_key(DATASET, attempt),
        attempt_version_key(DATASET, attempt_id(run_key(RUN_ID), 1)),
    }
    assert len(keys) == 5


def test_an_attempt_is_named_by_its_run_and_number():
    assert attempt_id(run_key(RUN_ID), 2) == f"{run_key(RUN_ID)}#2"
