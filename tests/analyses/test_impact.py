"""Impact: what a change touches, on what evidence, and who is to be told."""

import re
from uuid import UUID

import pytest

from tests.build import JOBS, NOW, NS, dataset, dataset_event, event, job_event, run_id
from whence.analyses.impact.answer import impact
from whence_schemas.errors import InvalidQuestion, NotFound
from whence_schemas.identity import column_key, dataset_key, job_key, run_key
from whence_schemas.impact import Change, ImpactQuestion
from whence_schemas.lineage import Granularity, Limit


def ds(name, field=""):
    return column_key(dataset_key(NS, name), field) if field else dataset_key(NS, name)


def job(name):
    return job_key(JOBS, name)


FILTER = [{"type": "INDIRECT", "subtype": "FILTER"}]
HASH = [{"type": "DIRECT", "subtype": "TRANSFORMATION", "masking": True}]


def source(name, field, said=()):
    return {"namespace": NS, "name": name, "field": field, "transformations": list(said)}


def made(name, whole=(), **fields):
    """A dataset with column lineage: sources by field, and sources of the whole."""
    said = {field: {"inputFields": found} for field, found in fields.items()}
    return dataset(name, columnLineage={"fields": said, "dataset": list(whole)})


def shop():
    """orders.amount is summed up, orders.country filters, nobody reads orders.note; audit does not tell its columns."""
    return [
        dataset_event("09:00:00", "orders", schema={"fields": [{"name": "note", "type": "text"}]}),
        event(
            "COMPLETE",
            "10:00:00",
            "sum",
            1,
            ["orders"],
            [made("totals", [source("orders", "country", FILTER)], total=[source("orders", "amount")])],
        ),
        event("COMPLETE", "11:00:00", "report", 2, ["totals"], [made("chart", bar=[source("totals", "total")])]),
        event("COMPLETE", "12:00:00", "audit", 3, ["totals"], ["log"]),
    ]


class Asked:
    """An answer by names."""

    def __init__(self, answer, names):
        self.answer = answer
        self._names = names

    def name(self, key):
        return self._names[key]

    @property
    def distances(self):
        return {self.name(t.key): t.distance for t in self.answer.touched}

    @property
    def inferred(self):
        return {self.name(t.key) for t in self.answer.touched if t.step.certainty == "INFERRED"}

    def path(self, name):
        """The path to what has this name: nodes, and the jobs on the way."""
        (touched,) = [t for t in self.answer.touched if self.name(t.key) == name]
        found = [key for step in touched.step.path() for key in (step.by, step.place.key) if key]
        return [self.name(key) for key in found]


async def ask(store, *starts, by_column=False, **options):
    granularity = Granularity.COLUMN if by_column or starts[0][0] == "C" else Granularity.DATASET
    answer = await impact(store, ImpactQuestion(starts, **{"as_of": NOW, "granularity": granularity, **options}))
    steps = [step for touched in answer.touched for step in touched.step.path()]
    assets = [touched.key for touched in answer.touched if touched.key[0] != "C"]
    nodes = await store.nodes([*assets, *starts, *(k for s in steps for k in (s.place.asset, s.by) if k)])
    names = {key: node.name for key, node in nodes.items()}
    for place in (step.place for step in steps):
        names[place.key] = f"{names[place.asset]}.{place.field}" if place.field else names[place.asset]
    return Asked(answer, names)


async def test_everything_downstream_by_distance_with_a_path(graph):
    found = await ask(await graph(*shop()), ds("orders"))
    assert found.distances == {"totals": 1, "sum": 1, "report": 2, "chart": 2, "audit": 2, "log": 2}
    assert found.path("chart") == ["orders", "sum", "totals", "report", "chart"]
    assert found.path("audit") == ["orders", "sum", "totals", "audit"]
    assert (found.inferred, found.answer.notes) == (set(), [])


async def test_the_shortest_of_several_ways_is_the_proof(graph):
    store = await graph(
        event("COMPLETE", "10:00:00", "one", 1, ["a"], ["b"]),
        event("COMPLETE", "10:00:00", "two", 2, ["b"], ["c"]),
        event("COMPLETE", "10:00:00", "short", 3, ["a"], ["c"]),
        event("COMPLETE", "10:00:00", "back", 4, ["c"], ["a", "c"]),
    )
    found = await ask(store, ds("a"))
    assert found.distances == {"b": 1, "one": 1, "c": 1, "short": 1, "two": 2, "back": 2}
    assert found.path("c") == ["a", "short", "c"]


