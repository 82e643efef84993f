"""Datasets as they travel on Prefect's event stream."""

import pytest

from whence_collector.naming import DatasetName
from whence_prefect.datasets import Column, Dataset, dataset_of, payload_of


def test_a_dataset_survives_prefects_event_stream():
    name = DatasetName("s3://lake", "raw")
    dataset = Dataset(
        name=name, partitions=[{"day": "2026-11-02"}], rows=3, columns={"a": [Column(name, "b")]}, schema={"a": "INT"}
    )
    assert dataset_of(payload_of(dataset)) == dataset


def test_what_is_no_dataset_is_refused():
    with pytest.raises(ValueError, match="describes no dataset"):
        dataset_of({"rows": 3})
