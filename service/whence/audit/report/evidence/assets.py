"""Evidence on datasets and jobs: checks, sources, owners, code, and what changed."""

from whence.audit.report.content import Finding, Gap, counted, shown_time
from whence.audit.report.evidence.records import Records, datasets_of, first_of, jobs_of, last_of, tables


def data_quality(records: Records) -> Finding:
    """Data-quality checks by dataset; those with failures first."""
    datasets = datasets_of(records)
    checked = [d for d in datasets if d.checks.passed + d.checks.failed]
    checked.sort(key=lambda dataset: (-dataset.checks.failed, dataset.place))
    passed = sum(dataset.checks.passed for dataset in checked)
    failed = sum(dataset.checks.failed for dataset in checked)
    return Finding(
        "Data-quality checks",
        f"{counted(passed + failed, 'result')} of checks on {counted(len(checked), 'dataset')} are recorded: "
        f"{passed:,} passed and {failed:,} failed.",
        tables(
            ("Dataset", "Passed", "Failed"),
            ((str(d.place), f"{d.checks.passed:,}", f"{d.checks.failed:,}") for d in checked),
        ),
        Gap.of("No check is recorded", (str(d.place) for d in datasets if not d.checks.passed + d.checks.failed)),
    )


def third_parties(records: Records) -> Finding:
    """Datasets that are read and that no recorded job writes."""
    sources = [d for d in datasets_of(records) if d.reads and not d.has_writer]
    rows = [(str(d.place), f"{d.reads:,}", first_of(d), last_of(d), ", ".join(d.owners)) for d in sources]
    return Finding(
        "Sources from outside",
        f"{counted(len(sources), 'dataset')} in scope {'is' if len(sources) == 1 else 'are'} read, and no recorded job "
        "writes them: they come from third parties, or from systems that do not report here.",
        tables(("Dataset", "Times read", "First read", "Last read", "Owners"), rows),
        Gap.of("No owner is recorded", (str(d.place) for d in sources if not d.owners)),
    )


def owners(records: Records) -> Finding:
    """Owners of datasets and jobs."""
    datasets, jobs = datasets_of(records), jobs_of(records)
    named = [found.owners for found in datasets] + [found.owners for found in jobs]
    owned = {owner for found in named for owner in found}
    known = sum(map(bool, named))
    return Finding(
        "Owners",
        f"{counted(len(owned), 'owner')} of {known:,} of {counted(len(datasets), 'dataset')} and "
        f"{counted(len(jobs), 'job')} are recorded.",
        gaps=[
            *Gap.of("No owner of this dataset is recorded", (str(d.place) for d in datasets if not d.owners)),
            *Gap.of("No owner of this job is recorded", (str(j.place) for j in jobs if not j.owners)),
        ],
    )


def code_versions(records: Records) -> Finding:
    """The code versions that jobs ran, oldest first."""
    jobs = jobs_of(records)
    rows = [
        (str(job.place), code, shown_time(first))
        for job in jobs
        for code, first in sorted(job.codes.items(), key=lambda item: item[1])
    ]
    attempts = records.survey.coverage.attempts
    without = sum(job.without_code for job in jobs)
    return Finding(
        "Code versions",
        f"{attempts - without:,} of {counted(attempts, 'attempt')} name the repository and commit that they ran: "
        f"{counted(len(rows), 'code version')} of {counted(sum(bool(job.codes) for job in jobs), 'job')}.",
        tables(("Job", "Code", "Ran first"), rows),
        Gap.of("No commit is recorded of this job's runs", (str(j.place) for j in jobs if not j.codes)),
    )


def changes(records: Records) -> Finding:
    """What changed over time: versions and schemas of datasets, code and datasets of jobs."""
    datasets = [d for d in datasets_of(records) if d.versions]
    jobs = [j for j in jobs_of(records) if len(j.codes) > 1 or len(j.footprints) > 1]
    datasets.sort(key=lambda dataset: (-len(dataset.schemas), -dataset.versions, dataset.place))
    data = [(str(d.place), f"{d.versions:,}", f"{len(d.schemas):,}", first_of(d), last_of(d)) for d in datasets]
    work = [(str(j.place), f"{len(j.codes):,}", f"{len(j.footprints):,}") for j in jobs]
    return Finding(
        "Changes over time",
        f"{counted(sum(d.versions for d in datasets), 'version')} of {counted(len(datasets), 'dataset')} are recorded. "
        f"{counted(sum(len(d.schemas) > 1 for d in datasets), 'dataset')} changed in schema, and "
        f"{counted(len(jobs), 'job')} in code or in what it reads and writes.",
        [
            *tables(("Dataset", "Versions", "Schemas", "First use", "Last use"), data),
            *tables(("Job", "Code versions", "Sets of inputs and outputs"), work),
        ],
    )
