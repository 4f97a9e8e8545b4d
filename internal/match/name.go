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
var genericTriggers = strings.Fields("pass pwd psw secret token key auth cred bearer salt jwt pepper kennwort senha contrasena webhook cookie identified seed license session mdp otp dsn pw psk rootpw bindpw dbpw " +
	"clave wachtwoord losenord adgangskode salasana haslo heslo jelszo parola sifre " + foreign)

// prosaic are those of them that stand in sentences more often than before a value: where a word follows, they are passed over.
var prosaic = strings.Fields("license session cookie seed salt")

// foreign are words for password that are not written in ASCII, with either first letter where there are two. No other name holds any.
const foreign = "contraseña lösenord hasło jelszó şifre пароль Пароль 密码 密碼 口令 パスワード 비밀번호"

// foreignName reports whether a name is not written in ASCII: then it is one of the foreign words.
func foreignName(name []byte) bool {
	for _, c := range name {
		if c >= 0x80 {
			return true
		}
	}
	return false
}

// maxWords is how many words of a name are read; what is left out is its beginning.
const maxWords = 12

// nameWords is a name cut at separators and changes of case, folded, from the last to the first.
type nameWords struct {
	n     int
	buf   [maxIdent]byte
	used  int
	words [maxWords][2]int
	kinds [maxWords]wordKind // of the first known words
	known int
}

func (w *nameWords) at(i int) []byte { return w.buf[w.words[i][0]:w.words[i][1]] }

