package detectors

// Introspection is how a provider is asked about a credential with the credential itself: one request that changes nothing, and
// where its answer says what. It is data; internal/introspect asks.
//
// Path, Header and Body hold places: {secret}, {id} and {user} are the parts of the credential, {fact.FIELD} what it says of
// itself offline. Where one of them is not known nothing is asked.
type Introspection struct {
	Method string // "" is GET
	// Host is the only host that is asked, unless the operator names another for the provider. "" means that everybody has a host of
	// their own, and then the operator has to name it: what was scanned never does. A place at its start is a name below a domain
	// that is the provider's alone.
	Host   string
	Path   string   // begins with a slash; its query too
	Header []string // "NAME: VALUE"
	Body   string   // JSON, or a form where Header says so
	// By names a way of asking that is code: a signature is no template.
	By string

	Effect Effect
	// Status is what an answer's status code says: one of active, inactive, expired, revoked. A code that is not there says nothing.
	// The secret is taken for refused by its own provider only: where the operator named no host, Elsewhere says that there are
	// installations that know other secrets, and a refusal says nothing.
	Status    map[int]string
	Elsewhere bool
	// Says are looked at before Status, in order; the first that holds decides.
	Says  []Says
	Facts []Reading
	Docs  string // the page that names endpoint and fields
}

// Says is what a value in an answer says of the credential.
type Says struct {
	// Path leads to the value: dots go down, "[]" walks a list. A name may be a place. "header:NAME" is of the answer's head.
	Path string
	// Is is the value; "" means any.
	Is     string
	Status string // "" says that nothing can be told
}

// Reading takes a value of an answer as a fact.
type Reading struct {
	Path  string // see Says
	Field string // see finding.Fact
	// As is how it is written: "" as it stands, "time" RFC 3339 or a day, "unix", "unix-ms", "words" a list with commas or
	// spaces, "lower" in lower case, "end" a time of which null says never.
	As string
}

// Effect is what being asked does besides answering.
type Effect string

// Effects, from least to most. The last two are caused only where a kind is named for introspection, never by "all".
const (
	EffectPublic   Effect = "none-public"       // the secret is not sent
	EffectLogged   Effect = "logged"            // the provider's log shows a call
	EffectLastUsed Effect = "updates-last-used" // so does the credential's last use
	EffectFailure  Effect = "counts-failure"    // a refusal counts towards a lock
	EffectBillable Effect = "billable"          // the call may cost something
)

// Rank is 0 for the least effect; an unknown one ranks last.
func (e Effect) Rank() int {
	all := Effects()
	for i, x := range all {
		if x == e {
			return i
		}
	}
	return len(all)
}

// ByName reports whether a kind of this effect is asked about only where it is named.
func (e Effect) ByName() bool { return e.Rank() > EffectLastUsed.Rank() }

// Effects lists them from least to most.
func Effects() []Effect {
	return []Effect{EffectPublic, EffectLogged, EffectLastUsed, EffectFailure, EffectBillable}
}
