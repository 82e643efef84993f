"""What datasets and jobs have in common: facets, documentation, owners and tags."""

from whence_graphql.arguments import AsOf, FacetNames
from whence_graphql.context import Info
from whence_graphql.describe import interface, resolved
from whence_graphql.facet import Facet, load_facets, load_model
from whence_graphql.labels import Owner, Tag
from whence_graphql.node import LineageNode
from whence_schemas.facets.base import Documentation, Ownership, Tags


@interface
class Asset(LineageNode):
    """What can be owned, tagged and documented: a dataset or a job."""

    @resolved
    async def facets(self, info: Info, names: FacetNames = None, as_of: AsOf = None) -> list[Facet]:
        """Facets as last said by then, by name. A facet lasts until something says otherwise, or deletes it."""
        return await load_facets(info, self.id, names, self.at(as_of))

    @resolved
    async def documentation(self, info: Info, as_of: AsOf = None) -> str | None:
        """The description in the `documentation` facet."""
        facet = await load_model(info, self.id, Documentation, "documentation", self.at(as_of))
        return facet.description if facet else None

    @resolved
    async def owners(self, info: Info, as_of: AsOf = None) -> list[Owner]:
        """The owners in the `ownership` facet."""
        facet = await load_model(info, self.id, Ownership, "ownership", self.at(as_of))
        return [Owner.named(owner.name, owner.type, self.at(as_of)) for owner in (facet.owners if facet else ())]

    @resolved
    async def tags(self, info: Info, as_of: AsOf = None) -> list[Tag]:
        """The tags in the `tags` facet, of its columns too."""
        facet = await load_model(info, self.id, Tags, "tags", self.at(as_of))
        return [
            Tag.named(tag.key, tag.value, tag.source, tag.field, self.at(as_of))
            for tag in (facet.tags if facet else ())
        ]
