package detectors

import (
	"bytes"
	"math/rand/v2"

	"sprawl/finding"
)

// aloneFile is a file that holds a key and nothing else: its bytes say little, where it stands says all.
type aloneFile struct {
	id, title      string
	paths          []string
	class          *Class
	length         int
	rotate, revoke string
	docs, format   string
}

var aloneFiles = []aloneFile{
	{
		id: "rails-master-key", title: "key of Rails' encrypted credentials", class: Hex, length: 32,
		paths:  []string{"config/master.key", "**/config/master.key", "config/credentials/*.key", "**/config/credentials/*.key"},
		rotate: "move the credentials into a file encrypted with a new key (rails credentials:edit), and change every secret that the old one held", revoke: "change every secret that the encrypted file held: whoever has both can read it",
		docs: "https://guides.rubyonrails.org/security.html#custom-credentials", format: "https://apidock.com/rails/ActiveSupport/EncryptedFile/generate_key/class",
	},
	{
		id: "jenkins-master-key", title: "key that Jenkins encrypts its credentials with", class: Hex, length: 256,
		paths:  []string{"secrets/master.key", "**/secrets/master.key"},
		rotate: "stop Jenkins, take secrets/ away, start it and enter every credential anew, changed at its provider", revoke: "change every credential that credentials.xml holds: whoever has the folder can read them",
		docs: "https://www.jenkins.io/doc/developer/security/secrets/", format: "https://gist.github.com/ashayh/6276080098112d36848ea1cb576ab376",
	},
	{
		id: "erlang-cookie", title: "cookie by which Erlang nodes trust each other", class: Upper, length: 20,
		paths:  []string{".erlang.cookie", "**/.erlang.cookie"},
		rotate: "put a new one on every node of the cluster and restart them: rabbitmqctl needs the same", revoke: "replace it on every node: whoever has it runs code there",
		docs: "https://www.erlang.org/doc/system/distributed.html#security", format: "https://github.com/erlang/otp/blob/master/lib/kernel/src/auth.erl",
	},
}

func standingAlone() []Detector {
	out := make([]Detector, len(aloneFiles))
	for i, f := range aloneFiles {
		out[i] = Detector{
			ID: f.id, Title: f.title, Paths: f.paths,
			Structures: []Structure{{Reach: Alone(f.length + blanksAround), Parse: f.parse}},
			Sample:     func(r *rand.Rand) []byte { return draw(r, f.class, f.length) },
			Rotate:     f.rotate, Revoke: f.revoke, Docs: f.docs, Format: f.format,
		}
	}
	return out
}

// blanksAround is how many blanks and line breaks may stand around a key.
const blanksAround = 4

func (f *aloneFile) parse(b []byte, _ int) []Found {
	v := bytes.TrimSpace(b)
	if len(v) != f.length || !all(v, f.class) {
		return nil
	}
	s := bytes.Index(b, v)
	return []Found{{Parts: []FoundPart{{finding.RoleSecret, s, s + len(v)}}, Start: s, End: s + len(v)}}
}
