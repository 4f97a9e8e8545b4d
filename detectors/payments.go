package detectors

// payments is the kinds of payment, banking and exchange providers.
func payments() []Detector {
	return table([]tail{
		{"adyen-api-key", "adyen", "Adyen API key", nil, byAs("adyen", keyWords, tok("AQE", Base64Pad, 60, 400)), high, "https://docs.adyen.com/development-resources/api-credentials", "Customer Area > Developers > API credentials"},
		{"bittrex-key", "bittrex", "Bittrex key", nil, byAs("bittrex", keyWords, run(Base62, 32)), medium, "https://bittrex.github.io/api/v3", "Bittrex closed in 2023"},
		{"braintree-access-token", "paypal", "PayPal Braintree access token", []Shape{Token(Lit("access_token$production$"), Chars(LowerNum, 16), Lit("$"), Chars(Hex, 32)), Token(Lit("access_token$sandbox$"), Chars(LowerNum, 16), Lit("$"), Chars(Hex, 32))}, nil, high, "https://developer.paypal.com/braintree/articles/control-panel/important-gateway-credentials", "Braintree > API keys"},
		{"checkout-secret-key", "checkoutcom", "Checkout.com secret key", []Shape{Token(Lit("sk_sbox_"), Range(LowerNum, 26, 32)), Token(Lit("sk_"), Chars(Hex, 8), Lit("-"), Chars(Hex, 4), Lit("-"), Chars(Hex, 4), Lit("-"), Chars(Hex, 4), Lit("-"), Chars(Hex, 12)), Token(Lit("sk_test_"), Chars(Hex, 8), Lit("-"), Chars(Hex, 4), Lit("-"), Chars(Hex, 4), Lit("-"), Chars(Hex, 4), Lit("-"), Chars(Hex, 12))}, nil, high, "https://www.checkout.com/docs/developer-resources/api/api-authentication", "Dashboard > Developers > Keys"},
		{"coinbase-key", "coinbase", "Coinbase key", nil, byAs("coinbase", keyWords, run(Base64URL, 64), Token(Chars(Base64, 86), Lit("=="))), high, "https://docs.cdp.coinbase.com/get-started/authentication/cdp-api-keys", "portal.cdp.coinbase.com > API keys"},
		{"easypost-api-key", "easypost", "EasyPost production key", []Shape{tok("EZAK", Base62, 54)}, nil, high, "https://docs.easypost.com/docs/authentication", "easypost.com > API keys"},
		{"easypost-test-key", "easypost", "EasyPost test key", []Shape{tok("EZTK", Base62, 54)}, nil, low, "https://docs.easypost.com/docs/authentication", "easypost.com > API keys"},
		{"finicity-client-secret", "finicity", "Finicity partner secret", nil, byAs("finicity", keyWords, run(Base62, 20)), high, "https://developer.mastercard.com/open-finance-us/documentation/", "developer.mastercard.com"},
		{"finicity-token", "finicity", "Finicity app key or token", nil, byAs("finicity", "token key", run(Hex, 32)), high, "https://developer.mastercard.com/open-finance-us/documentation/", "developer.mastercard.com"},
		{"finnhub-api-key", "finnhub", "Finnhub API key", nil, by("finnhub", run(LowerNum, 20), run(LowerNum, 40)), low, "https://finnhub.io/docs/api/authentication", "finnhub.io > Dashboard"},
		{"flutterwave-encryption-key", "flutterwave", "Flutterwave encryption key", []Shape{tok("FLWSECK_TEST", LowerNum, 12), tok("FLWSECK_PROD", LowerNum, 12)}, nil, high, "https://developer.flutterwave.com/v3.0/docs/authentication", "dashboard.flutterwave.com > Settings > API keys"},
		{"flutterwave-public-key", "flutterwave", "Flutterwave public key", []Shape{Token(Lit("FLWPUBK_TEST-"), Range(LowerNum, 32, 34), Lit("-X")), Token(Lit("FLWPUBK-"), Range(LowerNum, 32, 34), Lit("-X"))}, nil, low, "https://developer.flutterwave.com/v3.0/docs/authentication", "dashboard.flutterwave.com > Settings > API keys"},
		{"flutterwave-secret-key", "flutterwave", "Flutterwave secret key", []Shape{Token(Lit("FLWSECK_TEST-"), Range(LowerNum, 32, 34), Lit("-X")), Token(Lit("FLWSECK-"), Range(LowerNum, 32, 34), Lit("-X")), Token(Lit("FLWSECK-"), Chars(LowerNum, 32), Lit("-"), Range(LowerNum, 8, 14), Lit("vt-X"))}, nil, high, "https://developer.flutterwave.com/v3.0/docs/authentication", "dashboard.flutterwave.com > Settings > API keys"},
		{"freshbooks-token", "freshbooks", "FreshBooks access token", nil, byAs("freshbooks", keyWords, run(Base62, 64)), high, "https://www.freshbooks.com/api/authentication", "my.freshbooks.com > Developer portal"},
		{"freemius-secret-key", "freemius", "Freemius secret key", nil, byAs("secretkey freemius", keyWords, tok("sk_", Of("!#-&(-;=-~"), 29)), medium, "https://freemius.com/help/documentation/saas-sdk/", "dashboard.freemius.com > Settings > Keys"},
		{"gocardless-token", "gocardless", "GoCardless access token", nil, by("gocardless", tok("live_", Base64URL, 40), tok("sandbox_", Base64URL, 40)), high, "https://developer.gocardless.com/getting-started/api/making-your-first-request/", "manage.gocardless.com > Developers"},
		{"gumroad-token", "gumroad", "Gumroad access token", nil, byAs("gumroad", keyWords, run(Hex, 64), run(Base64URL, 43)), medium, "https://gumroad.com/api", "gumroad.com > Settings > Advanced"},
		{"kraken-key", "kraken", "Kraken private key", nil, byAs("kraken", keyWords, run(Base64Pad, 80, 90)), high, "https://docs.kraken.com/api/docs/guides/spot-rest-auth", "kraken.com > Settings > API"},
		{"kucoin-access-key", "kucoin", "KuCoin API key", nil, byAs("kucoin", "key token", run(Hex, 24)), medium, "https://www.kucoin.com/docs-new/authentication", "kucoin.com > API management"},
		{"kucoin-secret", "kucoin", "KuCoin API secret", nil, byAs("kucoin", keyWords, uuid()), high, "https://www.kucoin.com/docs-new/authentication", "kucoin.com > API management"},
		{"paypal-client-secret", "paypal", "PayPal client secret", nil, byAs("paypal", keyWords, run(Base64URL, 80)), high, "https://developer.paypal.com/api/rest/authentication/", "developer.paypal.com > Apps & credentials"},
		{"paystack-secret-key", "paystack", "Paystack secret key", nil, by("paystack", tok("sk_live_", Base62, 40), tok("sk_test_", Base62, 40)), high, "https://paystack.com/docs/api/authentication/", "dashboard.paystack.com > Settings > API keys"},
		{"plaid-access-token", "plaid", "Plaid access token", []Shape{plaidToken("access-production-"), plaidToken("access-development-"), plaidToken("access-sandbox-")}, nil, high, "https://plaid.com/docs/api/items/", "call /item/access_token/invalidate"},
		{"plaid-client-id", "plaid", "Plaid client id", nil, byAs("plaid", "clientid client id", Shape{Role: "id", Pieces: []Piece{Chars(Hex, 24)}}), low, "https://plaid.com/docs/quickstart/glossary/", "dashboard.plaid.com > Developers > Keys"},
		{"plaid-secret", "plaid", "Plaid secret", nil, byAs("plaid", keyWords, run(Hex, 30)), high, "https://plaid.com/docs/account/security/", "dashboard.plaid.com > Developers > Keys"},
		{"ramp-client-secret", "ramp", "Ramp client secret", []Shape{tok("ramp_sec_", Base62, 48)}, nil, high, "https://docs.ramp.com/developer-api/v1/authorization", "app.ramp.com > Company > Developer API"},
		{"razorpay-key-secret", "razorpay", "Razorpay key", []Shape{Token(Lit("rzp_live_"), Chars(Base62, 14)), Token(Lit("rzp_test_"), Chars(Base62, 14))}, byAs("razorpay", keyWords, run(Base62, 24)), high, "https://razorpay.com/docs/payments/dashboard/account-settings/api-keys/", "dashboard.razorpay.com > Account & settings > API keys"},
		{"square-access-token", "square", "Square access token", []Shape{tok("sq0atp-", Base64URL, 22), tok("EAAAE", Base64URL, 59), tok("EAAAl", Base64URL, 59)}, nil, high, "https://developer.squareup.com/docs/build-basics/access-tokens", "developer.squareup.com > Applications > Credentials"},
		{"square-oauth-secret", "square", "Square OAuth secret", []Shape{tok("sq0csp-", Base64URL, 43), tok("sq0csb-", Base64URL, 43)}, nil, high, "https://developer.squareup.com/docs/oauth-api/overview", "developer.squareup.com > Applications > OAuth"},
	})
}

func plaidToken(prefix string) Shape {
	u := uuid()
	return Token(append([]Piece{Lit(prefix)}, u.Pieces...)...)
}
