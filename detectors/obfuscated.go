package detectors

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" //nolint:gosec // what VNC hides its passwords with
	"encoding/base64"
	"encoding/hex"
	"math/rand/v2"
	"net/url"
	"strings"
	"unicode/utf16"

	"sprawl/finding"
)

const (
	gppPage    = "https://learn.microsoft.com/en-us/openspecs/windows_protocols/ms-gppref/2c15cbf0-f086-4c74-8b70-1f2fa45dd4be"
	junosPage  = "https://www.juniper.net/documentation/en_US/junos/topics/concept/harden-shared-secrets.html"
	winscpPage = "https://winscp.net/eng/docs/guide_protecting_credentials_for_automation"
	rclonePage = "https://rclone.org/commands/rclone_obscure/"
	uvncPage   = "https://www.uvnc.com/docs/uvnc-server.html"
)

// obfuscated are passwords that programs write down in a form that they, and everybody else, can turn back: each is taken where a
// password comes out of it.
func obfuscated() []Detector {
	return []Detector{
		{
			ID: "group-policy-password", Provider: "microsoft", Title: "password in a Group Policy preference, under the key that Microsoft has published",
			Structures: []Structure{{Anchors: []string{`cpassword="`}, Reach: Local(1024), Parse: parsePreference}},
			Facts:      urlFacts,
			Sample: func(r *rand.Rand) []byte {
				return []byte(`<Properties action="U" userName="robot" cpassword="` + preference(string(draw(r, Base62, 14))) + `"/>`)
			},
			Rotate: "change the account's password, remove the preference from SYSVOL, and leave local administrators to Windows LAPS", Revoke: "disable the account",
			Docs: gppPage, Format: gppPage,
		},
		{
			ID: "junos-type-9-secret", Provider: "juniper", Title: "secret in a Junos configuration, obfuscated as type 9",
			Structures: []Structure{{Anchors: []string{"$9$"}, Reach: Local(256), Parse: parseType9}},
			Sample: func(r *rand.Rand) []byte {
				return []byte(`pre-shared-key ascii-text "` + type9(r, string(draw(r, Base62, 14))) + `";`)
			},
			Rotate: "set a new one at both ends, under a master password: request system decrypt password; set system master-password", Revoke: "delete it at both ends",
			Docs: junosPage, Format: "https://metacpan.org/pod/Crypt::Juniper",
		},
		{
			ID: "winscp-password", Provider: "winscp", Title: "password of a WinSCP session",
			Structures: []Structure{{Anchors: []string{"assword=A35C", `assword"="A35C`}, Reach: Block(1024), Parse: parseWinSCP}},
			Facts:      urlFacts,
			Sample: func(r *rand.Rand) []byte {
				return []byte("[Sessions\\shop]\nHostName=files.internal.test\nUserName=robot\nPassword=" + winscp("robotfiles.internal.test"+string(draw(r, Base62, 14))))
			},
			Rotate: "change the account's password on its server, and set a master password in WinSCP", Revoke: "disable the account on its server",
			Docs: winscpPage, Format: undocumented,
		},
		{
			ID: "rclone-obscured-password", Provider: "rclone", Title: "password in a configuration of rclone",
			Structures: []Structure{{Anchors: []string{"pass = ", "password = ", "password2 = "}, Reach: Local(1024), Parse: parseRclone}},
			Paths:      []string{"**/rclone.conf", "**/.rclone.conf", "rclone.conf", ".rclone.conf"},
			Sample: func(r *rand.Rand) []byte {
				return []byte("[shop]\ntype = sftp\nuser = robot\npass = " + rclone(draw(r, Visible, aes.BlockSize), string(draw(r, Base62, 14))))
			},
			Rotate: "change the account's password on its server, and encrypt the configuration: rclone config encryption set", Revoke: "disable the account on its server",
			Docs: rclonePage, Format: "https://github.com/rclone/rclone/blob/master/fs/config/obscure/obscure.go",
		},
		{
			ID: "vnc-password", Provider: "vnc", Title: "password of a VNC server, under the key that all of them share",
			Structures: []Structure{{Anchors: []string{"passwd=", "passwd2="}, Fold: true, Reach: Local(1024), Parse: parseVNC}},
			Sample: func(r *rand.Rand) []byte {
				return []byte("[ultravnc]\npasswd=" + vnc(string(draw(r, Base62, 8))) + "7A")
			},
			Rotate: "set a new one in the server's settings, and let it ask for the system's accounts", Revoke: "stop the server",
			Docs: uvncPage, Format: undocumented,
		},
	}
}

