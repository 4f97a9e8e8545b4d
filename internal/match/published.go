package match

import (
	"crypto/sha256"
	"encoding/binary"
)

// published are the first eight bytes of the SHA-256 of values that providers print in their own documentation, emulators and
// samples: everybody has them, they open nothing. A hash, so that none of them stands here.
var published = map[uint64]bool{
	// Firebase samples, github.com/firebase/firebase-android-sdk.
	0x2037abcaffb2b777: true, 0x3f370c9dd8225c63: true, 0xe4a5542bb7fd7b67: true, 0xa19f89ab3555eac1: true, 0xeb540d2b6ee2a0a4: true,
	0x37f8f09bdf12c2f2: true, 0x8731261cb72d8626: true, 0x49f777db995e8260: true, 0x27a9a42931dff7eb: true, 0xdc0fcf046c61640c: true,
	0x4c98242dcadc8b29: true, 0xea9bb1082cf95663: true, 0x3a8b61d0f636b007: true, 0xa6c814bc555ae62c: true,
	// The storage emulator, https://learn.microsoft.com/azure/storage/common/storage-use-azurite.
	0x0011cc25eb432071: true,
	// The Cosmos DB emulator, https://learn.microsoft.com/azure/cosmos-db/emulator.
	0xaa6547439583c3a2: true,
	// Salesforce's session id, https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/; Telegram's bot, the
	// example of https://core.telegram.org/bots/api; Vault's batch token, https://developer.hashicorp.com/vault/docs/concepts/tokens.
	0x60f490718d41920b: true, 0x6f3791a57f1d6dd8: true, 0x2b598ef35aae6f6e: true, 0xe772d95c6f95fbec: true,
	// The tokens and clients of https://www.rfc-editor.org/rfc/rfc6749.
	0x6c96130f130ab0d6: true, 0x00cf4c781dc37003: true, 0xa35b81a7d7927b70: true, 0xca7459e2b26776de: true, 0xe9974c507d2a8021: true,
	// What short-lived keys of Amazon Bedrock begin with, and nothing behind it.
	0x522e9347612951b1: true,
	// The user and password of https://www.rfc-editor.org/rfc/rfc7617 and of MDN's page on Authorization.
	0xcf4d418ed3de92d7: true, 0xad62d48d8b069026: true, 0x73f71af093fdf154: true,
	// The examples of jwt.io, signed with the secrets that stand beside them.
	0x7f75367e78812551: true, 0xc794fa6d20c64efb: true,
}

// publishedFrom is the length from which values are looked up.
const publishedFrom = 20

func isPublished(v []byte) bool {
	if len(v) < publishedFrom {
		return false
	}
	h := sha256.Sum256(v)
	return published[binary.BigEndian.Uint64(h[:8])]
}
