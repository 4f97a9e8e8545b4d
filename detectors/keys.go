package detectors

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"sprawl/finding"
)

const (
	rfcPEM       = "https://www.rfc-editor.org/rfc/rfc7468"
	sshKeyV1     = "https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key"
	ppkDocs      = "https://the.earth.li/~sgtatham/putty/latest/htmldoc/AppendixC.html"
	rfcP12       = "https://www.rfc-editor.org/rfc/rfc7292"
	rfcPGP       = "https://www.rfc-editor.org/rfc/rfc9580"
	ageSpec      = "https://github.com/C2SP/C2SP/blob/main/age.md"
	coinbaseKeys = "https://docs.cdp.coinbase.com/get-started/authentication/cdp-api-keys"
	nkeyDocs     = "https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/nkey_auth"
	jksDocs      = "https://docs.oracle.com/en/java/javase/21/docs/specs/man/keytool.html"
)

// pemReach is the longest private key block that is looked at: an RSA key of 16384 bits has 12.5 KiB.
const pemReach = 32 << 10

func keys() []Detector {
	// A bare key carries no end of its own; what it opens and who watches it depends on where its public half is trusted.
	bare := Traits{Expires: no("https://www.rfc-editor.org/rfc/rfc5958")}
	return []Detector{
		{
			ID: "private-key", Title: "private key",
			Structures: []Structure{pemStructure("RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY", "PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "ANY PRIVATE KEY", "ED25519 PRIVATE KEY", "ECDSA PRIVATE KEY")},
			Facts:      pemFacts,
			Sample:     func(r *rand.Rand) []byte { return pemText("PRIVATE KEY", samplePKCS8(r)) },
			Traits:     bare,
			Rotate:     "make a new key pair, install its public half or certificate beside the old one, then remove the old one",
			Revoke:     "remove the public half wherever it is trusted; revoke certificates that were issued for it",
			Docs:       rfcPEM, Format: rfcPEM,
		},
		{
			ID: "openssh-private-key", Title: "OpenSSH private key",
			Structures: []Structure{pemStructure("OPENSSH PRIVATE KEY", "SSH2 ENCRYPTED PRIVATE KEY")},
			Facts:      pemFacts,
			Sample:     func(r *rand.Rand) []byte { return pemText("OPENSSH PRIVATE KEY", sampleOpenSSH(r)) },
			Traits:     bare,
			Rotate:     "ssh-keygen -t ed25519, add the new public key where {ident} is trusted, then remove the old one",
			Revoke:     "remove the public key with this fingerprint from every authorized_keys, deploy key and account",
			Docs:       "https://man.openbsd.org/ssh-keygen.1", Format: sshKeyV1,
		},
		{
			ID: "pgp-private-key", Title: "PGP private key",
			Structures: []Structure{pemStructure("PGP PRIVATE KEY BLOCK")},
			Sample: func(r *rand.Rand) []byte {
				return pemText("PGP PRIVATE KEY BLOCK", append([]byte{0xc5, 0x58, 4}, draw(r, Visible, 86)...))
			},
			Rotate: "make a new key, sign it with the old one, publish both, then revoke the old one",
			Revoke: "gpg --gen-revoke KEY, and publish the certificate",
			Docs:   "https://www.gnupg.org/documentation/manuals/gnupg/", Format: rfcPGP,
		},
		{
			ID: "putty-private-key", Title: "PuTTY private key",
			Structures: []Structure{{Anchors: []string{"PuTTY-User-Key-File-"}, Reach: Block(pemReach), Parse: parsePPK}},
			Facts:      ppkFacts, Sample: samplePPK, Traits: bare,
			Rotate: "make a new key with puttygen, add its public key where the old one is trusted, then remove the old one",
			Revoke: "remove the public key with this fingerprint from every authorized_keys, deploy key and account",
			Docs:   ppkDocs, Format: ppkDocs,
		},
		{
			ID: "pkcs12-file", Title: "PKCS#12 key store",
			Structures: []Structure{{Anchors: []string{"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"}, Reach: Whole(), Parse: parsePKCS12}},
			Severity:   finding.SevMedium, // encrypted, with a password that may stand next to it
			Sample: func(r *rand.Rand) []byte {
				inner := append([]byte("\x02\x01\x03\x30\x82\x00\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"), draw(r, Visible, 238)...)
				return append([]byte{0x30, 0x82, byte(len(inner) >> 8), byte(len(inner))}, inner...)
			},
			Traits: bare,
			Rotate: "issue a new certificate with a new key, install it, then remove the old store",
			Revoke: "revoke the certificate at its issuer",
			Docs:   rfcP12, Format: rfcP12,
		},
		{
			ID: "java-keystore", Title: "Java key store with a private key",
			Structures: []Structure{{Anchors: []string{"\xfe\xed\xfe\xed\x00\x00\x00\x02"}, Reach: Whole(), Parse: parseJKS}},
			Severity:   finding.SevMedium,
			Sample: func(r *rand.Rand) []byte {
				return append([]byte("\xfe\xed\xfe\xed\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x01\x00\x04main"), draw(r, Visible, 300)...)
			},
			Traits: bare,
			Rotate: "keytool -genkeypair for a new key, install its certificate, then remove the old entry",
			Revoke: "revoke the certificate at its issuer",
			Docs:   jksDocs, Format: undocumented,
		},
		{
			ID: "coinbase-cloud-key", Provider: "coinbase", Title: "Coinbase Developer Platform key",
			Structures: []Structure{{Anchors: []string{`"organizations/`}, Reach: Block(2048), Parse: parseCoinbase}},
			Facts:      pemFacts,
			Sample: func(r *rand.Rand) []byte {
				key := strings.ReplaceAll(string(pemText("PRIVATE KEY", samplePKCS8(r))), "\n", `\n`)
				return []byte(`{"name": "organizations/` + string(draw(r, Hex, 32)) + `/apiKeys/` + string(draw(r, Hex, 32)) + `", "privateKey": "` + key + `"}`)
			},
			Traits: Traits{Scoped: yes(coinbaseKeys), Restricted: yes(coinbaseKeys)},
			Rotate: "make a second key at portal.cdp.coinbase.com, update every consumer, then delete {ident}",
			Revoke: "delete {ident} at portal.cdp.coinbase.com",
			Docs:   coinbaseKeys, Format: coinbaseKeys,
		},
		{
			ID: "age-secret-key", Provider: "age", Title: "age secret key",
			Shapes: []Shape{Token(Lit("AGE-SECRET-KEY-1"), Chars(Of("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"), 58))},
			Check:  func(m Match) finding.Proof { return proven(bech32Valid(strings.ToLower(string(m.Value())))) },
			Sample: func(r *rand.Rand) []byte { return []byte(strings.ToUpper(bech32("age-secret-key-", r, 52))) },
			Traits: Traits{Expires: no(ageSpec), Scoped: no(ageSpec)},
			Rotate: "age-keygen, encrypt every file again to the new recipient, then delete the old key",
			Revoke: "encrypt every file again to another recipient; old copies stay readable",
			Docs:   "https://age-encryption.org/", Format: ageSpec,
		},
		{
			ID: "nats-nkey-seed", Provider: "nats", Title: "NATS NKey seed",
			Shapes: []Shape{
				Token(Lit("SUA"), Chars(Base32, 55)), Token(Lit("SAA"), Chars(Base32, 55)), Token(Lit("SOA"), Chars(Base32, 55)),
				Token(Lit("SNA"), Chars(Base32, 55)), Token(Lit("SCA"), Chars(Base32, 55)), Token(Lit("SXA"), Chars(Base32, 55)),
			},
			Check: func(m Match) finding.Proof {
				raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(string(m.Value()))
				return proven(err == nil && len(raw) == 36 && binary.LittleEndian.Uint16(raw[34:]) == crc16(raw[:34]))
			},
			Sample: func(r *rand.Rand) []byte {
				raw := append([]byte{18<<3 | 20<<3>>5, 0}, draw(r, Visible, 32)...)
				raw = binary.LittleEndian.AppendUint16(raw, crc16(raw))
				return []byte(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw))
			},
			Traits: Traits{Expires: no(nkeyDocs)},
			Rotate: "nsc generate nkey, add the new public key beside the old one, then remove the old one", Revoke: "nsc revocations add-user",
			Docs: nkeyDocs, Format: "https://github.com/nats-io/nkeys",
		},
		{
			ID: "wireguard-key", Provider: "wireguard", Title: "WireGuard private or preshared key",
			Named: []Named{{
				Keywords: []string{"privatekey", "presharedkey"}, Value: []Shape{Token(Chars(Base64, 43), Lit("="))}, Near: -1,
			}},
			Traits: bare,
			Rotate: "wg genkey, give the new public key to every peer, then replace the old one",
			Revoke: "remove the public key from every peer",
			Docs:   "https://www.wireguard.com/quickstart/", Format: "https://www.wireguard.com/quickstart/",
		},
	}
}

func pemStructure(labels ...string) Structure {
	s := Structure{Reach: Block(pemReach), Parse: parsePEM}
	for _, l := range labels {
		s.Anchors = append(s.Anchors, "BEGIN "+l+"--")
	}
	return s
}

// parsePEM accepts the block as files, strings and one-line variables hold it: line breaks may be real, escaped or spaces.
func parsePEM(b []byte, at int) []Found {
	start := at
	for start > 0 && start > at-6 && (b[start-1] == '-' || b[start-1] == ' ') {
		start--
	}
	for start < at && b[start] == ' ' {
		start++
	}
	if at-start < 4 {
		return nil
	}
	p := readArmour(b[start:min(len(b), at+pemReach)], lineLead(b, start))
	if len(p.body) < 40 {
		return nil
	}
	end := start + p.size
	proof := finding.ProofNone
	if !p.headers { // an encrypted traditional key has no structure left to check
		proof = proven(p.parsed)
	}
	return []Found{{Parts: []FoundPart{{finding.RoleSecret, start, end}}, Start: start, End: end, Proof: proof}}
}

// armour is what stands between BEGIN and END.
type armour struct {
	label     string
	lead      []byte // what every line begins with
	body      []byte // decoded
	headers   bool   // an encrypted traditional key
	encrypted bool
	damaged   bool   // a few bytes of it are not base64
	parsed    bool   // the body has the structure its label promises
	public    []byte // the public half in SSH wire form, if it can be read without a passphrase
	size      int    // bytes of b up to the end of the block, or of what looks like it where END is missing
}

// lineLead is what stands before a block on its line: the mark of a comment, the time of a log.
func lineLead(b []byte, start int) []byte {
	const longest = 40
	left := b[max(0, start-longest):start]
	begins := start <= longest
	for _, end := range []string{"\n", `\n`} {
		if i := bytes.LastIndex(left, []byte(end)); i >= 0 {
			left, begins = left[i+len(end):], true
		}
	}
	if !begins {
		return nil
	}
	if left = bytes.TrimSpace(left); bytes.ContainsAny(left, "\"'`=") {
		return nil // the block begins a string
	}
	return left
}

func readPEM(b []byte) armour { return readArmour(b, nil) }

// readArmour reads a block whose lines begin with lead.
func readArmour(b, lead []byte) armour {
	p := armour{lead: lead}
	i := bytes.Index(b, []byte("BEGIN "))
	if i < 0 {
		return p
	}
	rest := b[i+len("BEGIN "):]
	j := bytes.Index(rest, []byte("----"))
	if j < 0 || j > 40 {
		return p
	}
	p.label = strings.TrimSpace(string(rest[:j]))
	text := bytes.TrimLeft(rest[j:], "-")
	from := len(b) - len(text)
	end := bytes.Index(text, []byte("END "+p.label))
	if end >= 0 {
		p.size = from + end + len("END "+p.label)
		for n := 0; p.size < len(b) && b[p.size] == '-' && n < 5; n++ {
			p.size++
		}
		text = bytes.TrimRight(text[:end], "- ")
	} else {
		text = p.untilNotArmour(text)
		p.size = from + len(text)
	}
	p.body = p.decode(text)
	p.inspect()
	return p
}

// untilNotArmour cuts a block without an end where its lines stop being base64.
func (p *armour) untilNotArmour(b []byte) []byte {
	n := 0
	for line := range bytes.SplitAfterSeq(b, []byte("\n")) {
		l := p.line(line)
		if n > 0 && len(l) == 0 || bytes.ContainsAny(l, " <>{}()$") && !bytes.Contains(l, []byte(": ")) {
			break
		}
		n += len(line)
	}
	return bytes.TrimRight(b[:n], " \t\r\n")
}

// line is a line of the block without what stands around it.
func (p *armour) line(l []byte) []byte {
	if len(p.lead) > 0 {
		l = bytes.TrimPrefix(bytes.TrimSpace(l), p.lead)
	}
	return armourLine(l)
}

// armourLine takes off what source code puts around a line of a key.
func armourLine(l []byte) []byte {
	l = bytes.TrimSpace(l)
	if len(l) > 1 && (l[0] == '+' || l[0] == '.' || l[0] == '&') {
		if t := bytes.TrimLeft(l[1:], " \t"); len(t) > 0 && (t[0] == '"' || t[0] == '\'') {
			l = t
		}
	}
	for _, op := range []string{"+", ".", "&", "_"} {
		if t := bytes.TrimRight(bytes.TrimSuffix(l, []byte(op)), " \t"); len(t) < len(l) && len(t) > 0 && (t[len(t)-1] == '"' || t[len(t)-1] == '\'') {
			l = t
		}
	}
	return unjoined(bytes.Trim(l, "\"'`,;\\ \t"))
}

// unjoined takes out where a line was cut into two literals: abc` + `def.
func unjoined(l []byte) []byte {
	quotes := func(c byte) bool { return c == '"' || c == '\'' || c == '`' }
	if bytes.IndexFunc(l, func(r rune) bool { return r < 128 && quotes(byte(r)) }) < 0 {
		return l
	}
	out := make([]byte, 0, len(l))
	for i := 0; i < len(l); i++ {
		if quotes(l[i]) {
			j := i + 1
			for j < len(l) && bytes.IndexByte([]byte(" \t+.&"), l[j]) >= 0 {
				j++
			}
			if j > i+1 && j < len(l) && quotes(l[j]) {
				i = j
				continue
			}
		}
		out = append(out, l[i])
	}
	return out
}

func (p *armour) decode(text []byte) []byte {
	text = bytes.ReplaceAll(text, []byte(`\\n`), []byte("\n"))
	text = bytes.ReplaceAll(text, []byte(`\r`), nil)
	text = bytes.ReplaceAll(text, []byte(`\n`), []byte("\n"))
	text = bytes.ReplaceAll(text, []byte(`\/`), []byte("/"))
	var b64 []byte
	stray := 0
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		l := p.line(line)
		if key, v, ok := bytes.Cut(l, []byte(": ")); ok && len(b64) == 0 {
			if string(key) == "Proc-Type" && bytes.Contains(v, []byte("ENCRYPTED")) {
				p.headers, p.encrypted = true, true
			}
			continue
		}
		if strings.HasPrefix(p.label, "PGP") && len(l) == 5 && l[0] == '=' {
			break // the checksum of RFC 9580, section 6.1
		}
		for _, c := range l {
			if c == ' ' {
				continue
			}
			if !Base64.Has(c) {
				if c != '=' {
					stray++
				}
				continue
			}
			b64 = append(b64, c)
		}
	}
	// A key in which a byte was damaged is still one to somebody who can guess it.
	if stray*maxStray > len(b64) {
		return nil
	}
	p.damaged = stray > 0
	out := make([]byte, base64.RawStdEncoding.DecodedLen(len(b64)))
	n, err := base64.RawStdEncoding.Decode(out, b64)
	if err != nil && n < 48 {
		return nil
	}
	return out[:n]
}

