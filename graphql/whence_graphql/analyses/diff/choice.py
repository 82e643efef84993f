"""Which runs are compared."""

import strawberry
from strawberry import ID


@strawberry.input(description="Names a version of a job's code.")
class CodeInput:
    """A version of a job's code."""

    namespace: str
    name: str
    commit: str = strawberry.field(description="The commit, or its beginning.")


@strawberry.input(one_of=True, description="A run, or the newest run of a job that executed a commit: one of these.")
class RunChoice:
    """Names a run; exactly one is set."""

    run: ID | None = strawberry.field(default=strawberry.UNSET, description="A run id, or a run's `id`.")
    code: CodeInput | None = strawberry.UNSET