async def test_a_column_touches_only_those_who_use_it(graph):
    store = await graph(*shop())
    found = await ask(store, ds("orders", "amount"))
    recorded = {"totals": 1, "totals.total": 1, "sum": 1, "report": 2, "chart": 2, "chart.bar": 2}
    assert found.distances == recorded | {"audit": 2, "log": 2}
    assert found.path("chart.bar") == ["orders.amount", "sum", "totals.total", "report", "chart.bar"]
    assert (await ask(store, ds("orders", "note"))).distances == {}


async def test_where_column_lineage_is_missing_the_whole_table_counts_as_inferred(graph):
    found = await ask(await graph(*shop()), ds("orders", "amount"))
    assert found.inferred == {"audit", "log"}
    (note,) = found.answer.notes
    assert "1 of the jobs" in note
    assert "audit" in note


async def test_that_a_whole_table_is_read_is_recorded_though_what_becomes_of_its_columns_is_not(graph):
    found = await ask(await graph(*shop()), ds("totals"), by_column=True)
    assert found.distances == {"report": 1, "chart": 1, "chart.bar": 1, "audit": 1, "log": 1}
    assert found.inferred == {"log"}


async def test_a_path_is_as_certain_as_its_least_certain_step(graph):
    store = await graph(
        event("COMPLETE", "10:00:00", "blind", 1, ["a"], ["b"]),
        event("COMPLETE", "11:00:00", "exact", 2, ["b"], [made("c", y=[source("b", "x")])]),
        event("COMPLETE", "10:00:00", "seen", 3, ["a"], [made("b2", x=[source("a", "x")])]),
        event("COMPLETE", "11:00:00", "also", 4, ["b2"], [made("c", y=[source("b2", "x")])]),
        event("COMPLETE", "12:00:00", "only", 5, ["b"], [made("d", y=[source("b", "x")])]),
    )
    found = await ask(store, ds("a", "x"))
    assert found.path("c.y") == ["a.x", "seen", "b2.x", "also", "c.y"]  # of two paths as short the recorded one
    assert found.inferred == {"blind", "b", "exact", "only", "d", "d.y"}


async def test_a_filter_on_a_column_touches_the_whole_output(graph):
    found = await ask(await graph(*shop()), ds("orders", "country"))
    assert found.distances["chart.bar"] == 2
    assert found.path("totals") == ["orders.country", "sum", "totals"]
    assert "totals.total" not in found.distances  # as a whole, not column by column


class TestChanges:
    """What each kind of change touches."""

    async def test_a_new_type_goes_on_only_where_values_flow(self, graph):
        store = await graph(*shop())
        filtered = await ask(store, ds("orders", "country"), change=Change.RETYPE)
        assert filtered.distances == {"totals": 1, "sum": 1}
        assert "chart.bar" in (await ask(store, ds("orders", "amount"), change=Change.RETYPE)).distances

    async def test_a_new_name_touches_those_who_read_the_old_one(self, graph):
        found = await ask(await graph(*shop()), ds("orders"), change=Change.RENAME)
        assert found.distances == {"totals": 1, "sum": 1}

    @pytest.mark.parametrize("change", [Change.DROP, Change.VALUES])
    async def test_a_job_that_stops_or_changes_touches_what_it_writes(self, graph, change):
        found = await ask(await graph(*shop()), job("report"), job("audit"), change=change)
        assert found.distances == {"chart": 1, "log": 1}
        assert found.path("log") == ["audit", "audit", "log"]

    async def test_a_job_that_changes_stands_for_the_jobs_in_it(self, graph):
        parent = {"run": {"runId": run_id(9)}, "job": {"namespace": JOBS, "name": "dag"}}
        store = await graph(
            event("START", "09:00:00", "dag", 9),
            event("COMPLETE", "10:00:00", "dag.load", 1, outputs=["t"], run_facets={"parent": parent}),
            event("COMPLETE", "11:00:00", "other", 2, ["t"], ["u"]),
        )
        found = await ask(store, job("dag"))
        assert found.distances == {"t": 1, "u": 2, "other": 2}
        assert found.path("t") == ["dag", "dag.load", "dag.load", "t"]


async def test_several_starts_count_from_the_nearest(graph):
    found = await ask(await graph(*shop()), ds("orders"), ds("totals"))
    assert found.distances == {"sum": 1, "report": 1, "chart": 1, "audit": 1, "log": 1}


