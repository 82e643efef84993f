// Rows by the unit that they are of.

// name: reports_of_units
UNWIND $keys AS key
MATCH (r:Report {unit: key})
RETURN collect([r.owner, r.declared, r.reported, r.start, r.run, r.number, r.footprint, r.state, r.last, r.unit])
// name: claims_of_units
UNWIND $keys AS key
MATCH (c:Claim {unit: key})
RETURN collect([c.entity, coalesce(c.full_name, c.name), c.value, c.first, c.last, c.unit])