// maxStray is of how many bytes of base64 one may be another.
const maxStray = 256

// inspect reads the body as far as its structure shows and no further: no key is validated, no passphrase tried.
func (p *armour) inspect() {
	in := cryptobyte.String(p.body)
	switch {
	case p.headers || p.damaged || len(p.body) == 0:
	case p.label == "OPENSSH PRIVATE KEY":
		p.openSSH()
	case strings.HasPrefix(p.label, "PGP"):
		tag := p.body[0]
		p.parsed = tag&0xc0 == 0xc0 && tag&0x3f == 5 || tag&0xc0 == 0x80 && tag>>2&0xf == 5 // a Secret-Key packet
	case p.label == "ENCRYPTED PRIVATE KEY":
		p.encrypted = true
		var seq, alg, data cryptobyte.String
		p.parsed = in.ReadASN1(&seq, casn1.SEQUENCE) && seq.ReadASN1(&alg, casn1.SEQUENCE) && seq.ReadASN1(&data, casn1.OCTET_STRING)
	case p.label == "RSA PRIVATE KEY":
		p.parsed = p.rsa(in)
	case p.label == "EC PRIVATE KEY", p.label == "ECDSA PRIVATE KEY", p.label == "DSA PRIVATE KEY":
		var seq cryptobyte.String
		var version int
		p.parsed = in.ReadASN1(&seq, casn1.SEQUENCE) && seq.ReadASN1Integer(&version) && !seq.Empty()
	default:
		p.pkcs8(in)
	}
}