// split reads a name. Digits stay with the letters before them but are left out at a word's end.
func (w *nameWords) split(name []byte) {
	w.n, w.used, w.known = 0, 0, 0
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
					if secretWord(name[s+1 : e]) {
						s++ // APIkey, DBpass
					}
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

// secretWord reports whether a word that stands in lower case is one for passwords, secrets or keys.
func secretWord(word []byte) bool {
	return len(word) > 2 && vocabulary[string(word)]&(isPassword|isSecret|isWeak) != 0
}

// wordKind is what a word says in a name: any of the following.
type wordKind uint16

const (
	isPassword wordKind = 1 << iota
	isSecret
	isWeak         // in some contexts only
	opensKey       // what a key opens: key alone is a map's, a database's or a keyboard's
	denies         // behind the secret word: the value is something else
	deniesAnywhere // so it is wherever this stands
	ofHash
	isNeutral // behind the secret word: it changes nothing
	inPhrase  // a name of such words alone says what a value is, and leaves to the word before it whose
)

// vocabulary is what is known of words, folded.
var vocabulary = func() map[string]wordKind {
	m := map[string]wordKind{}
	for _, list := range []struct {
		kind  wordKind
		words string
	}{
		{isPassword, "password passwords passwd passwrd passw pwd pass passphrase passcode psw pswd pasword passwort kennwort senha contrasena mdp userpass dbpass dbpassword mypassword userpassword " +
			"adminpassword adminpass rootpass rootpassword dbpasswd dbpwd userpwd loginpassword storepass keypass storepassword keypassword mysqlpassword requirepass bindpw rootpw adminpw masterpassword passkey " +
			"identified smtppass ftppass sshpass authtok masterauth psk passe passord dbpw clave wachtwoord losenord adgangskode salasana haslo heslo jelszo parola sifre"},
		{isSecret, "secret secrets token tokens apikey apikeys accesskey secretkey privatekey authkey authtoken accesstoken apitoken credential credentials cred creds clientsecret appsecret apisecret " +
			"secretaccesskey bearer oauthtoken refreshtoken idtoken authorization encryptionkey signingkey masterkey consumersecret consumerkey appkey servicekey bottoken usertoken sessiontoken jwt sharedsecret " +
			"pepper secrettoken devicetoken accountkey storagekey sharedkey jwtsecret hmackey apppassword"},
		{isWeak, "auth authentication salt key keys pat pin cookie session seed otp dsn webhook license oauth sid"},
		{opensKey, "api access private secret sign signing encrypt encryption encryptions auth authentication master service account storage license app application client consumer shared hmac aes jwt symmetric " +
			"ssh cipher crypto webhook admin root deploy sas rsa ecdsa ed25519 des security session token subscription primary secondary integration write read publishable publish ingest wrapping kms pem ssl tls " +
			"rest server user dev dkim vapid push license licence decrypt decryption des3 xor pre pgp gpg host maps data function"},
		{denies, "id ids name names type types url uri urls path paths file files filename dir directory folder length len size count max min field fields label hint title text message messages msg error errors " +
			"prompt placeholder regex regexp pattern format policy policies rule rules strength reset forgot forgotten expiry expires expiration expired expire ttl timeout age date time at version enabled enable required " +
			"require valid invalid validation validator visible visibility show hide input inputs form page link endpoint server host hostname port provider providers method methods class handler manager store storage ref " +
			"reference selector arn alias env var variable index idx position pos kind limit budget usage column param parameter prefix suffix scope scopes issuer audience algorithm alg mode state status uuid guid bits " +
			"iterations rounds cost complexity history attempts retry retries request requests response option options config source mapping lookup description desc help tooltip button icon nonce nonces iv salts screen view template subject " +
			"body email mail address user username login group role roles permission account accounts generator generate encoder encryptor hasher hashed hash hashes digest checksum fingerprint thumbprint confirmation " +
			"changed change update updated created removed deleted exists match matches mismatch missing empty count counter total used unused left remaining symbol chars characters charset is has required bucket table " +
			"tag tags list array set map dict object json xml yaml schema spec test tests example callback fn func function cb fixture interval period lifetime rotation placement location region zone namespace property " +
			"properties attribute attributes element event events action actions command cmd feature flag flags interface impl factory builder service client module package plugin extension library sdk api ui css style " +
			"color width height code codes ring chain pair pairs vault agent frame press down up stroke board word words event words bindings binding map maps pad"},
		{ofHash, "hash hashing hashed bcrypt scrypt argon2 argon pbkdf2 kdf crypt"},
		{deniesAnywhere, "public publishable magic authenticity antiforgery verification csrf xsrf max min num number count is has should can primary_key foreign partition sort cache translation i18n l10n locale label css idempotency continuation pagination page next previous " +
			"regex placeholder allow disable enable disabled enabled use require required show hide toggle invalid missing forgot expired wrong incorrect error verify validate check get send delete remove find lookup no without non dummy fake bogus"},
		{isNeutral, "value val default def string str plain plaintext raw clear cleartext encoded base64 b64 enc encrypted prod production dev development test testing staging stage live local demo sandbox env text data " +
			"old new current previous prev backup v a b one two only primary secondary main override fallback bytes hex main us eu in my do equals equal eq set setvalue put withdefault eql to be as base"},
		{inPhrase, "api access auth app client user personal private secret token key bot bearer oauth apikey apitoken accesstoken authtoken secretkey"},
	} {
		for w := range strings.FieldsSeq(list.words) {
			m[w] |= list.kind
		}
	}
	return m
}()

// is reports whether the i-th word is of one of the kinds.
func (w *nameWords) is(i int, k wordKind) bool {
	for ; w.known <= i; w.known++ {
		w.kinds[w.known] = vocabulary[string(w.at(w.known))]
	}
	return w.kinds[i]&k != 0
}

// classify says what a name promises and why not, where it promises nothing.
func (w *nameWords) classify() nameClass {
	c := w.classifyFrom(0)
	for j := w.n - 2; c == nameOther && j > 0; j-- {
		if w.qualifies(j) {
			c = w.classifyFrom(j + 1)
		}
	}
	return c
}

// qualifies reports whether the j-th word begins what is said of a thing behind its name: token_for_tests, secret_do_not_commit.
func (w *nameWords) qualifies(j int) bool {
	switch string(w.at(j)) {
	case "for", "of", "dont":
		return true
	case "do":
		return string(w.at(j-1)) == "not"
	}
	return false
}

// classifyFrom is classify, of a name without its last i words.
func (w *nameWords) classifyFrom(i int) nameClass {
	if w.n <= i {
		return nameOther
	}
	for i < w.n-1 && w.is(i, isNeutral) {
		i++
	}
	last := w.at(i)
	class := nameOther
	switch l := string(last); {
	case w.is(i, isPassword) || len(l) > 8 && (strings.HasSuffix(l, "password") || strings.HasSuffix(l, "passwd") || strings.HasSuffix(l, "passphrase")) || len(l) > 4 && strings.HasSuffix(l, "pwd") || passed(l):
		class = namePassword
	case w.is(i, isSecret) || len(l) > 6 && (strings.HasSuffix(l, "secret") || strings.HasSuffix(l, "apikey") || strings.HasSuffix(l, "token") || opened(l)):
		class = nameSecret
	case l == "key" || l == "keys":
		class = nameWeak
		if i+1 < w.n && w.is(i+1, opensKey) {
			class = nameSecret
		}
		if i+1 < w.n && string(w.at(i+1)) == "id" {
			return nameOther // SUBNET_ID_KEY: the key of a map
		}
	case l == "pw" || l == "word" && i+1 < w.n && string(w.at(i+1)) == "pass" || l == "phrase" && i+1 < w.n && string(w.at(i+1)) == "pass":
		class = namePassword
	case l == "salt" && (i+1 == w.n || w.is(i+1, isPassword|ofHash)):
		return nameOther // it is stored beside the hash
	case w.is(i, isWeak):
		class = nameWeak
	case l == "id" || l == "hash":
		return nameOther
	}
	if class == nameOther {
		// secret_foo: an unknown word behind the secret one, a service's name perhaps.
		if !w.is(i, denies) && i+1 < w.n {
			l := string(w.at(i + 1))
			if w.is(i+1, isPassword) || w.is(i+1, isSecret) && l != "token" && l != "tokens" {
				class = nameWeak
			}
		}
	}
	if class == nameOther {
		return nameOther
	}
	for j := i + 1; j < w.n; j++ {
		if w.is(j, deniesAnywhere) {
			return nameOther
		}
	}
	return class
}

// passed reports whether a word ends in pass and is no word of English: remotepass, sshpass.
func passed(l string) bool {
	what, ok := strings.CutSuffix(l, "pass")
	if !ok || len(what) < 2 {
		return false
	}
	switch what {
	case "by", "com", "encom", "tres", "sur", "over", "under", "out", "re", "im", "single", "multi", "two", "first", "second", "high", "low", "band", "all", "render", "post", "depth", "shadow", "test", "must", "pre", "one", "final", "last", "next", "each":
		return false
	}
	return true
}

// opened reports whether a word is what a key opens and key, written as one: functionkey, hostkey.
func opened(l string) bool {
	what, ok := strings.CutSuffix(l, "key")
	return ok && len(what) > 2 && vocabulary[what]&opensKey != 0 || strings.HasSuffix(l, "secretkey") || strings.HasSuffix(l, "accesskey")
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
