package detectors

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"strings"

	"sprawl/finding"
)

const (
	azureApps     = "https://learn.microsoft.com/en-us/graph/api/resources/passwordcredential"
	azureAppCreds = "https://learn.microsoft.com/en-us/entra/identity-platform/how-to-add-credentials"
	azureStorage  = "https://learn.microsoft.com/en-us/azure/storage/common/storage-account-keys-manage"
	azureSAS      = "https://learn.microsoft.com/en-us/rest/api/storageservices/create-account-sas"
	azureSASOver  = "https://learn.microsoft.com/en-us/azure/storage/common/storage-sas-overview"
	azureBus      = "https://learn.microsoft.com/en-us/azure/service-bus-messaging/service-bus-sas"
	azurePATs     = "https://learn.microsoft.com/en-us/azure/devops/organizations/accounts/use-personal-access-tokens-to-authenticate"
	azureCASK     = "https://github.com/microsoft/security-utilities"
	azureAppConf  = "https://learn.microsoft.com/en-us/azure/azure-app-configuration/howto-best-practices"
	azureCosmos   = "https://learn.microsoft.com/en-us/azure/cosmos-db/how-to-rotate-keys"
)

// caskServices names the four-letter service signatures of common annotated keys.
var caskServices = map[string]string{
	"AZDO": "azure-devops", "ACOG": "cognitive-services", "AZMP": "maps", "AZAC": "app-configuration", "AZEG": "event-grid",
	"AZFU": "functions", "ACDB": "cosmos-db", "AZSE": "search", "APIM": "api-management",
}

