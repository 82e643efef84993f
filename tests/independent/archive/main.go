// Command archive verifies an archive of evidence without any code of Whence: notes, checkpoints and proofs by the
// libraries of Go and of transparency-dev, ZIP, JSON and hashes by the standard library. The format is described in the
// archive's README.txt.
//
//	archive [-key VKEY] [-checkpoint KEPT] ARCHIVE
//
// It exits with 0 where it accepts the archive, and with 1 where it refuses it.
package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
)

const format = "whence-archive/1"

func main() {
	key := flag.String("key", "", "the verifier key that is trusted; without one, the archive's own")
	kept := flag.String("checkpoint", "", "a checkpoint that was kept elsewhere")
	flag.Parse()
	summary, err := verify(flag.Arg(0), *key, *kept)
	if err != nil {
		fmt.Println("refused:", err)
		os.Exit(1)
	}
	fmt.Println("accepted:", summary)
}

func verify(path, key, keptPath string) (string, error) {
	archive, err := zip.OpenReader(path)
	if err != nil {
		return "", err
	}
	defer archive.Close()
	verifiers, err := readKeys(&archive.Reader, key)
	if err != nil {
		return "", fmt.Errorf("keys: %w", err)
	}
	signer := verifiers[len(verifiers)-1]
	checkpoint, err := readCheckpoint(&archive.Reader, signer)
	if err != nil {
		return "", fmt.Errorf("checkpoint: %w", err)
	}
	manifest, err := checkManifest(&archive.Reader, signer)
	if err != nil {
		return "", fmt.Errorf("manifest: %w", err)
	}
	var kept *log.Checkpoint
	if keptPath != "" {
		if kept, err = readKept(keptPath, checkpoint.Origin, verifiers); err != nil {
			return "", fmt.Errorf("kept checkpoint: %w", err)
		}
	}
	entries := newEntries(checkpoint, kept)
	if err := eachLine(&archive.Reader, "entries.ndjson", entries.add); err != nil {
		return "", fmt.Errorf("entries: %w", err)
	}
	if err := entries.finish(manifest); err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	if err := checkHistory(&archive.Reader, checkpoint, verifiers, kept, entries.keptRoot); err != nil {
		return "", fmt.Errorf("history: %w", err)
	}
	return fmt.Sprintf("%d of %d entries opened", entries.count+1, checkpoint.Size), nil
}

// Files

func read(archive *zip.Reader, name string) ([]byte, error) {
	file, err := archive.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(file)
}

func readJSON(archive *zip.Reader, name string, into any) error {
	data, err := read(archive, name)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

func eachLine(archive *zip.Reader, name string, add func([]byte) error) error {
	file, err := archive.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewReader(file)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF && len(line) == 0 {
			return nil
		}
		if err != nil {
			return err
		}
		if err := add(line); err != nil {
			return err
		}
	}
}

// The manifest

type manifest struct {
	Format string
	Scope  json.RawMessage
	Seal   uint64
	Files  []struct {
		Name   string
		Size   uint64
		Sha256 string
	}
}

func checkManifest(archive *zip.Reader, signer note.Verifier) (*manifest, error) {
	data, err := read(archive, "manifest.json")
	if err != nil {
		return nil, err
	}
	signed, err := read(archive, "manifest.note")
	if err != nil {
		return nil, err
	}
	opened, err := note.Open(signed, note.VerifierList(signer))
	if err != nil {
		return nil, err
	}
	if opened.Text != fmt.Sprintf("%s\nsha256 of manifest.json\n%x\n", format, sha256.Sum256(data)) {
		return nil, errors.New("it is not the one that was signed for")
	}
	found := &manifest{}
	if err := json.Unmarshal(data, found); err != nil {
		return nil, err
	}
	if found.Format != format {
		return nil, fmt.Errorf("the format %q is not known", found.Format)
	}
	names := []string{"manifest.json", "manifest.note"}
	for _, file := range found.Files {
		names = append(names, file.Name)
		size, digest, err := sum(archive, file.Name)
		if err != nil {
			return nil, err
		}
		if size != file.Size || digest != file.Sha256 {
			return nil, fmt.Errorf("%s is not the file listed", file.Name)
		}
	}
	var there []string
	for _, file := range archive.File {
		there = append(there, file.Name)
	}
	slices.Sort(names)
	slices.Sort(there)
	if !slices.Equal(names, there) {
		return nil, errors.New("the archive has other files than it lists")
	}
	return found, nil
}

