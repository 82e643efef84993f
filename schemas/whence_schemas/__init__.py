"""OpenLineage events and facets, the identity of what they name, and the models in which lineage is read."""
