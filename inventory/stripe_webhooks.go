package inventory

// stripeWebhooks is the answer of GET /v1/webhook_endpoints. Stripe lists no API keys: a table of one's own (csv) takes what the dashboard shows.
func stripeWebhooks() listing {
	return listing{
		Name: "stripe-webhooks", Title: "Stripe webhook endpoints", System: "stripe",
		Command: "stripe webhook_endpoints list --limit 100 > webhooks.json", Permission: "rak_webhook_read (restricted key: Webhook Endpoints, read)",
		Docs:  "https://docs.stripe.com/api/webhook_endpoints/list",
		Joins: "none: a third party's access; by host with the policy's integrations", Decides: "which hosts are told of what, live or test",
		Signs: []string{"data[].enabled_events", "data[].object=webhook_endpoint"}, Mappings: []Mapping{{
			Rows: "data[]", If: "enabled_events", Class: ThirdParty, Key: "id",
			Facts: []Take{
				{From: "url", To: "integration", As: hostOf}, {From: "url", To: "host", As: hostOf}, {From: "created", To: "created", As: when}, {From: "status", To: "status", As: is("enabled", "active", "disabled", "inactive")},
				{From: "livemode", To: "environment", As: is("true", "prod", "false", "test")}, {From: "enabled_events[]", To: "event"},
			},
			Keys: []Take{{From: "id", To: "stripe.webhook"}},
		}},
	}
}
