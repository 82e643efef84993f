// Program fsck checks a log that is served as tlog-tiles, with tessera's libraries and no code of Whence.
//
// It fetches the checkpoint, all leaves and all tiles, works out every hash again, and proves that the log continues a
// checkpoint that was kept before. Exit code 1: the log is refused. It gives up after a while, since tessera waits for
// ever where a tile is not what it should be.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
)

func main() {
	address := flag.String("url", "", "URL of the log, with a slash at its end")
	key := flag.String("key", "", "verifier key")
	kept := flag.String("kept", "", "file with a checkpoint that was kept before")
	limit := flag.Duration("limit", 20*time.Second, "after how long to give up")
	flag.Parse()

	refused := make(chan error, 1)
	go func() { refused <- check(*address, *key, *kept) }()
	select {
	case err := <-refused:
		if err == nil {
			fmt.Println("accepted")
			return
		}
		fmt.Println("refused:", err)
	case <-time.After(*limit):
		fmt.Println("refused: not done within", *limit)
	}
	os.Exit(1)
}

func check(address, key, kept string) error {
	ctx := context.Background()
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return err
	}
	root, err := url.Parse(address)
	if err != nil {
		return err
	}
	log, err := client.NewHTTPFetcher(root, nil)
	if err != nil {
		return err
	}
	if kept != "" {
		if err := continues(ctx, log, verifier, kept); err != nil {
			return err
		}
	}
	return fsck.New(verifier.Name(), verifier, log, leafHashes, fsck.Opts{N: 2}).Check(ctx)
}

// continues checks that the log continues the kept checkpoint.
func continues(ctx context.Context, log *client.HTTPFetcher, verifier note.Verifier, kept string) error {
	before, err := os.ReadFile(kept)
	if err != nil {
		return err
	}
	latest := client.UnilateralConsensus(log.ReadCheckpoint)
	tracker, err := client.NewLogStateTracker(ctx, log.ReadTile, before, verifier, verifier.Name(), latest)
	if err != nil {
		return err
	}
	_, _, _, err = tracker.Update(ctx)
	return err
}

func leafHashes(bundle []byte) ([][]byte, error) {
	var entries api.EntryBundle
	if err := entries.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	hashes := make([][]byte, 0, len(entries.Entries))
	for _, entry := range entries.Entries {
		hashes = append(hashes, rfc6962.DefaultHasher.HashLeaf(entry))
	}
	return hashes, nil
}