async def test_time_window_and_depth(graph):
    store = await graph(
        event("COMPLETE", "10:00:00", "j", 1, ["a"], ["old"]),
        event("COMPLETE", "12:00:00", "j", 2, ["a"], ["new"]),
        event("COMPLETE", "12:00:00", "k", 3, ["new"], ["next"]),
    )
    eleven = NOW - (NOW % 86_400_000_000) - 151 * 86_400_000_000 + 11 * 3_600_000_000
    assert (await ask(store, ds("a"), as_of=eleven)).distances == {"old": 1, "j": 1}
    assert "old" not in (await ask(store, ds("a"), window=1)).distances
    assert (await ask(store, ds("a"), depth=1)).distances == {"old": 1, "new": 1, "j": 1}
    assert (await ask(store, ds("a"), depth=0)).distances == {}


async def test_other_names_are_crossed_at_no_distance_unless_a_rule_forbids(graph):
    other = {"identifiers": [{"namespace": NS, "name": "alias", "type": "TABLE"}]}
    store = await graph(
        dataset_event("09:00:00", "table", symlinks=other),
        event("COMPLETE", "10:00:00", "r", 1, ["alias"], [made("out", y=[source("alias", "x")])]),
        event("COMPLETE", "10:00:00", "w", 2, [], [made("table", x=[source("base", "x")])]),
    )
    assert (await ask(store, ds("base", "x"))).path("out.y") == ["base.x", "w", "alias.x", "r", "out.y"]
    question = ImpactQuestion((ds("table"),), NOW)
    assert (await impact(store, question, [re.compile("alias")])).touched == []


async def test_declared_lineage_counts(graph):
    facet = {"inputs": [{"type": "DATASET", "namespace": NS, "name": "a"}]}
    store = await graph(
        job_event("10:00:00", "planned", ["a"], ["b"]), dataset_event("10:00:00", "view", lineage=facet)
    )
    found = await ask(store, ds("a"))
    assert found.distances == {"planned": 1, "b": 1, "view": 1}
    assert found.path("view") == ["a", "view", "view"]


def people():
    """Who owns what, and what is at the end."""
    pii = {"tags": [{"key": "pii", "value": "yes", "field": "email"}, {"key": "tier", "value": "1"}]}
    return [
        dataset_event("09:00:00", "users", tags=pii, ownership={"owners": [{"name": "team:crm"}]}),
        event(
            "COMPLETE",
            "10:00:00",
            "load",
            1,
            ["users"],
            [made("flat", mail=[source("users", "email")], hash=[source("users", "email", HASH)])],
            job_facets={"ownership": {"owners": [{"name": "team:dwh", "type": "MAINTAINER"}]}},
        ),
        event(
            "COMPLETE",
            "11:00:00",
            "train",
            2,
            ["flat"],
            [dataset("churn", datasetType={"datasetType": "Model"}, ownership={"owners": [{"name": "team:dwh"}]})],
        ),
        event(
            "COMPLETE",
            "11:00:00",
            "show",
            3,
            ["flat"],
            job_facets={"jobType": {"processingType": "BATCH", "integration": "BI", "jobType": "DASHBOARD"}},
        ),
        event(
            "COMPLETE",
            "12:00:00",
            "digest",
            4,
            ["flat"],
            [made("stats", n=[source("flat", "hash")], m=[source("flat", "mail", FILTER)])],
            job_facets={"jobType": {"processingType": "BATCH", "integration": "DBT", "jobType": "MODEL"}},
        ),
    ]


