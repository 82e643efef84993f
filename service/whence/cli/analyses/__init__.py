"""Commands that ask what follows from lineage: each the command, the GraphQL that it asks, and the page for people."""