func sum(archive *zip.Reader, name string) (uint64, string, error) {
	file, err := archive.Open(name)
	if err != nil {
		return 0, "", err
	}
	defer file.Close()
	digest := sha256.New()
	size, err := io.Copy(digest, file)
	return uint64(size), hex.EncodeToString(digest.Sum(nil)), err
}

// Keys and checkpoints

func readKeys(archive *zip.Reader, trusted string) ([]note.Verifier, error) {
	var document struct{ Keys, Vouching []string }
	if err := readJSON(archive, "keys.json", &document); err != nil {
		return nil, err
	}
	if len(document.Keys) == 0 || len(document.Vouching) != len(document.Keys)-1 {
		return nil, errors.New("the chain of keys is not whole")
	}
	if trusted != "" && !slices.Contains(document.Keys, trusted) {
		return nil, errors.New("the trusted key does not vouch for the archive's")
	}
	var verifiers []note.Verifier
	for i, key := range document.Keys {
		verifier, err := note.NewVerifier(key)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			vouching, err := note.Open([]byte(document.Vouching[i-1]), note.VerifierList(verifiers[i-1]))
			if err != nil {
				return nil, err
			}
			if !slices.Contains(strings.Split(vouching.Text, "\n"), key) {
				return nil, fmt.Errorf("nobody vouches for the key %s", key)
			}
		}
		verifiers = append(verifiers, verifier)
	}
	return verifiers, nil
}

func readCheckpoint(archive *zip.Reader, signer note.Verifier) (*log.Checkpoint, error) {
	data, err := read(archive, "checkpoint")
	if err != nil {
		return nil, err
	}
	origin, _, _ := strings.Cut(string(data), "\n")
	checkpoint, _, _, err := log.ParseCheckpoint(data, origin, signer)
	return checkpoint, err
}

func readKept(path, origin string, verifiers []note.Verifier) (*log.Checkpoint, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parseByAny(data, origin, verifiers)
}

func parseByAny(data []byte, origin string, verifiers []note.Verifier) (*log.Checkpoint, error) {
	var failed error
	for _, verifier := range verifiers {
		checkpoint, _, _, err := log.ParseCheckpoint(data, origin, verifier)
		if err == nil {
			return checkpoint, nil
		}
		failed = err
	}
	return nil, failed
}

func checkHistory(
	archive *zip.Reader, checkpoint *log.Checkpoint, verifiers []note.Verifier, kept *log.Checkpoint, keptRoot []byte,
) error {
	var earlier []struct {
		Size  uint64
		Proof [][]byte
		Note  string
	}
	if err := readJSON(archive, "consistency.json", &earlier); err != nil {
		return err
	}
	proofs := map[uint64][][]byte{checkpoint.Size: nil}
	for _, item := range earlier {
		proofs[item.Size] = item.Proof
		if item.Note == "" {
			continue
		}
		published, err := parseByAny([]byte(item.Note), checkpoint.Origin, verifiers)
		if err != nil {
			return err
		}
		if err := continues(published, checkpoint, item.Proof); err != nil {
			return err
		}
	}
	if kept == nil {
		return nil
	}
	if found, ok := proofs[kept.Size]; ok {
		return continues(kept, checkpoint, found)
	}
	if !bytes.Equal(keptRoot, kept.Hash) {
		return errors.New("the kept checkpoint is of another history, or no proof leads from it")
	}
	return nil
}

func continues(earlier, later *log.Checkpoint, consistency [][]byte) error {
	return proof.VerifyConsistency(
		rfc6962.DefaultHasher, earlier.Size, later.Size, consistency, earlier.Hash, later.Hash)
}

// Entries

type entry struct {
	Index               uint64
	Leaf                []byte
	Proof               [][]byte
	Salt, Meta, Payload []byte
}

// leaf is what a leaf says: K is its kind; C commits to the content of an event or record; I is what a tombstone erased.
type leaf struct {
	C, K string
	I    uint64
	V    int
}

