"""The README.txt of an archive: what it is, and how to check it, for who has never heard of Whence."""

from collections.abc import Sequence

from whence.audit.archive import FORMAT
from whence.transparency.checkpoint import Checkpoint

_TEXT = """\
EVIDENCE FROM A LINEAGE LOG ({format})

This archive holds what a log of OpenLineage events has recorded, and what is needed to check that without asking
whoever runs the log. Start with report.html or report.pdf if you want to read, with tables/ if you want to count.

{scope}
Entries          {count} of the {size} in the log, and the record of this export
Log              {origin}
Root             {root}

WHAT IS IN IT

report.html        for people; report.pdf is the same to print
tables/*.csv       runs, inputs, outputs and so on, for spreadsheets and databases (UTF-8)
prov.json          the same as W3C PROV-JSON
entries.ndjson     the evidence itself: a log entry a line, with its proof
checkpoint         how long the log was and the root of its Merkle tree, signed by the log's key
keys.json          the log's keys, the one in force last; each vouches for the next by a note it signed
consistency.json   proofs that the log continues what it published before
timestamps/        RFC 3161 time stamps of others on the log's checkpoints, if it has any
manifest.json      the list of files, with sizes and SHA-256
manifest.note      the SHA-256 of manifest.json, signed by the log's key

HOW TO CHECK IT

With Whence, offline:          whence audit verify ARCHIVE.zip
Against a key you trust:       whence audit verify ARCHIVE.zip --key 'NAME+HASH+KEY'
Against a checkpoint you kept: whence audit verify ARCHIVE.zip --checkpoint KEPT
It says what it proved and what it did not. Without a key of your own it can only tell you which key signed.

With tools of others, or your own:

1. checkpoint is a C2SP signed note (https://c2sp.org/signed-note) with an Ed25519 signature; its text is a C2SP
   checkpoint (https://c2sp.org/tlog-checkpoint): name of the log, number of entries, root in Base64.
   Go: golang.org/x/mod/sumdb/note with github.com/transparency-dev/formats/log.
2. Each line of entries.ndjson is JSON with index, leaf, proof, salt, meta and payload; all but index are Base64.
   proof is an RFC 6962 inclusion proof that leaf lies at index in the tree of checkpoint; the hash of the leaf is the
   SHA-256 of a zero byte and the leaf. Go: github.com/transparency-dev/merkle.
3. leaf is {{"c":"...","k":"event","v":1}}. c is the hexadecimal SHA-256 of these, one after the other: the 16 bytes
   "whence/event/v1" and a newline; the 32 bytes of salt; the length of meta in bytes as 8 bytes, the highest first;
   meta; payload. payload is the event as it was received; meta says when that was, and which key sent it.
4. The last line is the seal: the log's own record (k is "export") of this export. Its payload says how many lines
   come before it (entries), and the SHA-256 over their indices, each in decimal with a newline (indices):
     jq .index entries.ndjson | head -n -1 | sha256sum
5. A line without salt, meta and payload was erased. Then a later line is its tombstone, whose leaf says so:
   k is "erasure", i is the index of what was erased, r the reason, b who asked and a who approved (ids of keys).
6. manifest.note is a signed note of three lines: "{format}", "sha256 of manifest.json", and that hash.

To read an event:              jq -r .payload entries.ndjson | head -n 1 | base64 -d

WHAT IT CANNOT PROVE

That nothing in scope was left out: entries beyond the scope are withheld, and an archive says only how many they are.
That what events say is true: it proves what the log received, and that this was not changed since.
When something happened: receipt times are the log's own word, and the time stamps of others are the bound on them.
"""


def readme(scope: Sequence[tuple[str, str]], count: int, checkpoint: Checkpoint) -> str:
    """The text for an archive of `count` entries in this scope, which is given in words, as (what, which)."""
    return _TEXT.format(
        format=FORMAT,
        scope="\n".join(f"{what:<16} {which}" for what, which in scope),
        count=count,
        size=checkpoint.size,
        origin=checkpoint.origin,
        root=checkpoint.root.hex(),
    )
