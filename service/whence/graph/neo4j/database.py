"""The database: a driver that connects when it is first needed, and prepares the database then."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Concatenate, ParamSpec, TypeVar

from neo4j import AsyncGraphDatabase, AsyncSession, NotificationMinimumSeverity
from neo4j.exceptions import AuthError, DriverError, Neo4jError
from neo4j.exceptions import ConfigurationError as BadAddress

from whence.graph.neo4j.schema import clear, migrate
from whence.graph.neo4j.statements import Transaction
from whence.graph.neo4j.writing import Unprepared
from whence_schemas.errors import ConfigurationError, GraphUnavailable

log = logging.getLogger(__name__)

_CONNECT_SECONDS = 5
_RETRY_SECONDS = 5
_P = ParamSpec("_P")
_T = TypeVar("_T")
_Work = Callable[Concatenate[Transaction, _P], Awaitable[_T]]


class Database:
    """One database of a Neo4j, which may be away."""

    def __init__(self, uri: str, user: str, password: str, database: str | None) -> None:
        """Take note of where the database is; None is the user's home database.

        Raises:
            ConfigurationError: the address is none that the driver knows.
        """
        self._uri = uri
        self._user = user
        self._database = database
        self._ready = False
        self._preparing = asyncio.Lock()
        try:
            self._driver = AsyncGraphDatabase.driver(
                uri,
                auth=(user, password),
                connection_timeout=_CONNECT_SECONDS,
                max_transaction_retry_time=_RETRY_SECONDS,
                notifications_min_severity=NotificationMinimumSeverity.OFF,
            )
        except (BadAddress, ValueError) as error:
            raise ConfigurationError(f"{uri} is no address of a Neo4j: {error}. Use neo4j://host:7687") from error
        self._bookmarks = AsyncGraphDatabase.bookmark_manager()  # so that reads see the writes, in a cluster too

    async def try_to_open(self) -> None:
        """Prepare the database if it answers already.

        Raises:
            ConfigurationError: the password is wrong, or the database is one of a newer Whence. The driver is closed.
        """
        try:
            await self._prepare()
        except GraphUnavailable as error:
            if isinstance(error.__cause__, AuthError):
                await self.close()
                message = f"Neo4j at {self._uri} refuses user {self._user!r} with this password"
                raise ConfigurationError(message) from error
            log.warning("%s", error)
        except BaseException:
            await self.close()
            raise

    async def read(self, work: _Work[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Do the work in a transaction that reads.

        Raises:
            GraphUnavailable: the database does not do what it is asked.
        """
        await self._prepare()
        with self._errors():
            async with self._session() as session:
                return await session.execute_read(work, *args, **kwargs)

    def reading(self, work: _Work[_P, _T]) -> Callable[_P, Awaitable[_T]]:
        """What reads so when it is called."""

        async def read(*args: _P.args, **kwargs: _P.kwargs) -> _T:
            return await self.read(work, *args, **kwargs)

        return read

    async def write(self, work: _Work[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Do the work in a transaction that writes: all of it or nothing.

        Raises:
            GraphUnavailable: the database does not do what it is asked.
        """
        await self._prepare()
        with self._errors():
            async with self._session() as session:
                return await session.execute_write(work, *args, **kwargs)

    async def clear(self) -> None:
        """Delete everything.

        Raises:
            GraphUnavailable: the database does not do what it is asked. The next start goes on with it.
        """
        await self._prepare()
        with self._errors():
            async with self._session() as session:
                await clear(session)

    async def close(self) -> None:
        """Let the database go."""
        await self._driver.close()

    def _session(self) -> AsyncSession:
        return self._driver.session(database=self._database, bookmark_manager=self._bookmarks)

    async def _prepare(self) -> None:
        """Bring the database to this version, once."""
        if self._ready:
            return
        async with self._preparing:
            if not self._ready:
                with self._errors():
                    async with self._session() as session:
                        await migrate(session, self._uri)
                self._ready = True

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Tell of whatever goes wrong with the database as GraphUnavailable."""
        try:
            yield
        except Unprepared as error:
            self._ready = False
            raise GraphUnavailable(
                f"the database at {self._uri} was emptied; the graph is built again from the log"
            ) from error
        except (DriverError, Neo4jError, OSError) as error:
            raise GraphUnavailable(
                f"Neo4j at {self._uri} does not do what it is asked: {error}. See whether it runs, and whether user "
                "and password fit; the graph catches up by itself"
            ) from error