// turnedBack is what is found where a password came out of what stands at [s, e).
func turnedBack(b []byte, at, s, e int, password []byte, user, host argument) []Found {
	const least = 4
	if len(password) < least || !all(password, Visible.Or(Of(" "))) || placeholder(password) {
		return nil
	}
	f := login(b, at, argument{s, e}, user, host)
	f.Proof = finding.ProofProven
	return []Found{f}
}

// runOf returns where the bytes of a class end that begin at i.
func runOf(b []byte, i int, c *Class) int {
	const most = 1024
	for limit := min(len(b), i+most); i < limit && c.Has(b[i]); i++ {
	}
	return i
}

// preferenceKey is the key of section 2.2.1.1.4 of MS-GPPREF.
var preferenceKey = []byte{
	0x4e, 0x99, 0x06, 0xe8, 0xfc, 0xb6, 0x6c, 0xc9, 0xfa, 0xf4, 0x93, 0x10, 0x62, 0x0f, 0xfe, 0xe8,
	0xf4, 0x96, 0xe8, 0x06, 0xcc, 0x05, 0x79, 0x90, 0x20, 0x9b, 0x09, 0xa4, 0x33, 0xb6, 0x6c, 0x1b,
}

func cbc(key []byte) (encrypt, decrypt cipher.BlockMode) {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // a key of this file
	}
	iv := make([]byte, aes.BlockSize)
	return cipher.NewCBCEncrypter(block, iv), cipher.NewCBCDecrypter(block, iv)
}

// preference writes a password as a preference holds it.
func preference(password string) string {
	var text []byte
	for _, u := range utf16.Encode([]rune(password)) {
		text = append(text, byte(u), byte(u>>8))
	}
	pad := aes.BlockSize - len(text)%aes.BlockSize
	text = append(text, bytes.Repeat([]byte{byte(pad)}, pad)...)
	encrypt, _ := cbc(preferenceKey)
	encrypt.CryptBlocks(text, text)
	return base64.RawStdEncoding.EncodeToString(text)
}

func parsePreference(b []byte, at int) []Found {
	s := at + len(`cpassword="`)
	e := runOf(b, s, Base64)
	text, err := base64.RawStdEncoding.DecodeString(string(b[s:e]))
	if err != nil || len(text) == 0 || len(text)%aes.BlockSize != 0 {
		return nil
	}
	_, decrypt := cbc(preferenceKey)
	decrypt.CryptBlocks(text, text)
	pad := int(text[len(text)-1])
	if pad == 0 || pad > aes.BlockSize || !bytes.Equal(text[len(text)-pad:], bytes.Repeat([]byte{byte(pad)}, pad)) {
		return nil
	}
	text = text[:len(text)-pad]
	var password []byte
	for i := 0; i+1 < len(text); i += 2 {
		if text[i+1] != 0 {
			return nil
		}
		password = append(password, text[i])
	}
	start, end := lineOf(b, at)
	return turnedBack(b, at, s, e, password, attribute(b, start, end, `userName="`), argument{})
}

// attribute returns what stands in quotes behind a name within [s, e).
func attribute(b []byte, s, e int, name string) argument {
	i := bytes.Index(b[s:e], []byte(name))
	if i < 0 {
		return argument{}
	}
	s += i + len(name)
	n := bytes.IndexByte(b[s:e], '"')
	if n < 1 {
		return argument{}
	}
	return argument{s, s + n}
}

