package detectors

import (
	"bytes"

	"sprawl/finding"
)

const (
	stripeKeys  = "https://docs.stripe.com/keys"
	stripeHooks = "https://docs.stripe.com/webhooks/signature"
)

func stripeFacts(m Match) []finding.Fact {
	switch v := m.Value(); {
	case bytes.Contains(v, []byte("_live_")):
		return facts(fact("mode", "live"), fact("environment", "prod"))
	case bytes.Contains(v, []byte("_test_")):
		return facts(fact("mode", "test"), fact("environment", "test"))
	}
	return nil
}

func stripe() []Detector {
	body := Range(Base62, 16, 247)
	row := func(id, title, prefix string, sev finding.Severity, scoped finding.Trait) Detector {
		return Detector{
			ID: id, Provider: "stripe", Title: title,
			Shapes:   []Shape{Token(Lit(prefix), body)},
			Facts:    stripeFacts,
			Severity: sev,
			Traits:   Traits{Scoped: scoped, Overlap: yes(stripeKeys), RotateAPI: no(stripeKeys), Restricted: yes(stripeKeys)},
			Rotate:   "roll it under Developers > API keys: the old key can be given an end",
			Revoke:   "expire it under Developers > API keys",
			Docs:     stripeKeys, Format: stripeKeys,
		}
	}
	return []Detector{
		row("stripe-secret-key", "Stripe live secret key", "sk_live_", "", no(stripeKeys)),
		row("stripe-restricted-key", "Stripe live restricted key", "rk_live_", "", yes(stripeKeys)),
		row("stripe-test-secret-key", "Stripe test secret key", "sk_test_", finding.SevLow, no(stripeKeys)),
		row("stripe-test-restricted-key", "Stripe test restricted key", "rk_test_", finding.SevLow, yes(stripeKeys)),
		{
			ID: "stripe-webhook-secret", Provider: "stripe", Title: "Stripe webhook signing secret",
			Shapes:   []Shape{Token(Lit("whsec_"), Range(Base64Pad, 32, 80))},
			Severity: finding.SevMedium,
			Traits:   Traits{Overlap: yes(stripeHooks)},
			Rotate:   "roll the endpoint's secret under Developers > Webhooks; both are valid for up to 24 hours",
			Revoke:   "roll the endpoint's secret at once under Developers > Webhooks",
			Docs:     stripeHooks, Format: stripeHooks,
		},
	}
}
