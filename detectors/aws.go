package detectors

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"sprawl/finding"
)

const (
	awsIDs     = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html"
	awsKeys    = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html"
	awsTemp    = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp.html"
	awsBedrock = "https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html"
	awsKeyInfo = "https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html"
)

// awsSecret is the secret half: 40 characters without a form of their own. Hex digests of that length stay below the entropy.
func awsSecret(not ...string) Named {
	return Named{
		Keywords:   []string{"aws", "amazon", "secretaccesskey", "secretkey", "s3secret"},
		Not:        append([]string{"session", "sha", "duo", "recaptcha", "captcha", "stripe", "paystack"}, not...),
		Value:      []Shape{Token(Chars(Base64, 40))},
		MinEntropy: 4.1,
	}
}

func aws() []Detector {
	return []Detector{
		{
			ID: "aws-access-key", Provider: "aws", Title: "AWS access key",
			Shapes:     []Shape{PublicID(Lit("AKIA"), Chars(Base32, 16))},
			Named:      []Named{awsSecret()},
			Structures: []Structure{awsPair("AKIA")},
			Facts:      awsAccount, Sample: sampleAWSPair("AKIA"),
			Traits: Traits{
				Expires: no(awsKeys), Scoped: yes(awsKeys), LastUsed: yes(awsKeys), Overlap: yes(awsKeys), RotateAPI: yes(awsKeys),
				Restricted: yes("https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_aws_deny-ip.html"),
			},
			Rotate: "aws iam create-access-key --user-name USER, update every consumer, then deactivate {ident}",
			Revoke: "aws iam update-access-key --status Inactive --access-key-id {ident}",
			Docs:   awsKeys, Format: awsIDs,
		},
		{
			ID: "aws-temporary-key", Provider: "aws", Title: "AWS temporary access key",
			Shapes:     []Shape{PublicID(Lit("ASIA"), Chars(Base32, 16))},
			Structures: []Structure{awsPair("ASIA")},
			Facts:      awsAccount, Sample: sampleAWSPair("ASIA"),
			Severity: finding.SevMedium,
			Traits:   Traits{Expires: yes(awsTemp), Scoped: yes(awsTemp), LastUsed: finding.Trait{}, Overlap: yes(awsTemp), RotateAPI: yes(awsTemp)},
			Rotate:   "let it expire; call sts:AssumeRole again for a new one",
			Revoke:   "revoke the role's sessions: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html",
			Docs:     awsTemp, Format: awsIDs,
		},
		{
			ID: "aws-session-token", Provider: "aws", Title: "AWS session token",
			Named: []Named{{
				Keywords: []string{"awssessiontoken", "awssecuritytoken", "xamzsecuritytoken", "sessiontoken"},
				Value:    []Shape{Token(Range(Base64Pad, 100, 2048))}, MinEntropy: 4.5, Near: -1,
			}},
			Severity: finding.SevMedium,
			Traits:   Traits{Expires: yes(awsTemp), Scoped: yes(awsTemp), Overlap: yes(awsTemp), RotateAPI: yes(awsTemp)},
			Rotate:   "let it expire; call sts:AssumeRole again for a new one",
			Revoke:   "revoke the role's sessions: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html",
			Docs:     awsTemp, Format: awsTemp,
		},
		{
			ID: "aws-service-key-id", Provider: "aws", Title: "AWS service bearer or context-specific key id",
			Shapes: []Shape{
				PublicID(Lit("ABIA"), Chars(Base32, 16)),
				PublicID(Lit("ACCA"), Chars(Base32, 16)),
				PublicID(Lit("A3T"), Chars(UpperNum, 1), Chars(Base32, 16)),
			},
			Facts:    awsAccount,
			Severity: finding.SevLow,
			Rotate:   "replace the credential in the service that issued {ident}",
			Revoke:   "delete the service-specific credential: aws iam delete-service-specific-credential",
			Docs:     awsIDs, Format: awsIDs,
		},
		{
			ID: "aws-bedrock-api-key", Provider: "aws", Title: "Amazon Bedrock long-term API key",
			Shapes: []Shape{Token(Lit("ABSK"), Range(Base64Pad, 109, 269))},
			Check:  bedrockProof, Facts: bedrockUser, Sample: bedrockSample,
			Traits: Traits{Scoped: yes(awsBedrock), RotateAPI: yes(awsBedrock)},
			Rotate: "aws iam reset-service-specific-credential --user-name USER --service-specific-credential-id ID",
			Revoke: "aws iam update-service-specific-credential --status Inactive --user-name USER --service-specific-credential-id ID",
			Docs:   awsBedrock, Format: fromCorpus,
		},
		{
			ID: "aws-bedrock-short-term-key", Provider: "aws", Title: "Amazon Bedrock short-term API key",
			Shapes:   []Shape{Token(Lit("bedrock-api-key-"), Range(Base64Pad, 64, 4096))},
			Severity: finding.SevMedium,
			Traits:   Traits{Expires: yes(awsBedrock), Scoped: yes(awsBedrock), Overlap: yes(awsBedrock), RotateAPI: yes(awsBedrock)},
			Rotate:   "let it expire, within 12 hours; make a new one from the role's session",
			Revoke:   "revoke the role's sessions: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html",
			Docs:     awsBedrock, Format: awsBedrock,
		},
		{
			ID: "aws-appsync-api-key", Provider: "aws", Title: "AWS AppSync API key",
			Shapes:   []Shape{Token(Lit("da2-"), Chars(LowerNum, 26))},
			Severity: finding.SevMedium,
			Traits:   Traits{Expires: yes("https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html")},
			Rotate:   "aws appsync create-api-key --api-id API, update the clients, then delete the old key",
			Revoke:   "aws appsync delete-api-key --api-id API --id {ident}",
			Docs:     "https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html", Format: fromCorpus,
		},
		{
			ID: "aws-mws-auth-token", Provider: "aws", Title: "Amazon Marketplace Web Service token",
			Shapes: []Shape{Token(Lit("amzn.mws."), Chars(Hex, 8), Lit("-"), Chars(Hex, 4), Lit("-"), Chars(Hex, 4), Lit("-"), Chars(Hex, 4), Lit("-"), Chars(Hex, 12))},
			Rotate: "authorise the developer again in Seller Central",
			Revoke: "remove the developer's access in Seller Central",
			Docs:   "https://developer-docs.amazon.com/sp-api/", Format: fromCorpus,
		},
	}
}

