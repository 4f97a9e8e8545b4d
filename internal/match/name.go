package match

import (
	"strings"

	"sprawl/detectors"
)

func of(spec string) *detectors.Class { return detectors.Of(spec) }

func words(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}

// nameClass says what a name promises.
type nameClass uint8

const (
	nameOther    nameClass = iota
	namePassword           // password, pwd, passphrase
	nameSecret             // secret, token, api key, credential
	nameWeak               // auth, key material, pin: secret in some contexts only
)

// genericTriggers are what the prefilter looks for to find secret-like names. A name without one of them is never generic.
var genericTriggers = strings.Fields("pass pwd psw secret token key auth cred bearer salt jwt kennwort senha contrasena webhook cookie identified seed license session mdp otp dsn")

// maxWords is how many words of a name are read; what is left out is its beginning.
const maxWords = 12

// nameWords is a name cut at separators and changes of case, folded, from the last to the first.
type nameWords struct {
	n     int
	buf   [maxIdent]byte
	used  int
	words [maxWords][2]int
}

func (w *nameWords) at(i int) []byte { return w.buf[w.words[i][0]:w.words[i][1]] }

// split reads a name. Digits stay with the letters before them but are left out at a word's end.
func (w *nameWords) split(name []byte) {
	w.n, w.used = 0, 0
	e := len(name)
	for e > 0 && w.n < maxWords {
		for e > 0 && !isLetter(name[e-1]) {
			e--
		}
		s := e
		for s > 0 && (isLetter(name[s-1]) || isDigit(name[s-1])) {
			c := name[s-1]
			if s < e {
				next := name[s]
				if isLower(c) && isUpper(next) || isDigit(c) && isUpper(next) {
					break
				}
				if isUpper(c) && isUpper(next) && s+1 < e && isLower(name[s+1]) && s < e-1 {
					break // the last capital of HTTPServer begins the next word
				}
			}
			s--
		}
		if s == e {
			break
		}
		at := w.used
		for _, c := range name[s:e] {
			if w.used < len(w.buf) {
				w.buf[w.used] = lower(c)
				w.used++
			}
		}
		w.words[w.n] = [2]int{at, w.used}
		w.n++
		e = s
	}
}

var (
	passwordWords = words("password passwords passwd passwrd passw pwd pass passphrase passcode psw pswd pasword passwort kennwort senha contrasena mdp userpass dbpass dbpassword mypassword userpassword " +
		"adminpassword adminpass rootpass rootpassword dbpasswd dbpwd userpwd loginpassword storepass keypass storepassword keypassword mysqlpassword requirepass bindpw rootpw adminpw masterpassword passkey " +
		"identified smtppass ftppass sshpass")
	secretWords = words("secret secrets token tokens apikey apikeys accesskey secretkey privatekey authkey authtoken accesstoken apitoken credential credentials cred creds clientsecret appsecret apisecret " +
		"secretaccesskey bearer oauthtoken refreshtoken idtoken authorization encryptionkey signingkey masterkey consumersecret consumerkey appkey servicekey bottoken usertoken sessiontoken jwt sharedsecret " +
		"secrettoken devicetoken accountkey storagekey sharedkey jwtsecret hmackey apppassword")
	weakWords = words("auth salt key keys pat pin cookie session seed otp dsn webhook license oauth sid")
	// What a key opens: key alone is a map's, a database's or a keyboard's.
	keyWords = words("api access private secret sign signing encrypt encryption encryptions auth authentication master service account storage license app application client consumer shared hmac aes jwt symmetric " +
		"ssh cipher crypto webhook admin root deploy sas rsa ecdsa ed25519 des security session token subscription primary secondary integration write read publishable publish ingest wrapping kms pem ssl tls " +
		"rest server user dev dkim vapid push license licence decrypt decryption des3 xor pre pgp gpg host maps data")
	// Words behind the secret one that say the value is something else.
	denyWords = words("id ids name names type types url uri urls path paths file files filename dir directory folder length len size count max min field fields label hint title text message messages msg error errors " +
		"prompt placeholder regex regexp pattern format policy policies rule rules strength reset forgot forgotten expiry expires expiration expired expire ttl timeout age date time at version enabled enable required " +
		"require valid invalid validation validator visible visibility show hide input inputs form page link endpoint server host hostname port provider providers method methods class handler manager store storage ref " +
		"reference selector arn alias env var variable index idx position pos kind limit budget usage column param parameter prefix suffix scope scopes issuer audience algorithm alg mode state status uuid guid bits " +
		"iterations rounds cost complexity history attempts retry retries request requests response option options config source mapping lookup description desc help tooltip button icon nonce nonces iv salts screen view template subject " +
		"body email mail address user username login group role roles permission account accounts generator generate encoder encryptor hasher hashed hash hashes digest checksum fingerprint thumbprint confirmation " +
		"changed change update updated created removed deleted exists match matches mismatch missing empty count counter total used unused left remaining symbol chars characters charset is has required bucket table " +
		"tag tags list array set map dict object json xml yaml schema spec test tests example callback fn func function cb fixture interval period lifetime rotation placement location region zone namespace property " +
		"properties attribute attributes element event events action actions command cmd feature flag flags interface impl factory builder service client module package plugin extension library sdk api ui css style " +
		"color width height code codes ring chain pair pairs vault agent frame press down up stroke board word words event words bindings binding map maps pad")
	hashWords = words("hash hashing hashed bcrypt scrypt argon2 argon pbkdf2 kdf crypt")
	// Words anywhere that say so.
	denyAnywhere = words("public publishable magic authenticity antiforgery verification csrf xsrf max min num number count is has should can primary_key foreign partition sort cache translation i18n l10n locale label css idempotency continuation pagination page next previous " +
		"regex placeholder allow disable enable disabled enabled use require required show hide toggle invalid missing forgot expired wrong incorrect error verify validate check get delete remove find lookup no without non dummy fake bogus")
	// Words behind the secret one that change nothing.
	neutralWords = words("value val default def string str plain plaintext raw clear cleartext encoded base64 b64 enc encrypted prod production dev development test testing staging stage live local demo sandbox env text data " +
		"old new current previous prev backup v a b one two primary secondary main override fallback bytes hex main us eu in my do equals equal eq set setvalue put withdefault eql to be as")
)

