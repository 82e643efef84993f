"""The notary: makes checkpoints of the log and signs them, changes the key, and has checkpoints time-stamped."""

import asyncio
import logging
from typing import Self

import rfc8785

from whence.eventlog.port import EventLog, SignedCheckpoint, Timestamp
from whence.notary.keys import KeyFile, key_chain, new_origin, vouch
from whence.notary.timestamps import TimestampAuthority, TimestampUnavailable
from whence.transparency.checkpoint import Checkpoint
from whence.transparency.merkle import Tree, verify_consistency
from whence.transparency.note import Signer, Verifier, open_note, sign_note
from whence_schemas.errors import ConfigurationError, VerificationFailed, WhenceError
from whence_schemas.times import format_time, now

log = logging.getLogger(__name__)

KEY = "key"
"""The kind of the records by which one key vouches for the next."""

PUBLISH_SECONDS = 5.0
"""How long it is at least from one checkpoint to the next, unless one is asked for."""
STAMP_SECONDS = 3_600.0
"""How long it is at least from one time stamp to the next, unless one is asked for."""
_STAMP_AGAIN_SECONDS = 600.0
"""After how long to ask an authority again that gave none."""


class Notary:
    """Signs for a log. Open it with `open`; only one may sign for a log at a time, which the log's lock sees to."""

    def __init__(
        self,
        log: EventLog,
        key_file: KeyFile,
        signer: Signer,
        vouching: list[bytes],
        authority: TimestampAuthority | None,
    ) -> None:
        self._log = log
        self._tree = Tree(log.hashes)
        self._key_file = key_file
        self._signer = signer
        self._vouching = vouching
        self._authority = authority
        self._signing = asyncio.Lock()

    @classmethod
    async def open(
        cls, log: EventLog, key_file: KeyFile, origin: str | None = None, authority: TimestampAuthority | None = None
    ) -> Self:
        """The notary of a log, whose key is made when neither is there yet. `origin` names a new log.

        Raises:
            ConfigurationError: the file does not hold the key that signs for this log, or its origin is another.
            LogUnavailable: the log cannot be read now.
        """
        records = (await log.read_units([""], await log.size())).get("", [])
        vouching = [record.payload or b"" for record in records if record.kind == KEY]
        last = await log.last_checkpoint()
        signers = await asyncio.to_thread(key_file.read)
        if not signers and not vouching and not last:
            signers = [Signer.generate(_checked_origin(origin or new_origin()))]
            await asyncio.to_thread(key_file.write, signers)
        try:
            keys = key_chain(vouching) or [signer.verifier_key for signer in signers[:1]]
            [signer] = [signer for signer in signers if signer.verifier_key == keys[-1]]
            if last:
                open_note(last.note, [Verifier.parse(key) for key in keys])
        except (ValueError, VerificationFailed):
            raise ConfigurationError(
                f"{key_file.path} does not hold the key that signs for this log. Restore it from a backup, or set "
                "WHENCE_LOG_KEY to the right file: without it nothing more can be signed that continues what was"
            ) from None
        if origin and origin != signer.name:
            raise ConfigurationError(
                f"WHENCE_LOG_ORIGIN is {origin}, but this log is {signer.name}: a log keeps its name. Unset it, or "
                "point WHENCE_LOG and WHENCE_LOG_KEY at another log"
            )
        return cls(log, key_file, signer, vouching, authority)

    @property
    def origin(self) -> str:
        """The log's name."""
        return self._signer.name

    @property
    def verifier_key(self) -> str:
        """The public key that belongs to the key that signs now."""
        return self._signer.verifier_key

    async def keys(self) -> tuple[list[str], list[bytes]]:
        """The verifier keys the log has had, the one in force last; the notes by which each vouches for the next."""
        return key_chain(self._vouching) or [self.verifier_key], list(self._vouching)

    def sign(self, text: str) -> bytes:
        """The text as a note, signed by the key in force. It must not be one that could pass for a checkpoint."""
        return sign_note(text, [self._signer])

    async def checkpoint(self) -> bytes:
        """A checkpoint of all that is in the log now, as a signed note."""
        return (await self.publish()).note

    async def publish(self) -> SignedCheckpoint:
        """A checkpoint of all that is in the log now, which is durably kept before anybody sees it.

        What can be read from the log is durable, so none is signed over leaves that a crash could take. It is checked
        to be consistent with the last one before it is signed, and so, by induction, with all.

        Raises:
            VerificationFailed: the log does not continue the one that was signed before; nothing is signed.
            LogUnavailable: the log cannot be read or written now.
        """
        async with self._signing:
            return await self._publish()

    async def _publish(self) -> SignedCheckpoint:
        size = await self._log.size()
        last = await self._log.last_checkpoint()
        if last and last.size == size:
            return last
        checkpoint = Checkpoint(self.origin, size, await self._tree.root(size))
        if last:
            await self._check_continues(last, checkpoint)
        published = SignedCheckpoint(size, sign_note(checkpoint.text(), [self._signer]), now())
        await self._log.add_checkpoint(published)
        return published

    async def _check_continues(self, last: SignedCheckpoint, checkpoint: Checkpoint) -> None:
        keys, _ = await self.keys()
        before = Checkpoint.parse(open_note(last.note, [Verifier.parse(key) for key in keys])[0])
        if before.size > checkpoint.size:
            raise VerificationFailed(
                f"the log has {checkpoint.size} entries, but {before.size} were signed before: entries are missing"
            )
        proof = await self._tree.consistency_proof(before.size, checkpoint.size)
        verify_consistency(before.size, before.root, checkpoint.size, checkpoint.root, proof)

    async def rotate(self, sender: str = "") -> str:
        """Let a new key sign from now on, for which the old one vouches in the log; the new verifier key.

        The file holds both keys until the record is in the log, so that after a crash it holds the right one. `sender`
        is the id of the key of who asked for it.

        Raises:
            ConfigurationError: the file of keys cannot be written.
            LogUnavailable: the log cannot be written now; the old key goes on signing.
        """
        async with self._signing:
            await self._publish()
            new = Signer.generate(self.origin)
            note = vouch(self._signer, new)
            await asyncio.to_thread(self._key_file.write, [self._signer, new])
            meta = {"received": format_time(now()), "redacted": [], "sender": sender}
            await self._log.append_record(KEY, note, rfc8785.dumps(meta))
            self._signer = new
            self._vouching.append(note)
            await asyncio.to_thread(self._key_file.write, [new])
            await self._publish()
        return new.verifier_key

    async def stamp(self, checkpoint: SignedCheckpoint) -> Timestamp:
        """Have a checkpoint time-stamped, and keep the stamp.

        Raises:
            TimestampUnavailable: the authority gives none now, or there is no authority.
        """
        if self._authority is None:
            raise TimestampUnavailable("no time-stamp authority is set: set WHENCE_TIMESTAMP_URL to the URL of one")
        stamp = Timestamp(checkpoint.size, await self._authority.stamp(checkpoint.note), now())
        await self._log.add_timestamp(stamp)
        return stamp

    async def run(self) -> None:
        """Publish and stamp for ever, now and then. While that fails, say so and try again."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._publish_for_ever())
            if self._authority:
                tasks.create_task(self._stamp_for_ever())

    async def _publish_for_ever(self) -> None:
        size = -1
        failing = ""
        while True:
            try:
                await self._log.wait_beyond(size)
                size = (await self.publish()).size
                failing = ""
            except Exception as error:
                if str(error) != failing:  # and not every few seconds
                    _tell("no checkpoint", error)
                failing = str(error)
            await asyncio.sleep(PUBLISH_SECONDS)

    async def _stamp_for_ever(self) -> None:
        while True:
            try:
                if last := await self._log.last_timestamp():
                    await asyncio.sleep(max(0.0, STAMP_SECONDS - (now() - last.at) / 1e6))
                await self._log.wait_beyond(last.size if last else 0)
                await self.stamp(await self.publish())
            except Exception as error:
                _tell("no time stamp", error)
                await asyncio.sleep(_STAMP_AGAIN_SECONDS)


def _tell(what: str, error: Exception) -> None:
    log.warning("%s: %s", what, error, exc_info=None if isinstance(error, WhenceError) else error)


def _checked_origin(origin: str) -> str:
    """The origin, which can be a key's name and the line of a note.

    Raises:
        ConfigurationError: it cannot.
    """
    if not origin.isprintable() or "+" in origin or " " in origin:
        raise ConfigurationError(
            f"WHENCE_LOG_ORIGIN: {origin!r} cannot name a log: it must hold neither spaces nor plus signs"
        )
    return origin