// rsa reads RFC 8017, appendix A.1.2.
func (p *armour) rsa(in cryptobyte.String) bool {
	var seq cryptobyte.String
	var version int
	var n, e, d []byte
	if !in.ReadASN1(&seq, casn1.SEQUENCE) || !seq.ReadASN1Integer(&version) || !seq.ReadASN1Integer(&n) || !seq.ReadASN1Integer(&e) || !seq.ReadASN1Integer(&d) {
		return false
	}
	p.public = sshString(nil, []byte("ssh-rsa"))
	p.public = sshString(p.public, mpint(e))
	p.public = sshString(p.public, mpint(n))
	return true
}

// pkcs8 reads RFC 5958, and the inner key where it is RSA or Ed25519.
func (p *armour) pkcs8(in cryptobyte.String) {
	var seq, alg, key cryptobyte.String
	var version int
	var oid asn1.ObjectIdentifier
	if !in.ReadASN1(&seq, casn1.SEQUENCE) || !seq.ReadASN1Integer(&version) || !seq.ReadASN1(&alg, casn1.SEQUENCE) || !alg.ReadASN1ObjectIdentifier(&oid) || !seq.ReadASN1(&key, casn1.OCTET_STRING) {
		return
	}
	p.parsed = true
	switch oid.String() {
	case "1.2.840.113549.1.1.1":
		p.parsed = p.rsa(key)
	case "1.3.101.112":
		var seed cryptobyte.String
		if !key.ReadASN1(&seed, casn1.OCTET_STRING) || len(seed) != ed25519.SeedSize {
			p.parsed = false
			return
		}
		pub := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
		p.public = sshString(sshString(nil, []byte("ssh-ed25519")), pub)
	}
}

