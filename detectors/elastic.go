package detectors

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"

	"sprawl/finding"
)

const (
	elasticKeys   = "https://www.elastic.co/docs/deploy-manage/api-keys/elastic-cloud-api-keys"
	elasticPrefix = "essu_"
)

func elastic() []Detector {
	return []Detector{{
		ID: "elastic-serverless-key", Provider: "elastic", Title: "Elastic Cloud API key",
		Shapes: []Shape{Token(Lit(elasticPrefix), Range(Base64.Or(Of("_-")), 60, 200), Range(Of("="), 0, 2))},
		Check:  elasticProof,
		Sample: elasticSample,
		Rotate: "make a new one (cloud.elastic.co > Organization > API keys), update every consumer, then revoke this one",
		Revoke: "revoke it (cloud.elastic.co > Organization > API keys)",
		Docs:   elasticKeys, Format: undocumented,
	}}
}

// elasticSum is the length of the checksum that ends what a key is the base64 of: the CRC-32 (IEEE) of what goes before it, in
// eight bytes, the most significant first.
const elasticSum = 8

// elasticProof proves keys that end in their checksum. Nothing says that all do, so none is refuted for want of it.
func elasticProof(m Match) finding.Proof {
	body := bytes.TrimRight(bytes.TrimPrefix(m.Value(), []byte(elasticPrefix)), "=")
	raw, err := base64.RawStdEncoding.AppendDecode(nil, body)
	if n := len(raw) - elasticSum; err == nil && n > 0 && binary.BigEndian.Uint64(raw[n:]) == uint64(crc32.ChecksumIEEE(raw[:n])) {
		return finding.ProofProven
	}
	return finding.ProofNone
}

func elasticSample(r *rand.Rand) []byte {
	id := base64.StdEncoding.EncodeToString([]byte(string(draw(r, Base64URL, 20)) + ":" + string(draw(r, Base64URL, 22))))
	raw := binary.BigEndian.AppendUint64([]byte(id), uint64(crc32.ChecksumIEEE([]byte(id))))
	return base64.StdEncoding.AppendEncode([]byte(elasticPrefix), raw)
}