func azure() []Detector {
	hexKey := Token(Chars(Hex, 32))
	key88 := Token(Chars(Base64, 86), Lit("=="))
	return []Detector{
		{
			ID: "azure-client-secret", Provider: "azure", Title: "Microsoft Entra client secret",
			Shapes: []Shape{{Pieces: []Piece{Chars(Of("a-zA-Z0-9_~.-"), 3), Chars(Digits, 1), Lit("Q~"), Range(Of("a-zA-Z0-9_~.-"), 31, 34)}, Keep: 3}},
			Traits: Traits{Expires: yes(azureAppCreds), Scoped: yes(azureApps), Overlap: yes(azureAppCreds), RotateAPI: yes(azureApps), HumanIssued: no(azureAppCreds)},
			Rotate: "az ad app credential reset --id APP_ID --append, update every consumer, then delete the old one; better, federate the workload",
			Revoke: "az ad app credential delete --id APP_ID --key-id KEY_ID",
			Docs:   azureAppCreds, Format: azureCASK,
		},
		{
			ID: "azure-client-secret-old", Provider: "azure", Title: "Microsoft Entra client secret of the old form",
			Named: []Named{{
				Keywords: []string{"azure", "aad", "entra", "msal", "armclientsecret"}, Names: []string{"secret", "clientkey", "appkey"},
				Value: []Shape{Token(Chars(Of("a-zA-Z0-9_~.+/=@:?*-"), 32)), Token(Chars(Of("a-zA-Z0-9_~.-"), 34)), Token(Chars(Base64, 43), Lit("="))}, MinEntropy: 3.8, Near: -1,
			}},
			Traits: Traits{Expires: yes(azureAppCreds), Overlap: yes(azureAppCreds), RotateAPI: yes(azureApps), HumanIssued: no(azureAppCreds)},
			Rotate: "az ad app credential reset --id APP_ID --append, update every consumer, then delete the old one",
			Revoke: "az ad app credential delete --id APP_ID --key-id KEY_ID",
			Docs:   azureAppCreds, Format: fromCorpus,
		},
		{
			ID: "azure-annotated-key", Provider: "azure", Title: "Azure key of the annotated form",
			Shapes: []Shape{
				{Pieces: []Piece{Chars(Base62, 52), Lit("JQQJ99"), Chars(Base62, 1), Chars(Of("A-L"), 1), Range(Base64, 24, 26), Range(Of("="), 0, 2)}},
				{Pieces: []Piece{Chars(Base62, 52), Lit("JQQJ9D"), Chars(Base62, 1), Chars(Of("A-L"), 1), Range(Base64, 24, 26), Range(Of("="), 0, 2)}},
			},
			Facts: caskFacts,
			Sample: func(r *rand.Rand) []byte {
				return []byte(string(draw(r, Base62, 52)) + "JQQJ99" + "BD" + string(draw(r, Base62, 16)) + "ACOG" + string(draw(r, Base62, 4)))
			},
			Traits: Traits{Overlap: yes("https://learn.microsoft.com/en-us/azure/ai-services/rotate-keys")},
			Rotate: "regenerate the second key, update every consumer, then regenerate this one",
			Revoke: "regenerate the key at its resource, or revoke the token in Azure DevOps",
			Docs:   "https://learn.microsoft.com/en-us/azure/ai-services/rotate-keys", Format: azureCASK,
		},
		{
			ID: "azure-storage-key", Provider: "azure", Title: "Azure Storage account key",
			Structures: []Structure{{Anchors: []string{"AccountKey=", "accountkey=", "ACCOUNTKEY="}, Reach: Local(1024), Parse: connectionKey("accountname", "accountkey", 86, "")}},
			Named: []Named{{
				Keywords: []string{"azure", "storage", "accountkey", "blob"}, Names: []string{"key", "secret", "credential"}, Value: []Shape{key88}, MinEntropy: 4.5,
			}},
			Facts: connectionFacts,
			Sample: func(r *rand.Rand) []byte {
				return []byte("DefaultEndpointsProtocol=https;AccountName=" + string(draw(r, LowerNum, 12)) + ";AccountKey=" + string(draw(r, Base64, 86)) + "==;EndpointSuffix=core.windows.net")
			},
			Traits: Traits{Expires: no(azureStorage), Scoped: no(azureStorage), Overlap: yes(azureStorage), RotateAPI: yes(azureStorage), HumanIssued: no(azureStorage)},
			Rotate: "move consumers to the other key, then: az storage account keys renew --account-name {ident} --key primary",
			Revoke: "az storage account keys renew --account-name {ident} --key primary",
			Docs:   azureStorage, Format: azureStorage,
		},
		{
			ID: "azure-cosmos-key", Provider: "azure", Title: "Azure Cosmos DB key",
			Structures: []Structure{{Anchors: []string{".documents.azure.com"}, Reach: Local(1024), Parse: connectionKey("accountendpoint", "accountkey", 86, ".documents.azure.com")}},
			Named:      []Named{{Keywords: []string{"cosmos", "documentdb"}, Names: []string{"key", "secret", "auth"}, Value: []Shape{key88}, MinEntropy: 4.5}},
			Facts:      connectionFacts,
			Sample: func(r *rand.Rand) []byte {
				return []byte("AccountEndpoint=https://" + string(draw(r, LowerNum, 10)) + ".documents.azure.com:443/;AccountKey=" + string(draw(r, Base64, 86)) + "==;")
			},
			Traits: Traits{Expires: no(azureCosmos), Overlap: yes(azureCosmos), RotateAPI: yes(azureCosmos)},
			Rotate: "move consumers to the other key, then: az cosmosdb keys regenerate --key-kind primary",
			Revoke: "az cosmosdb keys regenerate --key-kind primary",
			Docs:   azureCosmos, Format: fromCorpus,
		},
		{
			ID: "azure-shared-access-key", Provider: "azure", Title: "Azure Service Bus, Event Hubs or IoT Hub shared access key",
			Structures: []Structure{{Anchors: []string{"SharedAccessKey=", "sharedaccesskey="}, Reach: Local(1024), Parse: connectionKey("sharedaccesskeyname", "sharedaccesskey", 40, "")}},
			Facts:      connectionFacts,
			Sample: func(r *rand.Rand) []byte {
				return []byte("Endpoint=sb://" + string(draw(r, LowerNum, 10)) + ".servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=" + string(draw(r, Base64, 43)) + "=")
			},
			Traits: Traits{Expires: no(azureBus), Scoped: yes(azureBus), Overlap: yes(azureBus), RotateAPI: yes(azureBus), HumanIssued: no(azureBus)},
			Rotate: "move consumers to the policy's secondary key, then regenerate the primary one",
			Revoke: "az servicebus namespace authorization-rule keys renew --key PrimaryKey --name {ident}",
			Docs:   azureBus, Format: azureBus,
		},
		{
			ID: "azure-app-configuration-secret", Provider: "azure", Title: "Azure App Configuration connection string",
			Structures: []Structure{{Anchors: []string{".azconfig.io"}, Reach: Local(1024), Parse: connectionKey("id", "secret", 36, "")}},
			Facts:      connectionFacts,
			Sample: func(r *rand.Rand) []byte {
				return []byte("Endpoint=https://" + string(draw(r, LowerNum, 10)) + ".azconfig.io;Id=" + string(draw(r, Base62, 4)) + "-l0-s0:" + string(draw(r, Base62, 20)) + ";Secret=" + string(draw(r, Base64, 43)) + "=")
			},
			Traits: Traits{Expires: no(azureAppConf), Overlap: yes(azureAppConf)},
			Rotate: "move consumers to the secondary key, then: az appconfig credential regenerate --id {ident}",
			Revoke: "az appconfig credential regenerate --id {ident}",
			Docs:   azureAppConf, Format: fromCorpus,
		},
		{
			ID: "azure-communication-key", Provider: "azure", Title: "Azure Communication Services, SignalR or Web PubSub access key",
			Structures: []Structure{{Anchors: []string{"accesskey=", "AccessKey="}, Reach: Local(1024), Parse: connectionKey("endpoint", "accesskey", 36, "")}},
			Facts:      connectionFacts,
			Sample: func(r *rand.Rand) []byte {
				return []byte("endpoint=https://" + string(draw(r, LowerNum, 10)) + ".communication.azure.com/;accesskey=" + string(draw(r, Base64, 86)) + "==")
			},
			Rotate: "move consumers to the secondary key, then regenerate the primary one",
			Revoke: "regenerate the key at its resource",
			Docs:   "https://learn.microsoft.com/en-us/azure/communication-services/concepts/authentication", Format: fromCorpus,
		},
		{
			ID: "azure-sas", Provider: "azure", Title: "Azure shared access signature",
			Structures: []Structure{{Anchors: []string{"sig="}, Reach: Local(2048), Parse: parseSAS}},
			Facts:      sasFacts,
			Sample: func(r *rand.Rand) []byte {
				return []byte("https://" + string(draw(r, LowerNum, 10)) + ".blob.core.windows.net/logs?sv=2022-11-02&st=2024-01-01T00:00:00Z&se=2031-01-01T00:00:00Z&sr=c&sp=rl&sig=" + url.QueryEscape(base64.StdEncoding.EncodeToString(draw(r, Visible, 32))))
			},
			Severity: finding.SevMedium,
			Traits:   Traits{Expires: yes(azureSASOver), Scoped: yes(azureSASOver), LastUsed: no(azureSASOver), Overlap: yes(azureSASOver), RotateAPI: no(azureSASOver), Restricted: yes(azureSASOver)},
			Rotate:   "sign a new one with a short life; better, a user delegation SAS",
			Revoke:   "delete its stored access policy, or renew the account key that signed it: it cannot be revoked alone",
			Docs:     azureSASOver, Format: azureSAS,
		},
		{
			ID: "azure-logic-app-url", Provider: "azure", Title: "Azure Logic Apps or Power Automate trigger URL",
			Structures: []Structure{{Anchors: []string{"sig="}, Reach: Local(2048), Parse: parseLogicApp}},
			Sample: func(r *rand.Rand) []byte {
				return []byte("https://prod-01.westeurope.logic.azure.com:443/workflows/" + string(draw(r, Hex, 32)) + "/triggers/manual/paths/invoke?api-version=2016-10-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=" + string(draw(r, Base64URL, 43)))
			},
			Severity: finding.SevMedium,
			Rotate:   "regenerate the access key of the workflow and update the callers",
			Revoke:   "regenerate the access key of the workflow",
			Docs:     "https://learn.microsoft.com/en-us/azure/logic-apps/logic-apps-securing-a-logic-app", Format: "https://learn.microsoft.com/en-us/azure/logic-apps/logic-apps-securing-a-logic-app",
		},
		{
			ID: "azure-devops-token", Provider: "azure", Title: "Azure DevOps personal access token of the old form",
			Named: []Named{{
				Keywords: []string{"azuredevops", "azdo", "ado", "vsts", "systemaccesstoken", "visualstudio", "azurepat", "azuretoken", "azure"}, Names: []string{"token", "pat", "pass", "secret"},
				Value: []Shape{Token(Chars(Base32.Or(Of("a-z2-7")), 52))}, MinEntropy: 3.5,
			}},
			Traits: Traits{Expires: yes(azurePATs), Scoped: yes(azurePATs), Overlap: yes(azurePATs), HumanIssued: yes(azurePATs)},
			Rotate: "regenerate it under User settings > Personal access tokens; better, use a managed identity",
			Revoke: "revoke it under User settings > Personal access tokens",
			Docs:   azurePATs, Format: fromCorpus,
		},
		{
			ID: "azure-service-key", Provider: "azure", Title: "Azure service key",
			Named: []Named{{
				Keywords: []string{"azure", "ocpapimsubscriptionkey", "cognitiveservice", "bingsearch"}, Names: []string{"key", "apikey", "subscription"},
				Not: []string{"keyvault", "tenant", "clientid", "subscriptionid", "keyid", "resource"}, Value: []Shape{hexKey}, MinEntropy: 2.8,
			}},
			Traits: Traits{Overlap: yes("https://learn.microsoft.com/en-us/azure/ai-services/rotate-keys")},
			Rotate: "regenerate the second key, update every consumer, then regenerate this one",
			Revoke: "regenerate the key at its resource",
			Docs:   "https://learn.microsoft.com/en-us/azure/ai-services/rotate-keys", Format: fromCorpus,
		},
		{
			ID: "azure-function-key", Provider: "azure", Title: "Azure Functions key",
			Shapes: []Shape{{Pieces: []Piece{Lit(".azurewebsites.net/api/"), Range(Of("a-zA-Z0-9_/-"), 1, 64), Lit("?code="), Range(Of("a-zA-Z0-9%/+=_-"), 40, 100)}, Left: anyByte, Keep: len(".azurewebsites.net/api/")}},
			Rotate: "renew the key under App keys or Function keys, and update the callers",
			Revoke: "az functionapp keys delete, or renew it",
			Docs:   "https://learn.microsoft.com/en-us/azure/azure-functions/function-keys-how-to", Format: "https://learn.microsoft.com/en-us/azure/azure-functions/function-keys-how-to",
		},
		{
			ID: "azure-search-key", Provider: "azure", Title: "Azure AI Search key",
			Shapes: []Shape{{Pieces: []Piece{Chars(Base62, 42), Lit("AzSe"), Chars(Base62, 6)}}},
			Named:  byAs("azuresearch azsearch searchadminkey searchquerykey", keyWords, run(Base62, 52)),
			Traits: Traits{Overlap: yes("https://learn.microsoft.com/en-us/azure/search/search-security-api-keys"), RotateAPI: yes("https://learn.microsoft.com/en-us/azure/search/search-security-api-keys")},
			Rotate: "regenerate the second admin key, update every consumer, then regenerate this one",
			Revoke: "az search admin-key renew --key-kind primary",
			Docs:   "https://learn.microsoft.com/en-us/azure/search/search-security-api-keys", Format: azureCASK,
		},
		{
			ID: "azure-batch-or-relay-key", Provider: "azure", Title: "Azure key with an embedded signature",
			Shapes: []Shape{
				{Pieces: []Piece{Chars(Base64, 76), Lit("+ABa"), Chars(Base64, 6), Lit("==")}},
				{Pieces: []Piece{Chars(Base64, 76), Lit("+AMC"), Chars(Base64, 6), Lit("==")}},
				{Pieces: []Piece{Chars(Base64, 76), Lit("+ASt"), Chars(Base64, 6), Lit("==")}},
				{Pieces: []Piece{Chars(Base64, 76), Lit("ACDb"), Chars(Base64, 6), Lit("==")}},
				{Pieces: []Piece{Chars(Base64, 33), Lit("+ASb"), Chars(Base64, 6), Lit("=")}},
				{Pieces: []Piece{Chars(Base64, 33), Lit("+AEh"), Chars(Base64, 6), Lit("=")}},
				{Pieces: []Piece{Chars(Base64, 33), Lit("+ARm"), Chars(Base64, 6), Lit("=")}},
				{Pieces: []Piece{Chars(Base64, 33), Lit("AIoT"), Chars(Base64, 6), Lit("=")}},
				{Pieces: []Piece{Chars(Base64, 33), Lit("AzCa"), Chars(Base64, 6), Lit("=")}},
				{Pieces: []Piece{Chars(Base64, 42), Lit("+ACR"), Chars(Base64, 6)}},
				{Pieces: []Piece{Chars(Base64URL, 44), Lit("AzFu"), Chars(Base64URL, 4), Lit("==")}},
			},
			Facts: func(m Match) []finding.Fact {
				for sig, service := range map[string]string{"+ABa": "batch", "+AMC": "machine-learning", "+ASt": "storage", "ACDb": "cosmos-db", "+ASb": "service-bus", "+AEh": "event-hubs", "+ARm": "relay", "AIoT": "iot-hub", "AzCa": "redis", "+ACR": "container-registry", "AzFu": "functions"} {
					if v := m.Value(); len(v) > 14 && bytes.Contains(v[len(v)-14:], []byte(sig)) {
						return facts(fact("service", service))
					}
				}
				return nil
			},
			Traits: Traits{Overlap: yes(azureStorage)},
			Rotate: "move consumers to the second key, then regenerate this one",
			Revoke: "regenerate the key at its resource",
			Docs:   azureStorage, Format: azureCASK,
		},
		{
			ID: "azure-app-center-token", Provider: "azure", Title: "Visual Studio App Center API token",
			Named:  []Named{{Keywords: []string{"appcenter"}, Value: []Shape{Token(Chars(Hex, 40))}}},
			Rotate: "App Center was retired in March 2025: remove the token",
			Revoke: "App Center was retired in March 2025: remove the token",
			Docs:   "https://learn.microsoft.com/en-us/appcenter/retirement", Format: fromCorpus,
		},
	}
}