class TestLabels:
    """What facets say of what is touched."""

    async def test_owners_to_tell(self, graph):
        labels = await (await ask(await graph(*people()), ds("users"))).answer.labels()
        assert [(o.name, o.distance, o.assets) for o in labels.owners] == [("team:crm", 0, 1), ("team:dwh", 1, 2)]
        assert labels.owners[1].nearest.key == job("load")

    async def test_a_tag_is_followed_along_columns_unless_it_is_masked(self, graph):
        labels = await (await ask(await graph(*people()), ds("users", "email"))).answer.labels()
        said = {(t.place.key, t.name, str(t.certainty), t.origin.key) for t in labels.tags}
        email = ds("users", "email")
        assert said == {
            (email, "pii", "RECORDED", email),
            (ds("flat", "mail"), "pii", "INFERRED", email),
            (ds("churn"), "pii", "INFERRED", email),  # train does not tell which columns it uses
            (ds("users"), "tier", "RECORDED", ds("users")),
        }

    async def test_tags_of_a_whole_table(self, graph):
        store = await graph(*people())
        by_table = await (await ask(store, ds("users"))).answer.labels()
        assert {(t.place.field, t.name) for t in by_table.tags} == {("email", "pii"), ("", "tier")}
        by_column = await (await ask(store, ds("users"), by_column=True)).answer.labels()
        assert ds("flat", "mail") in {t.place.key for t in by_column.tags}
        assert ds("flat", "hash") not in {t.place.key for t in by_column.tags}

    async def test_only_tags_of_what_is_touched_and_what_is_said_stays_recorded(self, graph):
        other = {"tags": [{"key": "pii", "value": "yes", "field": "phone"}]}
        again = {"tags": [{"key": "pii", "value": "yes", "field": "mail"}]}
        store = await graph(
            *people(),
            dataset_event("13:00:00", "flat", tags=again),
            dataset_event("13:00:00", "stats", tags=other),
        )
        labels = await (await ask(store, ds("users", "email"))).answer.labels()
        certain = {t.place.key: (str(t.certainty), t.origin.key) for t in labels.tags if t.name == "pii"}
        assert certain[ds("flat", "mail")] == ("RECORDED", ds("flat", "mail"))
        by_hash = await (await ask(store, ds("flat", "hash"))).answer.labels()
        assert {t.place.key for t in by_hash.tags} == set()

    async def test_labels_of_an_answer_that_was_cut(self, graph):
        found = await ask(await graph(*people()), ds("users", "email"), max_nodes=2)
        assert found.answer.truncated == Limit.NODES
        touched = {ds("users"), ds("users", "email"), *(t.key for t in found.answer.touched)}
        assert {t.place.key for t in (await found.answer.labels()).tags} <= touched

    async def test_what_changes_is_no_end(self, graph):
        labels = await (await ask(await graph(*people()), ds("churn"), job("show"))).answer.labels()
        assert labels.ends == []

    async def test_models_and_reports(self, graph):
        labels = await (await ask(await graph(*people()), ds("users"))).answer.labels()
        assert {(e.key, str(e.kind), e.word) for e in labels.ends} == {
            (ds("churn"), "MODEL", "Model"),
            (job("show"), "REPORT", "DASHBOARD"),
        }

    async def test_counts_by_distance(self, graph):
        counts = (await (await ask(await graph(*people()), ds("users", "email"))).answer.labels()).counts
        assert {distance: tuple(found) for distance, found in counts.items()} == {
            #  datasets, columns, jobs, recorded, inferred, owners, tags, models, reports
            0: (0, 0, 0, 0, 0, 1, 2, 0, 0),
            1: (1, 2, 1, 4, 0, 1, 0, 0, 0),
            2: (2, 2, 3, 4, 3, 0, 0, 1, 1),
        }

    async def test_labels_are_those_of_the_time(self, graph):
        store = await graph(
            event("COMPLETE", "10:00:00", "j", 1, ["a"], ["b"]),
            dataset_event("10:00:00", "b", ownership={"owners": [{"name": "old"}]}),
            dataset_event("12:00:00", "b", ownership={"owners": [{"name": "new"}]}),
        )
        assert [o.name for o in (await (await ask(store, ds("a"))).answer.labels()).owners] == ["new"]


async def test_an_answer_that_was_cut_says_so_and_is_always_the_same(graph):
    store = await graph(
        *(event("COMPLETE", "10:00:00", f"j{n}", n, ["a"], [f"b{n}"]) for n in range(20)),
    )
    whole = await ask(store, ds("a"))
    cut = await ask(store, ds("a"), max_nodes=11)
    assert (whole.answer.truncated, cut.answer.truncated) == (None, Limit.NODES)
    assert [t.key for t in cut.answer.touched] == [t.key for t in whole.answer.touched[:10]]
    assert (await ask(store, ds("a"), seconds=0)).answer.truncated == Limit.TIME


@pytest.mark.parametrize(
    ("starts", "options", "message"),
    [
        ((), {}, "0 starts"),
        ((job("sum"),), {"change": Change.RETYPE}, "job knows no RETYPE"),
        ((ds("orders"),), {"granularity": Granularity.RUN}, "DATASET or COLUMN"),
        ((ds("orders"),), {"depth": -1}, "depth"),
        ((ds("orders"),), {"window": 0}, "window"),
        ((run_key(str(UUID(int=1))),), {}, "datasets, columns and jobs"),
    ],
)
async def test_questions_that_are_wrong(graph, starts, options, message):
    store = await graph(*shop())
    with pytest.raises(InvalidQuestion, match=message):
        await impact(store, ImpactQuestion(starts, NOW, **options))


async def test_what_is_not_there(graph):
    with pytest.raises(NotFound, match="start 2"):
        await impact(await graph(*shop()), ImpactQuestion((ds("orders"), ds("nothing")), NOW))
