package train

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"

	"sprawl/internal/vectors"
)

// Names that a generated value is given: of secrets, and of things that stand under like names.
var (
	secretNames = strings.Fields("db_password password admin_passwd client_secret api_secret auth_token access_token session_secret smtp_password signing_secret api_key encryption_passphrase")
	otherNames  = strings.Fields("token_type password_policy secret_name key_id auth_method password_field access_token_url token_prefix api_key_header secret_path password_hash_algorithm credential_provider")
)

// words make up phrases, identifiers and paths.
var words = strings.Fields("account amber archive basket blue bridge cabin cache carbon cedar channel cloud copper cursor daily delta desk ember engine field filter forest garden glass harbor index island jacket kernel ladder lemon level marble market meadow mirror module north ocean orange paper pearl pilot planet pocket policy queue quiet rapid region river salt server shadow signal silver socket spring stable stone summer table thread timber tower user valley velvet video water window winter worker yellow")

// Generate writes n labelled texts as JSONL, each one assignment in one of the syntaxes of the wild: secrets as people and
// programs make them, and what stands under the same and like names without being one. The same seed gives the same texts.
func Generate(w io.Writer, seed uint64, n int) error {
	r := rand.New(rand.NewPCG(seed, 0x7261696e)) //nolint:gosec // to be the same every time
	enc := json.NewEncoder(w)
	for range n {
		secret := r.IntN(2) == 0
		name, value := pick(r, otherNames), ""
		if secret {
			name, value = pick(r, secretNames), secretValue(r)
		} else {
			if r.IntN(2) == 0 {
				name = pick(r, secretNames)
			}
			value = otherValue(r, name)
		}
		forms := vectors.Syntaxes(name, value)
		if len(forms) == 0 {
			continue
		}
		x := map[string]any{"text": "# settings\n" + forms[r.IntN(len(forms))].Text + "# end\n", "secrets": []string{}}
		if secret {
			x["secrets"] = []string{value}
		}
		if err := enc.Encode(x); err != nil {
			return fmt.Errorf("write labelled texts: %w", err)
		}
	}
	return nil
}

func pick(r *rand.Rand, list []string) string { return list[r.IntN(len(list))] }

func drawn(r *rand.Rand, n int, alphabet string) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

const (
	lowerNum  = "abcdefghijklmnopqrstuvwxyz0123456789"
	base62    = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + lowerNum
	hexDigits = "0123456789abcdef"
	signs     = "!@#$%^&*-+"
)

func secretValue(r *rand.Rand) string {
	switch r.IntN(6) {
	case 0:
		return drawn(r, 32+8*r.IntN(3), base62)
	case 1:
		return drawn(r, 32+8*r.IntN(5), hexDigits)
	case 2:
		return drawn(r, 24+4*r.IntN(5), base62+"+/") + "="
	case 3: // as generators make passwords
		return drawn(r, 12+r.IntN(8), base62+signs)
	case 4: // as people do
		w := pick(r, words)
		return strings.ToUpper(w[:1]) + w[1:] + pick(r, []string{"!", "@", "#", "$"}) + drawn(r, 2+r.IntN(3), "0123456789") + drawn(r, 1+r.IntN(2), base62)
	}
	return drawn(r, 16+r.IntN(8), lowerNum)
}

func otherValue(r *rand.Rand, name string) string {
	some := func(n int, sep string) string {
		out := make([]string, n)
		for i := range out {
			out[i] = pick(r, words)
		}
		return strings.Join(out, sep)
	}
	switch r.IntN(11) {
	case 9: // names of machines and builds
		return some(1+r.IntN(2), "-") + "-" + drawn(r, 1+r.IntN(4), lowerNum) + "-" + drawn(r, 1+r.IntN(3), "0123456789")
	case 10: // words with numbers
		return some(1, "") + drawn(r, 1+r.IntN(6), "0123456789") + pick(r, []string{"", "a", "Beta", "_" + pick(r, words)})
	case 0:
		return some(2+r.IntN(2), "_")
	case 1:
		return some(2+r.IntN(2), "-")
	case 2:
		w := some(1, "") + " " + some(1, "") + " " + some(1, "")
		return strings.ToUpper(w[:1]) + w[1:]
	case 3:
		return "/" + some(2+r.IntN(3), "/")
	case 4:
		return "https://" + some(2, ".") + ".test/" + some(2, "/")
	case 5:
		return "${" + strings.ToUpper(some(2, "_")) + "}"
	case 6:
		return pick(r, []string{"bearer", "your-" + strings.ReplaceAll(name, "_", "-"), "<" + name + ">", "changeme", "xxxxxxxxxxxx", "true"})
	case 7:
		return some(1, "") + "." + some(1, "") + "." + some(1, "")
	}
	w := some(1, "")
	return strings.ToUpper(w[:1]) + w[1:] + pick(r, words)
}