// caskFacts reads the month of allocation and the service; a year is one base-64 digit from 2024, a month a letter from A.
func caskFacts(m Match) []finding.Fact {
	v := m.Value()
	if len(v) < 84 {
		return nil
	}
	var out []finding.Fact
	year := strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", v[58])
	if month := int(v[59] - 'A'); year >= 0 && month >= 0 && month < 12 {
		out = append(out, fact("created", fmt.Sprintf("%04d-%02d", 2024+year, month+1)))
	}
	if s := caskServices[string(v[76:80])]; s != "" {
		out = append(out, fact("service", s))
	}
	return facts(out...)
}

// connectionString is the run of "Name=value;" pairs around a position.
func connectionString(b []byte, at int) (start, end int) {
	ok := func(c byte) bool {
		return c > ' ' && c < 0x7f && c != '"' && c != '\'' && c != '<' && c != '>' && c != '`' && c != '\\'
	}
	start, end = at, at
	for start > 0 && start > at-1024 && ok(b[start-1]) {
		start--
	}
	for end < len(b) && end < at+1024 && ok(b[end]) {
		end++
	}
	return start, end
}

// connectionKey parses connection strings that hold a base64 key of n bytes or more behind one name and an id behind another.
func connectionKey(id, secret string, n int, must string) func([]byte, int) []Found {
	return func(b []byte, at int) []Found {
		start, end := connectionString(b, at)
		f := Found{Start: start, End: end}
		isDocument := bytes.Contains(b[start:end], []byte(".documents.azure.com"))
		if (must != "") != isDocument && secret == "accountkey" {
			return nil
		}
		first := -1
		for pos := start; pos < end; {
			stop := bytes.IndexByte(b[pos:end], ';')
			if stop < 0 {
				stop = end - pos
			}
			key, value, ok := bytes.Cut(b[pos:pos+stop], []byte("="))
			if !ok {
				pos += stop + 1
				continue
			}
			// The first name may follow the variable it is assigned to: CONN=AccountName=x.
			name := strings.ToLower(string(key))
			from := pos + len(key) + 1
			if inner, v, more := bytes.Cut(value, []byte("=")); more && first < 0 && len(bytes.Trim(v, "=")) > 0 {
				name, value = strings.ToLower(string(inner)), v
				from += len(inner) + 1
			}
			if first < 0 {
				first = pos
			}
			switch name {
			case secret:
				v := bytes.TrimRight(value, "=")
				if len(v) < n || len(v) > 128 || !all(v, Base64.Or(Of("_-"))) {
					return nil
				}
				f.Parts = append([]FoundPart{{finding.RoleSecret, from, from + len(value)}}, f.Parts...)
			case id:
				if string(value) == "devstoreaccount1" {
					return nil // the emulator's, the same everywhere: https://learn.microsoft.com/azure/storage/common/storage-use-azurite
				}
				f.Parts = append(f.Parts, FoundPart{finding.RoleID, from, from + len(value)})
			case "endpoint", "hostname":
				f.Parts = append(f.Parts, FoundPart{finding.RoleHost, from, from + len(value)})
			}
			pos += stop + 1
		}
		if len(f.Parts) == 0 || f.Parts[0].Role != finding.RoleSecret {
			return nil
		}
		return []Found{f}
	}
}