// Families and weights of Junos' type 9: a character is written as distances, in an alphabet of which the first one of a secret says how
// many more are there for nothing.
var (
	type9Families = []string{"QzF3n6/9CAtpu0O", "B1IREhcSyrleKvMW8LXx", "7N-dVbwsY2g4oaJZGUDj", "iHkq.mPf5T"}
	type9Letters  = strings.Join(type9Families, "")
	type9Class    = Of("a-zA-Z0-9/.-")
	type9Weights  = [][]int{{1, 4, 32}, {1, 16, 32}, {1, 8, 32}, {1, 64}, {1, 32}, {1, 4, 16, 128}, {1, 32, 64}}
)

// type9Extra is how many characters behind the first are there for nothing.
func type9Extra(first byte) int {
	for i, f := range type9Families {
		if strings.IndexByte(f, first) >= 0 {
			return len(type9Families) - 1 - i
		}
	}
	return -1
}

// type9 writes a secret as type 9.
func type9(r *rand.Rand, secret string) string {
	n := len(type9Letters)
	prev := type9Letters[r.IntN(n)]
	out := []byte{prev}
	for range type9Extra(prev) {
		out = append(out, type9Letters[r.IntN(n)])
	}
	for i := range len(secret) {
		weights := type9Weights[i%len(type9Weights)]
		v := int(secret[i])
		gaps := make([]int, len(weights))
		for k := len(weights) - 1; k >= 0; k-- {
			gaps[k], v = v/weights[k], v%weights[k]
		}
		for _, gap := range gaps {
			prev = type9Letters[(strings.IndexByte(type9Letters, prev)+gap+1)%n]
			out = append(out, prev)
		}
	}
	return "$9$" + string(out)
}

func parseType9(b []byte, at int) []Found {
	s := at + len("$9$")
	e := runOf(b, s, type9Class)
	code := b[s:e]
	if len(code) < 8 || e < len(b) && b[e] == '$' {
		return nil // of the passwords of others, which are hashed
	}
	prev := code[0]
	extra := type9Extra(prev)
	if extra < 0 || len(code) < extra+3 {
		return nil
	}
	n := len(type9Letters)
	var secret []byte
	for code = code[1+extra:]; len(code) > 0; {
		weights := type9Weights[len(secret)%len(type9Weights)]
		if len(code) < len(weights) {
			return nil
		}
		v := 0
		for k, w := range weights {
			i, j := strings.IndexByte(type9Letters, prev), strings.IndexByte(type9Letters, code[k])
			if j < 0 {
				return nil
			}
			v += ((j-i+n)%n - 1) * w
			prev = code[k]
		}
		secret = append(secret, byte(v))
		code = code[len(weights):]
	}
	return turnedBack(b, at, at, e, secret, argument{}, argument{})
}

// winscpMagic is what WinSCP hides each byte with.
const winscpMagic = 0xA3

// winscp writes user, host and password as WinSCP does.
func winscp(text string) string {
	var out []byte
	for _, c := range append([]byte{0xff, 0, byte(len(text)), 0}, text...) {
		out = append(out, ^c^winscpMagic)
	}
	return strings.ToUpper(hex.EncodeToString(out))
}

func parseWinSCP(b []byte, at int) []Found {
	const head = 4
	s := at + bytes.Index(b[at:], []byte("A35C"))
	e := runOf(b, s, HexUpper)
	text, err := hex.DecodeString(string(b[s : s+(e-s)/2*2]))
	if err != nil || len(text) < head+1 {
		return nil
	}
	for i := range text {
		text[i] = ^text[i] ^ winscpMagic
	}
	n, shift := int(text[2]), int(text[3])
	if text = text[head:]; len(text) < shift+n {
		return nil
	}
	text = text[shift : shift+n]
	user, host := besideWinSCP(b, at, "UserName"), besideWinSCP(b, at, "HostName")
	key, err := url.PathUnescape(string(b[user.start:user.end]) + string(b[host.start:host.end]))
	if err != nil || key == "" || !bytes.HasPrefix(text, []byte(key)) {
		return nil
	}
	return turnedBack(b, at, s, e, text[len(key):], user, host)
}

