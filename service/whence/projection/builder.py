"""Builds a contribution from what a fold found: rows, the content that they refer to, and the edges that follow."""

from whence.graph.derive import derived_from_facet, edges_of_claim, edges_of_report, makes_edges, merge
from whence.graph.facts import Attempt, Claim, Contribution, EdgeId, Node, Report, Rows, Since
from whence.graph.footprint import Footprint
from whence.projection.claims import Claims
from whence.projection.io import JobIO
from whence_schemas.identity import Kind, column_key
from whence_schemas.read import Use


class Builder:
    """A contribution in the making."""

    def __init__(self, unit: str, claims: Claims) -> None:
        self._unit = unit
        self._claims = claims
        self._nodes: dict[str, Node] = {}
        self._edges: dict[EdgeId, Since] = {}
        self._reports: set[Report] = set()
        self._footprints: dict[str, Footprint] = {}
        self._uses: dict[tuple[str, int, str, str], Use] = {}
        self.attempts: set[Attempt] = set()

    def add_node(self, node: Node) -> None:
        """Name a node."""
        self._nodes[node.key] = node

    def add_edge(self, edge: EdgeId, since: Since) -> None:
        """Add an edge that the unit owns."""
        merge(self._edges, {edge: since})

    def add_use(self, use: Use) -> None:
        """Add a use; an attempt has one for each role and dataset."""
        self._uses[use[:4]] = use

    def add_report(self, report: Report, io: JobIO) -> Footprint:
        """Add a report with the footprint of what was read and written."""
        footprint = io.footprint()
        report = report._replace(footprint=footprint.key, reported=int(footprint.reports_datasets))
        self._reports.add(report)
        self._footprints[footprint.key] = footprint
        merge(self._edges, edges_of_report(report, footprint))
        for key, (namespace, name) in io.names.items():
            self.add_node(Node(key, Kind.DATASET, namespace, name))
        for edge in footprint.columns:
            for dataset, field in ((edge.output, edge.field), (edge.source, edge.source_field)):
                if field:
                    self._add_column(dataset, field)
        return footprint

    def _add_column(self, dataset: str, field: str) -> None:
        key = column_key(dataset, field)
        if key not in self._nodes:
            self._nodes[key] = Node(key, Kind.COLUMN, "", field, dataset)

    def build(self) -> Contribution:
        """The contribution."""
        claims = self._claims.rows()
        bodies = self._claims.bodies(claims)
        for claim in claims:
            self._derive(claim, bodies)
        rows = Rows(frozenset(self.attempts), frozenset(self._reports), claims, frozenset(self._uses.values()))
        nodes = frozenset(self._nodes.values())
        return Contribution(self._unit, rows, self._edges, nodes, bodies, self._footprints)

    def _derive(self, claim: Claim, bodies: dict[str, bytes]) -> None:
        if makes_edges(claim):
            body = bodies[claim.value]
            for node in derived_from_facet(claim.entity, claim.facet, claim.value, body).nodes:
                self._nodes[node.key] = node
            merge(self._edges, edges_of_claim(self._unit, claim, body))