func all(b []byte, c *Class) bool {
	for _, x := range b {
		if !c.Has(x) {
			return false
		}
	}
	return true
}

func connectionFacts(m Match) []finding.Fact {
	host := string(m.Host)
	if u, err := url.Parse(host); err == nil && u.Host != "" {
		host = u.Host
	}
	return facts(fact("host", host))
}

// query is the run of URL bytes around a position, and the parameters in it.
func query(b []byte, at int) (start, end int, q url.Values) {
	ok := func(c byte) bool { return c > ' ' && c < 0x7f && !strings.ContainsRune("\"'<>`\\|^{}", rune(c)) }
	start, end = at, at
	for start > 0 && start > at-2048 && ok(b[start-1]) {
		start--
	}
	for end < len(b) && end < at+2048 && ok(b[end]) {
		end++
	}
	run := string(b[start:end])
	if _, after, found := strings.Cut(run, "?"); found {
		run = after
	}
	run = strings.ReplaceAll(run, "&amp;", "&")
	q, _ = url.ParseQuery(run)
	return start, end, q
}

func signature(b []byte, at, end int) FoundPart {
	i := at + len("sig=")
	for i < end && b[i] != '&' && b[i] != ';' {
		i++
	}
	return FoundPart{finding.RoleSecret, at + len("sig="), i}
}

