"""Kinds of evidence: each turns what is recorded into a finding. Frameworks name them, with parameters.

A finding says what is recorded and what is not. It judges nothing.
"""

from collections.abc import Callable

from whence.audit.report.content import Finding
from whence.audit.report.evidence.assets import changes, code_versions, data_quality, owners, third_parties
from whence.audit.report.evidence.models import answers, approvals, model_inventory, training_data, transformations
from whence.audit.report.evidence.trail import erasures, event_coverage, exports, record_integrity, retention

EVIDENCE: dict[str, Callable[..., Finding]] = {
    kind.__name__: kind
    for kind in (
        model_inventory,
        training_data,
        transformations,
        approvals,
        answers,
        data_quality,
        third_parties,
        owners,
        code_versions,
        changes,
        event_coverage,
        retention,
        erasures,
        exports,
        record_integrity,
    )
}
"""The kinds of evidence by name. Each takes the `Records` and its parameters, by keyword."""