// classify says what a name promises and why not, where it promises nothing.
func (w *nameWords) classify() nameClass {
	if w.n == 0 {
		return nameOther
	}
	i := 0
	for i < w.n-1 && neutralWords[string(w.at(i))] {
		i++
	}
	last := w.at(i)
	class := nameOther
	switch l := string(last); {
	case passwordWords[l] || len(l) > 8 && (strings.HasSuffix(l, "password") || strings.HasSuffix(l, "passwd") || strings.HasSuffix(l, "passphrase")) || len(l) > 4 && strings.HasSuffix(l, "pwd"):
		class = namePassword
	case secretWords[l] || len(l) > 6 && (strings.HasSuffix(l, "secret") || strings.HasSuffix(l, "apikey") || strings.HasSuffix(l, "token") || strings.HasSuffix(l, "secretkey") || strings.HasSuffix(l, "accesskey")):
		class = nameSecret
	case l == "key" || l == "keys":
		class = nameWeak
		if i+1 < w.n && keyWords[string(w.at(i+1))] {
			class = nameSecret
		}
		if i+1 < w.n && string(w.at(i+1)) == "id" {
			return nameOther // SUBNET_ID_KEY: the key of a map
		}
	case l == "pw" || l == "word" && i+1 < w.n && string(w.at(i+1)) == "pass" || l == "phrase" && i+1 < w.n && string(w.at(i+1)) == "pass":
		class = namePassword
	case l == "salt" && (i+1 == w.n || passwordWords[string(w.at(i+1))] || hashWords[string(w.at(i+1))]):
		return nameOther // it is stored beside the hash
	case weakWords[l]:
		class = nameWeak
	case l == "id" || l == "hash":
		return nameOther
	}
	if class == nameOther {
		// secret_foo: an unknown word behind the secret one, a service's name perhaps.
		if !denyWords[string(last)] && i+1 < w.n {
			l := string(w.at(i + 1))
			if passwordWords[l] || secretWords[l] && l != "token" && l != "tokens" {
				class = nameWeak
			}
		}
	}
	if class == nameOther {
		return nameOther
	}
	for j := i + 1; j < w.n; j++ {
		if denyAnywhere[string(w.at(j))] {
			return nameOther
		}
	}
	return class
}

// compact appends the name folded and without separators.
func compact(dst, name []byte) []byte {
	for _, c := range name {
		if isLetter(c) || isDigit(c) {
			dst = append(dst, lower(c))
		}
	}
	return dst
}