// parseSAS wants a version date and an end or a policy beside the signature of 32 bytes; or the Service Bus form.
// A signature is an HMAC-SHA-256 in base64; one that is off by a few bytes was one.
const (
	sigLength = 43
	sigSlip   = 4
)

func parseSAS(b []byte, at int) []Found {
	if at > 0 && b[at-1] != '?' && b[at-1] != '&' && b[at-1] != ';' {
		return nil
	}
	start, end, q := query(b, at)
	storage := len(q.Get("sv")) == 10 && (q.Get("se") != "" || q.Get("si") != "")
	bus := q.Get("skn") != "" && q.Get("se") != ""
	if !storage && !bus {
		return nil
	}
	sig := strings.ReplaceAll(q.Get("sig"), " ", "+")
	if n := len(strings.TrimRight(sig, "=")); n < sigLength-sigSlip || n > sigLength+sigSlip {
		return nil
	}
	f := Found{Parts: []FoundPart{signature(b, at, end)}, Start: start, End: end, Proof: finding.ProofProven}
	if raw, err := base64.StdEncoding.DecodeString(sig); err != nil || len(raw) != 32 {
		f.Proof = finding.ProofRefuted // cut, or lengthened
	}
	if i := bytes.Index(b[start:end], []byte("://")); i >= 0 {
		h := start + i + 3
		if n := bytes.IndexAny(b[h:end], "/?:"); n > 0 {
			f.Parts = append(f.Parts, FoundPart{finding.RoleHost, h, h + n})
		}
	}
	return []Found{f}
}

func sasFacts(m Match) []finding.Fact {
	i := bytes.Index(m.Block, []byte("sig="))
	if i < 0 {
		return nil
	}
	_, _, q := query(m.Block, i)
	scope := q.Get("sr")
	if q.Get("ss") != "" {
		scope = q.Get("ss") + "/" + q.Get("srt")
	}
	expires := q.Get("se")
	if n, err := strconv.ParseInt(expires, 10, 64); err == nil {
		expires = stamp(n)
	}
	host, _, _ := strings.Cut(string(m.Host), ".")
	return facts(fact("expires", expires), fact("not_before", q.Get("st")), fact("permissions", q.Get("sp")), fact("scope", scope), fact("account", host), fact("key_id", q.Get("skn")), fact("user", q.Get("skoid")),
		fact("version", q.Get("sv")), fact("protocol", q.Get("spr")), fact("address", q.Get("sip")))
}

func parseLogicApp(b []byte, at int) []Found {
	start, end, q := query(b, at)
	if q.Get("sv") != "1.0" || !strings.HasPrefix(q.Get("sp"), "/triggers/") || len(q.Get("sig")) < 40 {
		return nil
	}
	return []Found{{Parts: []FoundPart{signature(b, at, end)}, Start: start, End: end}}
}
