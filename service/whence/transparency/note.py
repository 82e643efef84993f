"""Signed notes (C2SP signed-note) with Ed25519 keys: text, an empty line, a line for each signature."""

import base64
import binascii
import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from whence_schemas.errors import VerificationFailed

_ED25519 = b"\x01"
_KEY_BYTES = 32
_KEY_ID_BYTES = 4
_SECRET = "PRIVATE+KEY+"  # noqa: S105  # how secret keys begin, not one
_DASH = "\u2014"
_MOST_SIGNATURES = 100
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class Verifier:
    """A public key and the name it signs under."""

    def __init__(self, name: str, key: Ed25519PublicKey) -> None:
        """A verifier.

        Raises:
            ValueError: the name is empty, or has a space or a plus in it.
        """
        if not name or "+" in name or any(sign.isspace() for sign in name):
            raise ValueError(f"{name!r} names no key: it must not be empty, nor hold spaces or plus signs")
        self.name = name
        self._key = key
        raw = _ED25519 + key.public_bytes_raw()
        self.key_id = sha256(name.encode() + b"\n" + raw).digest()[:_KEY_ID_BYTES]
        self.verifier_key = f"{name}+{self.key_id.hex()}+{base64.b64encode(raw).decode()}"

    @classmethod
    def parse(cls, verifier_key: str) -> Self:
        """The verifier that is written ``name+hash+base64``.

        Raises:
            VerificationFailed: it is not written so.
        """
        name, _, rest = verifier_key.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        try:
            found = cls(name, Ed25519PublicKey.from_public_bytes(_key_bytes(encoded)))
        except ValueError:
            raise VerificationFailed(f"{verifier_key[:200]!r} is no verifier key (name+hash+base64)") from None
        if found.key_id.hex() != key_id:
            raise VerificationFailed(f"the verifier key {verifier_key[:200]!r} was changed: its hash is not {key_id}")
        return found

    def holds(self, text: bytes, signature: bytes) -> bool:
        """Whether the signature is this key's, of this text."""
        try:
            self._key.verify(signature, text)
        except InvalidSignature:
            return False
        return True


class Signer:
    """A secret key and the name it signs under.

    Attributes:
        name: the name.
        key_id: 4 bytes that tell its keys apart.
        verifier_key: the public key, as ``name+hash+base64``.
    """

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        """A signer.

        Raises:
            ValueError: the name is empty, or has a space or a plus in it.
        """
        verifier = Verifier(name, key.public_key())
        self.name = name
        self.key_id = verifier.key_id
        self.verifier_key = verifier.verifier_key
        self._key = key

    @classmethod
    def generate(cls, name: str) -> Self:
        """A signer with a new key."""
        return cls(name, Ed25519PrivateKey.generate())

    @classmethod
    def parse(cls, secret: str) -> Self:
        """The signer that `secret` writes down.

        Raises:
            ValueError: it is not written so.
        """
        name, _, rest = secret.strip().removeprefix(_SECRET).partition("+")
        key_id, _, encoded = rest.partition("+")
        found = cls(name, Ed25519PrivateKey.from_private_bytes(_key_bytes(encoded)))
        if not secret.startswith(_SECRET) or found.key_id.hex() != key_id:
            raise ValueError("no secret key, or one that was changed")
        return found

    @property
    def secret(self) -> str:
        """The secret key, as Go's ``golang.org/x/mod/sumdb/note`` writes it."""
        encoded = base64.b64encode(_ED25519 + self._key.private_bytes_raw()).decode()
        return f"{_SECRET}{self.name}+{self.key_id.hex()}+{encoded}"

    def sign(self, text: str) -> bytes:
        """64 bytes: the signature of the text."""
        return self._key.sign(text.encode())


def sign_note(text: str, signers: Sequence[Signer]) -> bytes:
    """The text, signed by all.

    Raises:
        ValueError: the text does not end with a newline, or holds control characters.
    """
    if not text.endswith("\n") or _CONTROL.search(text):
        raise ValueError("the text of a note ends with a newline, and holds no other control characters")
    lines = [
        f"{_DASH} {signer.name} {base64.b64encode(signer.key_id + signer.sign(text)).decode()}\n" for signer in signers
    ]
    return f"{text}\n{''.join(lines)}".encode()


def open_note(note: bytes, verifiers: Sequence[Verifier]) -> tuple[str, list[str]]:
    """The text of a note, and the verifier keys of those whose signature holds. Signatures of others are passed over.

    Raises:
        VerificationFailed: it is no note, a known key's signature does not hold, or no known key has signed.
    """
    text, signatures = _split(note)
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    held: list[str] = []
    for name, key_id, signature in signatures:
        verifier = known.get((name, key_id))
        if verifier is None or verifier.verifier_key in held:
            continue
        if not verifier.holds(text.encode(), signature):
            raise VerificationFailed(
                f"the signature of {name} (key {key_id.hex()}) does not hold: the note was altered"
            )
        held.append(verifier.verifier_key)
    if not held:
        signed = ", ".join(f"{name} (key {key_id.hex()})" for name, key_id, _ in signatures)
        wanted = ", ".join(f"{name} (key {key_id.hex()})" for name, key_id in known) or "no key at all"
        raise VerificationFailed(f"the note is signed by {signed}, and not by {wanted}")
    return text, held


def _split(note: bytes) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """The text of a note, and of each signature the name, the key id and the bytes."""
    try:
        decoded = note.decode()
    except UnicodeDecodeError:
        raise VerificationFailed("no signed note: it is no UTF-8") from None
    text, separator, tail = decoded.rpartition("\n\n")
    lines = tail.split("\n")
    if not separator or not tail or lines.pop() or _CONTROL.search(decoded) or len(lines) > _MOST_SIGNATURES:
        raise VerificationFailed("no signed note: text, an empty line and signatures are wanted")
    return f"{text}\n", [_signature(line) for line in lines]


def _signature(line: str) -> tuple[str, bytes, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    try:
        decoded = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        decoded = b""
    if dash != _DASH or not name or len(decoded) <= _KEY_ID_BYTES:
        raise VerificationFailed(f"no signed note: {line[:100]!r} is no signature")
    return name, decoded[:_KEY_ID_BYTES], decoded[_KEY_ID_BYTES:]


def _key_bytes(encoded: str) -> bytes:
    """The 32 bytes of an Ed25519 key (public or secret), after the byte that says so."""
    raw = base64.b64decode(encoded, validate=True)
    if raw[:1] != _ED25519 or len(raw) != 1 + _KEY_BYTES:
        raise ValueError("no Ed25519 key")
    return raw[1:]