// openSSH reads the outer frame, whose public half stands in clear even where the private one is encrypted.
func (p *armour) openSSH() {
	in, ok := bytes.CutPrefix(p.body, []byte("openssh-key-v1\x00"))
	if !ok {
		return
	}
	var cipher, kdf, opts, pub []byte
	for _, f := range []*[]byte{&cipher, &kdf, &opts} {
		if *f, in, ok = readSSHString(in); !ok {
			return
		}
	}
	if len(in) < 4 || binary.BigEndian.Uint32(in) == 0 {
		return
	}
	if pub, _, ok = readSSHString(in[4:]); !ok {
		return
	}
	p.encrypted = string(cipher) != "none"
	p.public, p.parsed = pub, true
}

func readSSHString(b []byte) (s, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	n := binary.BigEndian.Uint32(b)
	if uint64(n) > uint64(len(b)-4) {
		return nil, nil, false
	}
	return b[4 : 4+n], b[4+n:], true
}

func sshString(to, s []byte) []byte {
	return append(binary.BigEndian.AppendUint32(to, uint32(len(s))), s...)
}

// mpint keeps the sign bit clear, as RFC 4251 asks; cryptobyte leaves it out.
func mpint(b []byte) []byte {
	b = bytes.TrimLeft(b, "\x00")
	if len(b) > 0 && b[0]&0x80 != 0 {
		return append([]byte{0}, b...)
	}
	return b
}