// besideWinSCP returns the value of a name in the section of the session.
func besideWinSCP(b []byte, at int, name string) argument {
	const near = 512
	from, to := max(0, at-near), min(len(b), at+near)
	if i := bytes.LastIndexByte(b[from:at], '['); i >= 0 {
		from += i
	}
	if i := bytes.Index(b[at:to], []byte("\n[")); i >= 0 {
		to = at + i
	}
	for _, form := range []string{name + "=", name + `"="`} {
		i := bytes.Index(b[from:to], []byte(form))
		if i < 0 {
			continue
		}
		s := from + i + len(form)
		e := s
		for e < to && b[e] > ' ' && b[e] != '"' {
			e++
		}
		return argument{s, e}
	}
	return argument{}
}

// rcloneKey is the key of rclone's package obscure.
var rcloneKey = []byte{
	0x9c, 0x93, 0x5b, 0x48, 0x73, 0x0a, 0x55, 0x4d, 0x6b, 0xfd, 0x7c, 0x63, 0xc8, 0x86, 0xa9, 0x2b,
	0xd3, 0x90, 0x19, 0x8e, 0xb8, 0x12, 0x8a, 0xfb, 0xf4, 0xde, 0x16, 0x2b, 0x8b, 0x95, 0xf6, 0x38,
}

// rclone writes a password as rclone does; iv has 16 bytes.
func rclone(iv []byte, password string) string {
	return base64.RawURLEncoding.EncodeToString(append(bytes.Clone(iv), revealed(iv, []byte(password))...))
}

func revealed(iv, text []byte) []byte {
	block, err := aes.NewCipher(rcloneKey)
	if err != nil {
		panic(err) // a key of this file
	}
	out := make([]byte, len(text))
	cipher.NewCTR(block, iv).XORKeyStream(out, text)
	return out
}

func parseRclone(b []byte, at int) []Found {
	s := at + bytes.IndexByte(b[at:], '=') + len("= ")
	e := runOf(b, s, Base64URL)
	text, err := base64.RawURLEncoding.DecodeString(string(b[s:e]))
	if err != nil || len(text) <= aes.BlockSize || at > 0 && b[at-1] != '\n' {
		return nil
	}
	return turnedBack(b, at, s, e, revealed(text[:aes.BlockSize], text[aes.BlockSize:]), argument{}, argument{})
}

// vncKey is the key that VNC servers write their passwords with; DES, of which they take each byte's bits in reverse.
var vncKey = []byte{0xe8, 0x4a, 0xd6, 0x60, 0xc4, 0x72, 0x1a, 0xe0}

func vncBlock() cipher.Block {
	block, err := des.NewCipher(vncKey) //nolint:gosec // it is theirs
	if err != nil {
		panic(err) // a key of this file
	}
	return block
}

// vnc writes a password as VNC servers do: eight bytes at most.
func vnc(password string) string {
	text := make([]byte, des.BlockSize)
	copy(text, password)
	vncBlock().Encrypt(text, text)
	return strings.ToUpper(hex.EncodeToString(text))
}

func parseVNC(b []byte, at int) []Found {
	const near = 512
	s := at + bytes.IndexByte(b[at:], '=') + 1
	e := runOf(b, s, HexAny)
	if n := e - s; n != 2*des.BlockSize && n != 2*des.BlockSize+2 || at > 0 && b[at-1] != '\n' {
		return nil // UltraVNC writes a checksum behind it
	}
	if !bytes.Contains(bytes.ToLower(b[max(0, at-near):at]), []byte("vnc")) {
		return nil
	}
	text, err := hex.DecodeString(string(b[s : s+2*des.BlockSize]))
	if err != nil {
		return nil
	}
	vncBlock().Decrypt(text, text)
	password := bytes.TrimRight(text, "\x00")
	return turnedBack(b, at, s, e, password, argument{}, argument{})
}
