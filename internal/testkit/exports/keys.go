package exports

import (
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base32"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// AccessKey is the id of the n-th access key of an AWS account, which stands inside it (see the aws-access-key row of detectors).
func (s *Set) AccessKey(account string, n int) (string, error) {
	a, err := strconv.ParseUint(account, 10, 64)
	if err != nil || len(account) != 12 {
		return "", fmt.Errorf("%q is no account", account)
	}
	r := random("aws "+account, n)
	var word [8]byte
	binary.BigEndian.PutUint64(word[:], 1<<47|a<<7|r.Uint64N(1<<7))
	raw := append(word[2:], make([]byte, 4)...)
	binary.BigEndian.PutUint32(raw[6:], r.Uint32())
	return s.made(fmt.Sprintf("akia %q %d", account, n), "AK"+"IA"+base32.StdEncoding.EncodeToString(raw)), nil
}

// awsSecret is the other half of an access key.
func awsSecret(account string, n int) string {
	return string(pick(random("aws secret "+account, n), base62+"/+", 40))
}

func privateKey(n int) ed25519.PrivateKey {
	seed := make([]byte, ed25519.SeedSize)
	r := random("private key", n)
	for i := range seed {
		seed[i] = byte(r.Uint32())
	}
	return ed25519.NewKeyFromSeed(seed)
}

// PrivateKey is the n-th key as people keep it.
func PrivateKey(n int) string {
	der, err := x509.MarshalPKCS8PrivateKey(privateKey(n))
	if err != nil {
		panic(err) // an Ed25519 key has an encoding
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func public(n int) ssh.PublicKey {
	k, err := ssh.NewPublicKey(privateKey(n).Public())
	if err != nil {
		panic(err) // an Ed25519 key has a public half
	}
	return k
}

func (s *Set) sshPublic(n int) string {
	_ = s.fingerprint(n)
	return s.made(fmt.Sprintf("sshpub %d", n), strings.TrimSpace(string(ssh.MarshalAuthorizedKey(public(n)))))
}

func (s *Set) fingerprint(n int) string {
	return s.made(fmt.Sprintf("fingerprint %d", n), ssh.FingerprintSHA256(public(n)))
}

// certificate is self-signed, valid through 2026 and 2027.
func (s *Set) certificate(n int) (string, error) {
	_ = s.fingerprint(n)
	key := privateKey(n)
	c := &x509.Certificate{
		SerialNumber: new(big.Int).Lsh(big.NewInt(int64(0x1000+n)), 64), Subject: pkix.Name{CommonName: fmt.Sprintf("host%d.acme.example", n)},
		DNSNames:  []string{fmt.Sprintf("host%d.acme.example", n)},
		NotBefore: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(nil, c, c, key.Public(), key)
	if err != nil {
		return "", err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), nil
}
