"""Attempts of runs: what they read, wrote and checked."""

from typing import Self

import strawberry
from strawberry.scalars import JSON

from whence_graphql.arguments import FacetNames
from whence_graphql.context import Info
from whence_graphql.dataset import Dataset
from whence_graphql.describe import object_type, resolved
from whence_graphql.facet import Facet, load_facets, load_model
from whence_graphql.labels import Assertion
from whence_graphql.scalars import Basis, DateTime
from whence_graphql.version import DatasetVersion, dataset_facets, input_facets, output_facets
from whence_schemas.facets.dataset import DataQualityAssertions
from whence_schemas.facets.run import RunTests
from whence_schemas.identity import assertion_key, attempt_id
from whence_schemas.read import AttemptRow, NodeRow, RunState, Use
from whence_schemas.times import EVER


@object_type
class RunInput:
    """A dataset that an attempt consumed."""

    dataset: Dataset
    use: strawberry.Private[Use]

    @resolved
    async def version(self, info: Info) -> DatasetVersion | None:
        """The version that was read; null where none is known."""
        made = await info.context.loaders.read_by.load(self.use, self.dataset.moment)
        if made is None and not self.use.version:
            return None
        key, label = (made.version, made.label) if made else (self.use.version, self.use.label)
        place = await info.context.loaders.node.load(made.dataset if made else self.use.dataset)
        if place is None:
            return None
        version = DatasetVersion.of(NodeRow(key, place.namespace, place.name, label), self.dataset.moment)
        version.production = made
        return version

    @resolved
    async def basis(self, info: Info) -> Basis | None:
        """How it is known which version was read; null where it is not known."""
        if self.use.version:
            return Basis.NAMED
        made = await info.context.loaders.read_by.load(self.use, self.dataset.moment)
        return Basis.INFERRED if made else None

    @resolved
    async def facets(self, info: Info, names: FacetNames = None) -> list[Facet]:
        """The dataset's facets, as this attempt said them."""
        return await dataset_facets(info, self.use, names)

    @resolved
    async def input_facets(self, info: Info, names: FacetNames = None) -> list[Facet]:
        """Facets of this reading."""
        return await input_facets(info, self.use, names)


@object_type
class RunOutput:
    """A dataset that an attempt produced."""

    dataset: Dataset
    version: DatasetVersion
    use: strawberry.Private[Use]

    @resolved
    async def facets(self, info: Info, names: FacetNames = None) -> list[Facet]:
        """The dataset's facets, as this attempt said them."""
        return await dataset_facets(info, self.use, names)

    @resolved
    async def output_facets(self, info: Info, names: FacetNames = None) -> list[Facet]:
        """Facets of this writing."""
        return await output_facets(info, self.use, names)


@object_type
class Check:
    """The result of a data-quality check or test."""

    assertion: Assertion
    passed: bool | None = strawberry.field(description="Null where it was neither passed nor failed.")
    status: str = strawberry.field(description="pass, fail or skip.")
    severity: str | None = strawberry.field(description="error (a failure blocks) or warn.")
    description: str | None
    expected: JSON | None
    actual: JSON | None


