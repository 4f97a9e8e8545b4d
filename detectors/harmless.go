package detectors

import (
	"bytes"
	"math/rand/v2"

	"sprawl/finding"
)

// Harmless returns the rows of what looks like a secret and is none, sorted by id: each is marked Harmless. They stand apart
// from All, because compiling them is of use only to an engine that drops their matches and what it found inside.
func Harmless() []Detector {
	return []Detector{
		{
			ID: "ansible-vault", Provider: "ansible", Title: "Ansible Vault file", Harmless: true,
			Structures: []Structure{{Anchors: []string{"$ANSIBLE_VAULT;"}, Reach: Block(256 << 10), Parse: parseAnsibleVault}},
			Sample: func(r *rand.Rand) []byte {
				return []byte("$ANSIBLE_VAULT;1.1;AES256\n" + string(draw(r, Hex, 80)) + "\n" + string(draw(r, Hex, 80)))
			},
			Severity: finding.SevInfo,
			Rotate:   "ansible-vault rekey FILE", Revoke: "ansible-vault rekey FILE",
			Docs: "https://docs.ansible.com/ansible/latest/vault_guide/", Format: "https://docs.ansible.com/ansible/latest/vault_guide/vault_encrypting_content.html",
		},
		{
			ID: "public-key-or-certificate", Title: "public key or certificate", Harmless: true,
			Structures: []Structure{{
				Anchors: []string{"-----BEGIN CERTIFICATE", "-----BEGIN PUBLIC KEY", "-----BEGIN RSA PUBLIC KEY", "-----BEGIN PGP PUBLIC KEY", "-----BEGIN PGP SIGNATURE", "-----BEGIN PGP MESSAGE", "-----BEGIN SSH SIGNATURE", "-----BEGIN X509", "-----BEGIN NEW CERTIFICATE", "-----BEGIN TRUSTED CERT", "-----BEGIN AGE ENCRYPTED FILE"},
				Reach:   Block(64 << 10), Parse: parsePublicBlock,
			}},
			Severity: finding.SevInfo,
			Sample:   func(r *rand.Rand) []byte { return pemText("CERTIFICATE", draw(r, Visible, 300)) },
			Rotate:   "nothing to do: it is meant to be known", Revoke: "nothing to do: it is meant to be known",
			Docs: rfcPEM, Format: rfcPEM,
		},
	}
}

// parseAnsibleVault covers header and hex lines, however far they are indented.
func parseAnsibleVault(b []byte, at int) []Found {
	limit := min(len(b), at+256<<10)
	end := at
	for first := true; end < limit; first = false {
		n := bytes.IndexByte(b[end:limit], '\n')
		if n < 0 {
			n = limit - end
		}
		line := bytes.TrimSpace(b[end : end+n])
		if !first && (len(line) == 0 || !all(line, Hex)) {
			break
		}
		end = min(limit, end+n+1)
	}
	return []Found{{Parts: []FoundPart{{finding.RoleSecret, at, end}}, Start: at, End: end, Proof: finding.ProofProven}}
}

func parsePublicBlock(b []byte, at int) []Found {
	limit := min(len(b), at+64<<10)
	n := bytes.Index(b[at+10:limit], []byte("-----END"))
	if n < 0 {
		return nil
	}
	end := at + 10 + n
	if bytes.Contains(b[at:end], []byte("PRIVATE KEY")) {
		return nil
	}
	for i := 0; end < limit && b[end] != '\n' && i < 50; i++ {
		end++
	}
	return []Found{{Parts: []FoundPart{{finding.RoleSecret, at, end}}, Start: at, End: end, Proof: finding.ProofProven}}
}
