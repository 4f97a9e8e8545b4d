package inventory

// twilioKeys is the answer of GET /2010-04-01/Accounts/SID/Keys.json.
func twilioKeys() listing {
	return listing{
		Name: "twilio-keys", Title: "Twilio API keys", System: "twilio",
		Command: "twilio api:core:keys:list -o json > keys.json, or curl -u \"$SID:$TOKEN\" 'https://api.twilio.com/2010-04-01/Accounts/SID/Keys.json?PageSize=1000'", Permission: "twilio/iam/api-keys/list",
		Docs:  "https://www.twilio.com/docs/iam/api-keys/key-resource-v1",
		Joins: "key sid (exact)", Decides: "whether the key still exists, its age",
		Lists: []string{"twilio-api-key"}, Within: []string{"twilio.account"},
		Signs: []string{"keys[].sid", "[].sid [].friendlyName [].dateCreated"}, Mappings: []Mapping{
			twilioKey("keys[]"), twilioKey("[]"),
		},
	}
}

func twilioKey(rows string) Mapping {
	return Mapping{
		Rows: rows, If: "sid", Class: Credential, Kinds: []string{"twilio-api-key"}, Key: "sid",
		Facts:  []Take{{From: "friendly_name|friendlyName", To: "name"}, {From: "date_created|dateCreated", To: "created", As: when}, {From: "date_updated|dateUpdated", To: "updated", As: when}, {From: "'active'", To: "status"}},
		Keys:   []Take{{From: "sid", To: "twilio.key_id"}},
		Finish: func(_ Object, r *Row, m Meta) error { r.belongs("twilio.account", m.Scope); return nil },
	}
}
