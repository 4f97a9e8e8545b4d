package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/klauspost/compress/zstd"

	"sprawl/finding"
)

// worthwhile is the size in bytes from which compression pays.
const worthwhile = 1 << 10

var (
	magic     = []byte{0x28, 0xb5, 0x2f, 0xfd} // RFC 8878, section 3.1.1
	compactor = sync.OnceValues(func() (*zstd.Encoder, error) {
		return zstd.NewWriter(nil, zstd.WithEncoderConcurrency(2), zstd.WithWindowSize(1<<20))
	})
	expander = sync.OnceValues(func() (*zstd.Decoder, error) {
		return zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderMaxMemory(1<<32))
	})
)

// pack compresses b where that pays. What it returns is never nil.
func pack(b []byte) ([]byte, error) {
	if len(b) < worthwhile && !bytes.HasPrefix(b, magic) {
		return append([]byte{}, b...), nil
	}
	z, err := compactor()
	if err != nil {
		return nil, err
	}
	return z.EncodeAll(b, make([]byte, 0, len(b)/4)), nil
}

func unpack(b []byte) ([]byte, error) {
	if !bytes.HasPrefix(b, magic) {
		return b, nil
	}
	z, err := expander()
	if err != nil {
		return nil, err
	}
	return z.DecodeAll(b, nil)
}

// packJSON is v as JSON, packed.
func packJSON(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return pack(b)
}

func unpackJSON(b []byte, v any) error {
	plain, err := unpack(b)
	if err != nil {
		return fmt.Errorf("a document of the store: %w", err)
	}
	if err := json.Unmarshal(plain, v); err != nil {
		return fmt.Errorf("a document of the store: %w", err)
	}
	return nil
}

// bare copies credentials without the bytes of their secrets.
func bare(cs []finding.Credential) []finding.Credential {
	out := make([]finding.Credential, len(cs))
	for i := range cs {
		out[i] = bareOne(cs[i])
	}
	return out
}

func bareOne(c finding.Credential) finding.Credential {
	c.Sightings = slices.Clone(c.Sightings)
	for i := range c.Sightings {
		parts := slices.Clone(c.Sightings[i].Parts)
		for k := range parts {
			parts[k].Secret = finding.Secret{}
		}
		c.Sightings[i].Parts = parts
	}
	return c
}
