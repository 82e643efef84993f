"""Signed notes: the published examples, what is written can be read, and what was changed is refused."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from whence.transparency.checkpoint import Checkpoint
from whence.transparency.note import Signer, Verifier, open_note, sign_note
from whence_schemas.errors import VerificationFailed

# The example of golang.org/x/mod/sumdb/note, whose format C2SP signed-note specifies.
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NOTE = f"{TEXT}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"  # noqa: E501

ALICE, BOB = (Signer("log.example/a", Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32)) for n in (1, 2))
names = st.text(st.characters(exclude_characters="+", exclude_categories=["Z", "C"]), min_size=1)
texts = st.text(st.characters(exclude_categories=["Cc", "Cs"]) | st.just("\n")).map(lambda text: f"{text}\n")


def test_the_published_example():
    signer = Signer.parse(SECRET)
    assert (signer.verifier_key, signer.secret) == (PUBLIC, SECRET)
    assert sign_note(TEXT, [signer]) == NOTE.encode()
    assert open_note(NOTE.encode(), [Verifier.parse(PUBLIC)]) == (TEXT, [PUBLIC])


@given(text=texts, name=names)
def test_what_is_signed_opens_with_the_public_key(text, name):
    signer = Signer.generate(name)
    again = Signer.parse(signer.secret)
    assert again.verifier_key == signer.verifier_key
    note = sign_note(text, [ALICE, again])
    assert open_note(note, [Verifier.parse(signer.verifier_key)]) == (text, [signer.verifier_key])


def test_signatures_of_others_are_passed_over_and_none_is_not_enough():
    note = sign_note(TEXT, [ALICE, BOB])
    keys = [Verifier.parse(signer.verifier_key) for signer in (ALICE, BOB)]
    assert open_note(note, keys)[1] == [ALICE.verifier_key, BOB.verifier_key]
    assert open_note(note, keys[1:])[1] == [BOB.verifier_key]
    with pytest.raises(VerificationFailed, match=r"signed by PeterNeumann.*and not by"):
        open_note(NOTE.encode(), keys)


@given(data=st.data())
def test_a_note_in_which_one_byte_was_changed_does_not_open(data):
    note = sign_note(TEXT, [ALICE])
    position = data.draw(st.integers(0, len(note) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != note[position]))
    altered = note[:position] + bytes([byte]) + note[position + 1 :]
    try:
        opened = open_note(altered, [Verifier.parse(ALICE.verifier_key)])
    except VerificationFailed:
        return
    # The last sign before = holds two bits that mean nothing.
    assert opened[0] == TEXT and note[position + 1 :].strip() in (b"", b"=", b"==")


def test_a_signature_by_a_known_key_that_does_not_hold_spoils_the_note():
    name, encoded = NOTE.split("\n")[-2].split(" ")[1:]
    forged = base64.b64encode(base64.b64decode(encoded)[:4] + bytes(64)).decode()
    note = sign_note(TEXT, [ALICE]) + f"— {name} {forged}\n".encode()
    with pytest.raises(VerificationFailed, match=r"PeterNeumann \(key c74f20a3\) does not hold"):
        open_note(note, [Verifier.parse(PUBLIC), Verifier.parse(ALICE.verifier_key)])


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"\n",
        TEXT.encode(),
        f"{TEXT}\n".encode(),
        NOTE.encode()[:-1],
        NOTE.replace("— ", "- ").encode(),
        NOTE.replace("\n\n", "\n").encode(),
        NOTE.replace("problem,", "problem,\r").encode(),
        f"{NOTE}more\n".encode(),
        f"{TEXT}\n— PeterNeumann AAAA\n".encode(),
        NOTE.encode("utf-16"),
        f"{TEXT}\n".encode() + NOTE.encode().split(b"\n\n")[1] * 101,
    ],
)
def test_what_is_no_signed_note_is_refused(note):
    with pytest.raises(VerificationFailed, match="no signed note"):
        open_note(note, [Verifier.parse(PUBLIC)])


@pytest.mark.parametrize(
    "key", ["", "a", "a+b", PUBLIC[:-4], PUBLIC.replace("c74f", "c740"), f"x{PUBLIC}", SECRET, "a b+c74f20a3+AR"]
)
def test_what_is_no_verifier_key_is_refused(key):
    with pytest.raises(VerificationFailed, match="verifier key"):
        Verifier.parse(key)


@pytest.mark.parametrize("key", ["", PUBLIC, SECRET[:-4], SECRET.replace("c74f", "c740"), SECRET.replace("+AY", "+BY")])
def test_what_is_no_secret_key_is_refused(key):
    with pytest.raises(ValueError):
        Signer.parse(key)


@pytest.mark.parametrize("text", ["", "a", "a\tb\n", "a\r\n"])
def test_a_text_that_could_not_be_read_back_is_not_signed(text):
    with pytest.raises(ValueError, match="newline"):
        sign_note(text, [ALICE])


# Checkpoints


@given(st.builds(Checkpoint, names, st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32)))
def test_a_checkpoint_is_read_as_it_was_written(checkpoint):
    assert Checkpoint.parse(checkpoint.text()) == checkpoint
    assert Checkpoint.parse(f"{checkpoint.text()}extension\n") == checkpoint


def test_the_checkpoint_of_the_specification():
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    found = Checkpoint.parse(text)
    assert (found.origin, found.size, found.text()) == ("example.com/behind-the-sofa", 20_852_163, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "o\n1\n",
        "o\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "o\n-1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
        "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==\n",
        "o\n1\nno root\n",
        "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\nextension\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(VerificationFailed, match="no checkpoint"):
        Checkpoint.parse(text)