@object_type
class Attempt:
    """One attempt of a run: from a START, or its first event, to the next START after its end."""

    number: int = strawberry.field(description="From 0.")
    state: RunState
    started_at: DateTime
    ended_at: DateTime | None = strawberry.field(description="When it reached its state; null while it runs.")
    last_event_at: DateTime
    anomalies: list[str] = strawberry.field(description="What is odd in its events, in sentences.")
    row: strawberry.Private[AttemptRow]
    moment: strawberry.Private[int]

    @classmethod
    def of(cls, row: AttemptRow, moment: int) -> Self:
        """The attempt of a row."""
        return cls(
            number=row.number,
            state=RunState(row.state),
            started_at=DateTime(row.start),
            ended_at=None if row.end is None else DateTime(row.end),
            last_event_at=DateTime(row.last),
            anomalies=list(row.anomalies),
            row=row,
            moment=moment,
        )

    @resolved
    async def facets(self, info: Info, names: FacetNames = None) -> list[Facet]:
        """Facets of the run, in this attempt."""
        return await load_facets(info, self.key, names, EVER)

    @resolved
    async def job_facets(self, info: Info, names: FacetNames = None) -> list[Facet]:
        """The job's facets, as this attempt said them: such as the SQL that ran."""
        return await load_facets(info, self.row.job, names, self.row.last, self.row.run)

    @resolved
    async def inputs(self, info: Info) -> list[RunInput]:
        """What it consumed."""
        return await self.consumed(info)

    @resolved
    async def outputs(self, info: Info) -> list[RunOutput]:
        """What it produced."""
        return await self.produced(info)

    @resolved
    async def checks(self, info: Info) -> list[Check]:
        """Results of the data-quality checks and tests that it reports."""
        return await self.checked(info)

    async def consumed(self, info: Info) -> list[RunInput]:
        """Its inputs."""
        return [RunInput(dataset=dataset, use=use) for use, dataset in await self._uses(info, "CONSUMED")]

    async def produced(self, info: Info) -> list[RunOutput]:
        """Its outputs."""
        found = []
        for use, dataset in await self._uses(info, "PRODUCED"):
            place = NodeRow(dataset.id, dataset.namespace, dataset.name)
            version = DatasetVersion.of(place._replace(key=use.version, field=use.label), self.moment)
            version.production = use
            found.append(RunOutput(dataset=dataset, version=version, use=use))
        return found

    async def checked(self, info: Info) -> list[Check]:
        """Its checks: those of the run, then those of its datasets."""
        found = {}
        tests = await load_model(info, self.key, RunTests, "test", EVER)
        for test in tests.tests if tests else ():
            row = NodeRow(assertion_key("", test.name, ""), "", "", test.name)
            found[row.key] = Check(
                assertion=Assertion.of(row, self.moment),
                passed={"pass": True, "fail": False}.get(test.status.lower()),
                status=test.status,
                severity=test.severity,
                description=test.description,
                expected=JSON(test.expected),
                actual=JSON(test.actual),
            )
        for role in ("CONSUMED", "PRODUCED"):
            for use, dataset in await self._uses(info, role):
                for check in await self._checks_of(info, use, dataset):
                    found[check.assertion.id] = check
        return list(found.values())

    async def _checks_of(self, info: Info, use: Use, dataset: Dataset) -> list[Check]:
        name, model = "dataQualityAssertions", DataQualityAssertions
        reading = f"{self.key}<{use.dataset}"
        said = [
            await load_model(info, use.dataset, model, name, self.row.last, use.run),
            await load_model(info, reading, model, name, EVER) if use.role == "CONSUMED" else None,
        ]
        found = []
        for result in (result for facet in said if facet for result in facet.assertions):
            column = result.column or ""
            label = f"{result.assertion} ({column})" if column else result.assertion
            key = assertion_key(use.dataset, result.assertion, column)
            found.append(
                Check(
                    assertion=Assertion.of(NodeRow(key, dataset.namespace, dataset.name, label), self.moment),
                    passed=result.success,
                    status="pass" if result.success else "fail",
                    severity=result.severity,
                    description=result.description,
                    expected=JSON(result.expected),
                    actual=JSON(result.actual),
                )
            )
        return found

    @property
    def key(self) -> str:
        """What its facets are kept under."""
        return attempt_id(self.row.run, self.row.number)

    async def _uses(self, info: Info, role: str) -> list[tuple[Use, Dataset]]:
        uses = await info.context.loaders.uses.load(self.row.run)
        mine = [use for use in uses if use.number == self.row.number and use.role == role]
        rows = await info.context.loaders.node.load_many([use.dataset for use in mine])
        return [(use, Dataset.of(row, self.moment)) for use, row in zip(mine, rows, strict=True) if row is not None]