type entries struct {
	checkpoint *log.Checkpoint
	kept       *log.Checkpoint
	keptRoot   []byte         // of the first leaves, where all that the kept checkpoint covers were opened
	leaves     *compact.Range // those leaves
	indices    hash.Hash      // over the indices of all entries but the last
	count      uint64
	last       *entry
	erased     map[uint64]bool // entries without content whose tombstone has not come yet
}

func newEntries(checkpoint, kept *log.Checkpoint) *entries {
	factory := compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	return &entries{
		checkpoint: checkpoint, kept: kept, leaves: factory.NewEmptyRange(0), indices: sha256.New(),
		erased: map[uint64]bool{},
	}
}

func (e *entries) add(line []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	next := &entry{}
	if err := decoder.Decode(next); err != nil {
		return err
	}
	if e.last != nil {
		if next.Index <= e.last.Index {
			return fmt.Errorf("entry %d follows entry %d", next.Index, e.last.Index)
		}
		fmt.Fprintf(e.indices, "%d\n", e.last.Index)
		e.count++
	}
	e.last = next
	leafHash := rfc6962.DefaultHasher.HashLeaf(next.Leaf)
	err := proof.VerifyInclusion(
		rfc6962.DefaultHasher, next.Index, e.checkpoint.Size, leafHash, next.Proof, e.checkpoint.Hash)
	if err != nil {
		return fmt.Errorf("entry %d: %w", next.Index, err)
	}
	if err := e.grow(next.Index, leafHash); err != nil {
		return err
	}
	return e.checkContent(next)
}

// grow works out the root that the kept checkpoint should have, as long as no entry is left out.
func (e *entries) grow(index uint64, leafHash []byte) error {
	if e.kept == nil || index != e.leaves.End() || index >= e.kept.Size {
		return nil
	}
	if err := e.leaves.Append(leafHash, nil); err != nil {
		return err
	}
	if e.leaves.End() < e.kept.Size {
		return nil
	}
	root, err := e.leaves.GetRootHash(nil)
	e.keptRoot = root
	return err
}

func (e *entries) checkContent(next *entry) error {
	var committed leaf
	if err := json.Unmarshal(next.Leaf, &committed); err != nil {
		return err
	}
	switch {
	case committed.V != 1:
		return fmt.Errorf("entry %d has a leaf of version %d", next.Index, committed.V)
	case committed.K == "erasure":
		delete(e.erased, committed.I)
		return nil
	case next.Payload == nil && next.Meta == nil && next.Salt == nil:
		e.erased[next.Index] = true
		return nil
	case len(next.Salt) != 32 || hex.EncodeToString(commitment(next)) != committed.C:
		return fmt.Errorf("entry %d: salt, meta and payload are not those of the leaf", next.Index)
	}
	return nil
}

func commitment(e *entry) []byte {
	hashed := sha256.New()
	hashed.Write([]byte("whence/event/v1\n"))
	hashed.Write(e.Salt)
	hashed.Write(binary.BigEndian.AppendUint64(nil, uint64(len(e.Meta))))
	hashed.Write(e.Meta)
	hashed.Write(e.Payload)
	return hashed.Sum(nil)
}

// finish checks that the last entry seals those before it.
func (e *entries) finish(manifest *manifest) error {
	if len(e.erased) > 0 {
		return fmt.Errorf("%d entries have no content and no tombstone", len(e.erased))
	}
	if e.last == nil {
		return errors.New("there is none")
	}
	var committed leaf
	if err := json.Unmarshal(e.last.Leaf, &committed); err != nil {
		return err
	}
	var seal struct {
		Format, Indices string
		Entries         uint64
		Scope           any
	}
	if err := json.Unmarshal(e.last.Payload, &seal); err != nil || committed.K != "export" || seal.Format != format {
		return errors.New("the last entry is none")
	}
	if seal.Entries != e.count || seal.Indices != hex.EncodeToString(e.indices.Sum(nil)) {
		return errors.New("it is of other entries")
	}
	var scope any
	if err := json.Unmarshal(manifest.Scope, &scope); err != nil {
		return err
	}
	if manifest.Seal != e.last.Index || !reflect.DeepEqual(scope, seal.Scope) {
		return errors.New("the manifest names another seal or scope")
	}
	return nil
}
