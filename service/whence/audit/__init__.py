"""Evidence for people outside: scopes, archives and their verification, PROV, tables, reports."""