// fingerprint is what ssh-keygen -l prints.
func fingerprint(public []byte) string {
	if public == nil {
		return ""
	}
	sum := sha256.Sum256(public)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

func pemFacts(m Match) []finding.Fact {
	v := m.Block
	if v == nil {
		v = m.Value()
	}
	p := readPEM(v)
	if p.body == nil {
		return nil
	}
	return facts(fact("encrypted", strconv.FormatBool(p.encrypted)), fact("fingerprint", fingerprint(p.public)))
}

// parseCoinbase reads the key file: a resource name and a PEM key in one object.
const keyNameChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_-"

func parseCoinbase(b []byte, at int) []Found {
	limit := min(len(b), at+2000)
	name := at + 1
	// A key follows its name in the same string where the two are one header.
	n := bytes.IndexFunc(b[name:limit], func(c rune) bool { return !strings.ContainsRune(keyNameChars, c) })
	if n < 0 || !bytes.Contains(b[name:name+n], []byte("/apiKeys/")) {
		return nil
	}
	i := bytes.Index(b[name+n:limit], []byte("-----BEGIN"))
	if i < 0 {
		return nil
	}
	start := name + n + i
	p := readPEM(b[start:limit])
	if len(p.body) < 40 {
		return nil
	}
	return []Found{{Parts: []FoundPart{{finding.RoleSecret, start, start + p.size}, {finding.RoleID, name, name + n}}, Start: at, End: start + p.size, Proof: proven(p.parsed)}}
}

func ppkFields(b []byte) (f map[string]string, public, private []byte, size int) {
	f = map[string]string{}
	lines := bytes.SplitAfter(b[:min(len(b), pemReach)], []byte("\n"))
	for i := 0; i < len(lines); i++ {
		key, v, ok := strings.Cut(strings.TrimSpace(string(lines[i])), ": ")
		if !ok {
			break
		}
		size += len(bytes.TrimRight(lines[i], "\r\n"))
		f[key] = v
		if key == "Private-MAC" || key == "Private-Hash" {
			break
		}
		size += len(lines[i]) - len(bytes.TrimRight(lines[i], "\r\n"))
		if key != "Public-Lines" && key != "Private-Lines" {
			continue
		}
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 || i+n >= len(lines) {
			break
		}
		var b64 []byte
		for _, l := range lines[i+1 : i+1+n] {
			b64 = append(b64, bytes.TrimSpace(l)...)
			size += len(l)
		}
		i += n
		raw, err := base64.StdEncoding.DecodeString(string(b64))
		if err != nil {
			break
		}
		if key == "Public-Lines" {
			public = raw
		} else {
			private = raw
		}
	}
	return f, public, private, size
}

func parsePPK(b []byte, at int) []Found {
	_, public, private, size := ppkFields(b[at:])
	if len(private) == 0 {
		return nil
	}
	return []Found{{Parts: []FoundPart{{finding.RoleSecret, at, at + size}}, Start: at, End: at + size, Proof: proven(len(public) > 0)}}
}

func ppkFacts(m Match) []finding.Fact {
	f, public, _, _ := ppkFields(m.Block)
	return facts(fact("encrypted", strconv.FormatBool(f["Encryption"] != "none")), fact("fingerprint", fingerprint(public)))
}

func samplePPK(r *rand.Rand) []byte {
	pub := base64.StdEncoding.EncodeToString(sshString(sshString(nil, []byte("ssh-ed25519")), draw(r, Visible, 32)))
	priv := base64.StdEncoding.EncodeToString(draw(r, Visible, 48))
	return []byte("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: robot\nPublic-Lines: 1\n" + pub + "\nPrivate-Lines: 1\n" + priv + "\nPrivate-MAC: " + string(draw(r, Hex, 64)))
}

// parsePKCS12 looks for PFX { version 3, SEQUENCE { pkcs7-data or pkcs7-signedData } } around the anchor.
func parsePKCS12(b []byte, at int) []Found {
	v := bytes.LastIndex(b[max(0, at-12):at], []byte("\x02\x01\x03\x30"))
	if v < 0 {
		return nil
	}
	v += max(0, at-12)
	for _, head := range []int{4, 2, 3, 5} {
		s := v - head
		if s < 0 || b[s] != 0x30 {
			continue
		}
		n := 0
		switch {
		case head == 2 && b[s+1] < 0x80 && b[s+1] != 0:
			n = int(b[s+1])
		case head > 2 && int(b[s+1]) == 0x80+head-2:
			for _, c := range b[s+2 : v] {
				n = n<<8 | int(c)
			}
		case head == 2 && b[s+1] == 0x80: // indefinite length
			n = len(b) - v
		default:
			continue
		}
		end := min(len(b), v+n)
		return []Found{{Parts: []FoundPart{{finding.RoleSecret, s, end}}, Start: s, End: end, Proof: proven(v+n <= len(b))}}
	}
	return nil
}

// parseJKS walks the entries of a key store in Sun's format until a private key; stores of trusted certificates hold none.
func parseJKS(b []byte, at int) []Found {
	if at != 0 || len(b) < 16 {
		return nil
	}
	n := int(binary.BigEndian.Uint32(b[8:12]))
	rest := b[12:]
	text := func() bool {
		if len(rest) < 2 {
			return false
		}
		l := 2 + int(binary.BigEndian.Uint16(rest))
		if l > len(rest) {
			return false
		}
		rest = rest[l:]
		return true
	}
	for range min(n, 1000) {
		if len(rest) < 4 {
			return nil
		}
		tag := binary.BigEndian.Uint32(rest)
		rest = rest[4:]
		if !text() || len(rest) < 8 {
			return nil
		}
		if tag == 1 {
			return []Found{{Parts: []FoundPart{{finding.RoleSecret, 0, len(b)}}, Start: 0, End: len(b), Proof: finding.ProofProven}}
		}
		rest = rest[8:]
		if tag != 2 || !text() || len(rest) < 4 {
			return nil
		}
		l := 4 + int64(binary.BigEndian.Uint32(rest))
		if l > int64(len(rest)) {
			return nil
		}
		rest = rest[l:]
	}
	return nil
}

// crc16 is CRC-16/XMODEM, as NKeys use it.
func crc16(b []byte) uint16 {
	var crc uint16
	for _, c := range b {
		crc ^= uint16(c) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}

const bech32Digits = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

func bech32Sum(hrp string, data []byte) uint32 {
	v := make([]byte, 0, 2*len(hrp)+1+len(data))
	for i := range len(hrp) {
		v = append(v, hrp[i]>>5)
	}
	v = append(v, 0)
	for i := range len(hrp) {
		v = append(v, hrp[i]&31)
	}
	v = append(v, data...)
	gen := [5]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3}
	sum := uint32(1)
	for _, c := range v {
		top := sum >> 25
		sum = sum&0x1ffffff<<5 ^ uint32(c)
		for i, g := range gen {
			if top>>i&1 == 1 {
				sum ^= g
			}
		}
	}
	return sum
}

// bech32Valid checks the checksum of BIP 173 of a lower-case string.
func bech32Valid(s string) bool {
	i := strings.LastIndexByte(s, '1')
	if i < 1 || len(s)-i < 7 {
		return false
	}
	var data []byte
	for _, c := range []byte(s[i+1:]) {
		d := strings.IndexByte(bech32Digits, c)
		if d < 0 {
			return false
		}
		data = append(data, byte(d))
	}
	return bech32Sum(s[:i], data) == 1
}

func bech32(hrp string, r *rand.Rand, n int) string {
	data := make([]byte, n, n+6)
	for i := range data {
		data[i] = byte(r.IntN(32))
	}
	sum := bech32Sum(hrp, append(slices.Clone(data), 0, 0, 0, 0, 0, 0)) ^ 1
	for i := range 6 {
		data = append(data, byte(sum>>(5*(5-i))&31))
	}
	for i, d := range data {
		data[i] = bech32Digits[d]
	}
	return hrp + "1" + string(data)
}

func samplePKCS8(r *rand.Rand) []byte {
	seed := make([]byte, ed25519.SeedSize)
	for i := range seed {
		seed[i] = byte(r.IntN(256))
	}
	der, _ := x509.MarshalPKCS8PrivateKey(ed25519.NewKeyFromSeed(seed))
	return der
}

func sampleOpenSSH(r *rand.Rand) []byte {
	seed := make([]byte, ed25519.SeedSize)
	for i := range seed {
		seed[i] = byte(r.IntN(256))
	}
	pub := sshString(sshString(nil, []byte("ssh-ed25519")), ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey))
	b := []byte("openssh-key-v1\x00")
	for _, s := range []string{"none", "none", ""} {
		b = sshString(b, []byte(s))
	}
	b = binary.BigEndian.AppendUint32(b, 1)
	b = sshString(b, pub)
	return sshString(b, draw(r, Visible, 136))
}

func pemText(label string, der []byte) []byte {
	return bytes.TrimSpace(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}
