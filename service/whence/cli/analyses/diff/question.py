"""The GraphQL that the command asks."""

from whence.cli.selections import MORE, PLACE, SHOWING, WAYS

_SHOWN = f"shown {{ first {SHOWING} last {SHOWING} without {SHOWING} reach }}"
_EDGE = f"kind observed declared transformations {{ {WAYS} }}"
_NODE = f"{PLACE} ... on Dataset {{ names {{ namespace name }} }}"
_COLUMN_DIFF = f"dataset {{ {PLACE} }} path change before after said {SHOWING}"
_CODE = "repository commit branch path dirty source version"
_CODE_DIFF = f"job {{ {PLACE} }} before {{ {_CODE} }} after {{ {_CODE} }} texts {{ facet diff cut }} said {SHOWING}"
_FACET_DIFF = f"of {{ {PLACE} }} name difference before after said {SHOWING}"

DIFF = f"""
query Diff(
  $of: LineageStart!, $from: DateTime!, $to: DateTime, $direction: Direction!, $depth: Int!, $granularity: Granularity,
  $window: Int!, $first: Int!
) {{
  diff(
    of: $of, from: $from, to: $to, direction: $direction, depth: $depth, granularity: $granularity, window: $window
  ) {{
    from to granularity window truncated truncatedBy notes logSize cursor
    start {{ {PLACE} }}
    counts {{ nodesAppeared nodesVanished nodesChanged edgesAppeared edgesVanished edgesChanged }}
    nodes(first: $first) {{
      edges {{ node {{ difference distance before {{ {_NODE} }} after {{ {_NODE} }} {_SHOWN} }} }} {MORE}
    }}
    edges(first: $first) {{
      edges {{ node {{
        difference distance before {{ {_EDGE} }} after {{ {_EDGE} }}
        source {{ {PLACE} }} target {{ {PLACE} }} by {{ {PLACE} }} {_SHOWN}
      }} }} {MORE}
    }}
    columns(first: $first) {{ edges {{ node {{ {_COLUMN_DIFF} }} }} {MORE} }}
    code(first: $first) {{ edges {{ node {{ {_CODE_DIFF} }} }} {MORE} }}
    facets(first: $first) {{ edges {{ node {{ {_FACET_DIFF} }} }} {MORE} }}
  }}
}}
"""

_COMPARED = "kind namespace name runId state startedAt endedAt nominalStart nominalEnd"
_READING = "version { label } producedAt basis rows bytes partitions"

RUN_DIFF = f"""
query RunDiff($before: RunChoice!, $after: RunChoice!, $first: Int!) {{
  runDiff(before: $before, after: $after) {{
    notes logSize cursor
    before {{ {_COMPARED} }}
    after {{ {_COMPARED} }}
    datasets(first: $first) {{
      edges {{ node {{
        dataset {{ {PLACE} }} role difference before {{ {_READING} }} after {{ {_READING} }}
      }} }} {MORE}
    }}
    lineage(first: $first) {{
      edges {{ node {{
        difference source {{ {PLACE} }} target {{ {PLACE} }}
        before {{ {WAYS} }} after {{ {WAYS} }}
      }} }} {MORE}
    }}
    columns(first: $first) {{ edges {{ node {{ {_COLUMN_DIFF} }} }} {MORE} }}
    code {{ {_CODE_DIFF} }}
    parameters(first: $first) {{ edges {{ node {{ name difference before after }} }} {MORE} }}
    facets(first: $first) {{ edges {{ node {{ {_FACET_DIFF} }} }} {MORE} }}
    parts(first: $first) {{
      edges {{ node {{ job {{ {PLACE} }} difference before {{ runId state }} after {{ runId state }} }} }} {MORE}
    }}
  }}
}}
"""