// awsPairReach is how far from its id a secret without a name is looked for: a few lines of any notation.
const awsPairReach = 256

// awsPair finds the secret half by its neighbour where no name tells what it is: a base64 run of exactly 40 bytes with capitals,
// small letters and digits, nearest to the id.
func awsPair(prefix string) Structure {
	return Structure{Anchors: []string{prefix}, Reach: Local(awsPairReach + 64), Parse: func(b []byte, at int) []Found {
		end := at + 20
		if end > len(b) || !all(b[at+4:end], Base32) || at > 0 && WordBytes.Has(b[at-1]) || end < len(b) && WordBytes.Has(b[end]) {
			return nil
		}
		lo, hi := max(0, at-awsPairReach), min(len(b), end+awsPairReach)
		best, gap := -1, 1<<30
		for i := lo; i < hi; {
			if !Base64.Has(b[i]) {
				i++
				continue
			}
			j := i
			for j < hi && Base64.Has(b[j]) {
				j++
			}
			// What touches the edge of the window may go on behind it.
			if j-i == 40 && (i > lo || lo == 0) && (j < hi || hi == len(b)) && awsSecretLike(b[i:j]) && (j == len(b) || b[j] != '=') {
				d := max(at-j, i-end)
				if d < gap {
					best, gap = i, d
				}
			}
			i = j
		}
		if best < 0 {
			return nil
		}
		return []Found{{Parts: []FoundPart{{finding.RoleSecret, best, best + 40}, {finding.RoleID, at, end}}, Start: min(at, best), End: max(end, best+40)}}
	}}
}

func awsSecretLike(v []byte) bool {
	var upper, lower, digit bool
	for _, c := range v {
		upper = upper || Upper.Has(c)
		lower = lower || Lower.Has(c)
		digit = digit || Digits.Has(c)
	}
	return upper && lower && digit && Entropy(v) > 4.1
}

func sampleAWSPair(prefix string) func(*rand.Rand) []byte {
	return func(r *rand.Rand) []byte {
		return []byte("access: " + prefix + string(draw(r, Base32, 16)) + "\nother: " + string(draw(r, Base62, 37)) + "aB3")
	}
}

// awsAccount reads the account that an access key id names. AWS encodes 40 bits of account id in ids made since 2019; older
// ones begin with I or J behind the prefix and hold none (the ranges were checked against keys minted with a known account).
func awsAccount(m Match) []finding.Fact {
	if len(m.ID) != 20 || bytes.HasPrefix(m.ID, []byte("A3T")) || m.ID[4] == 'I' || m.ID[4] == 'J' {
		return nil
	}
	raw := make([]byte, 10)
	if n, err := base32.StdEncoding.Decode(raw, m.ID[4:]); err != nil || n != 10 {
		return nil
	}
	var word [8]byte
	copy(word[2:], raw[:6])
	account := binary.BigEndian.Uint64(word[:]) & 0x7fffffffff80 >> 7
	if account > 999_999_999_999 {
		return nil
	}
	return facts(fact("account", fmt.Sprintf("%012d", account)))
}

// bedrockBody is the "BedrockAPIKey-…-at-ACCOUNT:secret" that the base64 behind the prefix holds.
func bedrockBody(m Match) (user, secret []byte) {
	v := m.Value()
	if len(v) < 4 {
		return nil, nil
	}
	b, err := base64.RawStdEncoding.DecodeString(string(bytes.TrimRight(v[4:], "=")))
	if err != nil {
		return nil, nil
	}
	user, secret, _ = bytes.Cut(b, []byte(":"))
	if !bytes.HasPrefix(user, []byte("BedrockAPIKey-")) {
		return nil, nil
	}
	return user, secret
}

func bedrockProof(m Match) finding.Proof {
	user, secret := bedrockBody(m)
	return proven(user != nil && len(secret) > 0)
}

func bedrockUser(m Match) []finding.Fact {
	user, _ := bedrockBody(m)
	if user == nil {
		return nil
	}
	out := []finding.Fact{inferred("user", string(user))}
	if _, account, ok := bytes.Cut(user, []byte("-at-")); ok {
		out = append(out, inferred("account", string(account)))
	}
	return facts(out...)
}

func bedrockSample(r *rand.Rand) []byte {
	body := "BedrockAPIKey-" + string(draw(r, LowerNum, 4)) + "-at-" + string(draw(r, Digits, 12)) + ":" + string(draw(r, Base64, 53))
	return []byte("ABSK" + base64.StdEncoding.EncodeToString([]byte(body)))
}
