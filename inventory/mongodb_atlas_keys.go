package inventory

import (
	"strings"
)

// mongodbAtlasKeys is the answer of GET /api/atlas/v2/orgs/ID/apiKeys.
func mongodbAtlasKeys() listing {
	return listing{
		Name: "mongodb-atlas-keys", Title: "MongoDB Atlas API keys", System: "mongodb-atlas",
		Command: "atlas organizations apiKeys list -o json > keys.json", Permission: "Organization Read Only",
		Docs:  "https://www.mongodb.com/docs/api/doc/atlas-admin-api-v2/operation/operation-listorgapikeys",
		Joins: "public key (exact, where it stands beside the private one); last twelve characters (probable)", Decides: "whether the key exists, its roles",
		Signs: []string{"results[].publicKey"}, Mappings: []Mapping{{
			Rows: "results[]", Class: Credential, Kinds: []string{"mongodb-atlas-api-key"}, Key: "publicKey",
			Facts: []Take{{From: "desc", To: "name"}, {From: "roles[].roleName", To: "role"}, {From: "roles[].orgId", To: "organisation"}, {From: "roles[].groupId", To: "project"}, {From: "'active'", To: "status"}},
			Keys:  []Take{{From: "publicKey", To: "mongodb.key_id"}, {From: "id", To: "mongodb.api_key"}, {From: "privateKey", To: "last:12", As: uuidTail}},
			Finish: func(_ Object, r *Row, _ Meta) error {
				sum := ""
				for _, f := range r.Record.Facts {
					if f.Field != "role" {
						continue
					}
					switch {
					case f.Value == "ORG_OWNER":
						sum = moreAccess(sum, "admin")
					case strings.Contains(f.Value, "READ_ONLY") || f.Value == "ORG_MEMBER":
						sum = moreAccess(sum, "read")
					default:
						sum = moreAccess(sum, "write")
					}
				}
				r.give("access", sum)
				return nil
			},
		}},
	}
}

// uuidTail is the last group of a UUID of which the others are stars.
func uuidTail(v any) (string, error) {
	s, err := asText(v)
	if s, ok := strings.CutPrefix(s, "********-****-****-"); ok && err == nil && strings.TrimPrefix(s, "****-") != "" {
		if s = strings.TrimPrefix(s, "****-"); len(s) == 12 {
			return s, nil
		}
	}
	return "", err
}
