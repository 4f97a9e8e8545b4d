package inventory

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"io"
	"strconv"
	"time"

	"golang.org/x/crypto/ssh"
	"sprawl/finding"
)

// certManagerCertificate is a Certificate of cert-manager.io/v1.
func certManagerCertificate() Mapping {
	return Mapping{
		Class: Credential, System: "cert-manager", Key: "metadata.name",
		Facts: []Take{
			{From: "spec.commonName", To: "subject"}, {From: "spec.dnsNames[]", To: "host"}, {From: "metadata.namespace", To: "namespace"}, {From: "metadata.creationTimestamp", To: "created", As: when},
			{From: "spec.secretName", To: "secret_name"}, {From: "spec.issuerRef.name", To: "issuer"},
			{From: "status.notBefore", To: "rotated", As: when}, {From: "status.notAfter", To: "expires", As: when}, {From: "status.renewalTime", To: "renewal_due", As: when}, {From: "status.revision", To: "revision"},
		},
		Finish: func(o Object, r *Row, _ Meta) error {
			ns := o.Text("metadata.namespace")
			r.Record.Key = ns + "/" + r.Record.Key
			r.Keys = append(r.Keys, Key{"kubernetes.certificate", r.Record.Key}, Key{"kubernetes.secret", within(ns, o.Text("spec.secretName"))})
			r.belongs("kubernetes.namespace", ns)
			r.labels(o, "metadata.labels")
			r.give("renewal", "automatic")
			return nil
		},
	}
}

// pemCertificates are X.509 certificates in PEM: what openssl, browsers and certificate authorities write.
func pemCertificates() listing {
	return listing{
		Name: "x509-certificates", Title: "X.509 certificates in PEM", System: "x509",
		Command: "cat /etc/ssl/private/*.crt > certificates.pem, or openssl s_client -connect HOST:443 -showcerts", Permission: "none: certificates are public",
		Docs:  "https://www.rfc-editor.org/rfc/rfc5280",
		Joins: "serial number, fingerprint of the public key (exact)", Decides: "expiry, issuer, names",
		Sniff: func(h *Head) bool {
			return bytes.Contains(h.Text, []byte("-----BEGIN "+"CERTIFICATE-----")) && !h.json && len(h.Columns) == 0
		},
		Read: readPEM,
	}
}

// readPEM reads block after block, each at most maxRow long.
func readPEM(r io.Reader, l *loading) error {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 4096), maxPlain)
	var block []byte
	inside := false
	for s.Scan() {
		line := bytes.TrimSpace(s.Bytes())
		switch {
		case bytes.HasPrefix(line, []byte("-----BEGIN ")):
			inside = true
			block = append(append(block[:0], line...), '\n')
		case !inside:
		case bytes.HasPrefix(line, []byte("-----END ")):
			inside = false
			block = append(append(block, line...), '\n')
			l.number++
			b, _ := pem.Decode(block)
			if b == nil {
				l.trouble(l.number, "the block is malformed")
				continue
			}
			if b.Type != "CERTIFICATE" {
				continue // a private key that stands beside it is for the scan to find
			}
			row := Row{Class: Credential, Number: l.number, Record: finding.Record{System: l.System, Source: l.meta.Name + ":" + strconv.Itoa(l.number), AsOf: l.meta.AsOf}}
			if !row.certificate(pem.EncodeToMemory(b)) {
				l.trouble(l.number, "is not a certificate")
				continue
			}
			row.Record.Key = row.Fact("issuer") + "#" + row.Fact("serial") // what RFC 5280 tells a certificate by
			for i := range row.Record.Facts {
				row.Record.Facts[i].Source, row.Record.Facts[i].AsOf = l.source, l.meta.AsOf
			}
			l.add(row)
		case len(block) > maxRow:
			l.number++
			l.trouble(l.number, "longer than %d MiB and skipped", maxRow>>20)
			inside, block = false, nil
		default:
			block = append(append(block, line...), '\n')
		}
	}
	if errors.Is(s.Err(), bufio.ErrTooLong) {
		l.inv.Partial = "the file is damaged: a line is too long"
		return nil
	}
	if inside {
		l.inv.Partial = "the file is cut off"
	}
	return s.Err()
}

// certificate takes what the first certificate of a PEM text says.
func (r *Row) certificate(text []byte) bool {
	b, _ := pem.Decode(text)
	if b == nil {
		return false
	}
	c, err := x509.ParseCertificate(b.Bytes)
	if err != nil {
		return false
	}
	r.give("serial", hex.EncodeToString(c.SerialNumber.Bytes()))
	r.give("subject", c.Subject.String())
	r.give("issuer", c.Issuer.String())
	r.give("host", c.DNSNames...)
	r.give("not_before", c.NotBefore.UTC().Format(time.RFC3339))
	r.give("expires", c.NotAfter.UTC().Format(time.RFC3339))
	if n, _ := longSerial(hex.EncodeToString(c.SerialNumber.Bytes())); n != "" {
		r.Keys = append(r.Keys, Key{"x509.serial", n})
	}
	spki := sha256.Sum256(c.RawSubjectPublicKeyInfo)
	r.Keys = append(r.Keys, Key{"x509.public_key", hex.EncodeToString(spki[:])})
	if k, err := ssh.NewPublicKey(c.PublicKey); err == nil {
		// How a private key is found to be the certificate's: its fingerprint is of the SSH form of the public half.
		r.Keys = append(r.Keys, Key{"ssh.fingerprint", ssh.FingerprintSHA256(k)})
	}
	return true
}
