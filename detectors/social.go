package detectors

// social is the kinds of social networks, media and shops.
func social() []Detector {
	const (
		meta    = "https://developers.facebook.com/docs/facebook-login/guides/access-tokens"
		x       = "https://docs.x.com/fundamentals/authentication/overview"
		shopify = "https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens"
	)
	return table([]tail{
		{"box-token", "box", "Box token or secret", nil, byAs("box", "token secret", run(Base62, 32)), medium, "https://developer.box.com/guides/authentication/", "app.box.com > Developer console"},
		{"dropbox-long-lived-token", "dropbox", "Dropbox long-lived token", nil, byAs("dropbox", keyWords, Token(Chars(Base62, 11), Lit("AAAAAAAAAA"), Range(Base64URL, 43, 50))), high, "https://developers.dropbox.com/oauth-guide", "dropbox.com > Developers > App console"},
		{"dropbox-secret", "dropbox", "Dropbox app secret", nil, byAs("dropbox", keyWords, run(LowerNum, 15)), high, "https://developers.dropbox.com/oauth-guide", "dropbox.com > Developers > App console"},
		{"dropbox-token", "dropbox", "Dropbox access token", []Shape{tok("sl.", Base64URL, 130, 1400), tok("sl.u.", Base64URL, 130, 1400)}, nil, medium, "https://developers.dropbox.com/oauth-guide", "POST https://api.dropboxapi.com/2/auth/token/revoke"},
		{"etsy-key", "etsy", "Etsy API key", nil, byAs("etsy", keyWords, run(LowerNum, 24)), medium, "https://developers.etsy.com/documentation/essentials/authentication", "etsy.com > Developers > Your apps"},
		{"eventbrite-token", "eventbrite", "Eventbrite token", nil, byAs("eventbrite", keyWords, run(UpperNum, 20)), medium, "https://www.eventbrite.com/platform/docs/authentication", "eventbrite.com > Account settings > Developer links"},
		{"facebook-access-token", "facebook", "Facebook access token", []Shape{tok("EAAC", Base62, 60, 300), tok("EAAG", Base62, 60, 300), tok("EAAM", Base62, 80, 300), tok("EAAB", Base62, 60, 300), tok("EAAD", Base62, 60, 300), tok("EAAE", Base62, 80, 300), tok("EAAI", Base62, 60, 300), tok("EAAJ", Base62, 60, 300), tok("EAACEdEose0cBA", Base62, 20, 300), tok("IGQV", Base64URL, 100, 300)}, nil, high, meta, "developers.facebook.com > Tools > Access token tool"},
		{"facebook-app-token", "facebook", "Facebook app token", nil, byAs("facebook fbapp fbtoken fbaccess", "token", Token(Range(Digits, 15, 16), Lit("|"), Range(Base64URL, 27, 40))), high, meta, "developers.facebook.com > App settings > Basic"},
		{"facebook-secret", "facebook", "Facebook app secret", nil, byAs("facebook fbapp fbapi fbsecret fbclient fbtoken", keyWords, run(Hex, 32)), high, "https://developers.facebook.com/docs/facebook-login/security", "developers.facebook.com > App settings > Basic"},
		{"flickr-key", "flickr", "Flickr key or token", nil, byAs("flickr", keyWords, run(Hex, 32), run(LowerNum, 32)), medium, "https://www.flickr.com/services/api/auth.oauth.html", "flickr.com > App garden"},
		{"foursquare-secret", "foursquare", "Foursquare key or secret", []Shape{tok("fsq3", Base64, 43, 45)}, byAs("foursquare", keyWords+" id", run(UpperNum, 48)), medium, "https://docs.foursquare.com/developer/docs/manage-api-keys", "foursquare.com > Developer console"},
		{"linkedin-client-id", "linkedin", "LinkedIn client id", nil, byAs("linkedin", "id client", run(LowerNum, 12, 14)), low, "https://learn.microsoft.com/en-us/linkedin/shared/authentication/authentication", "linkedin.com > Developers > My apps"},
		{"linkedin-client-secret", "linkedin", "LinkedIn client secret", []Shape{Token(Lit("WPL_AP1."), Chars(Base62, 16), Lit("."), Chars(Base64, 6), Lit("=="))}, byAs("linkedin", keyWords, run(Base62, 16)), high, "https://learn.microsoft.com/en-us/linkedin/shared/authentication/authentication", "linkedin.com > Developers > My apps"},
		{"linkedin-access-token", "linkedin", "LinkedIn access token", []Shape{tok("AQV", Base64URL, 200, 1000), tok("AQW", Base64URL, 200, 1000), tok("AQX", Base64URL, 200, 1000)}, nil, high, "https://learn.microsoft.com/en-us/linkedin/shared/authentication/authentication", "linkedin.com > Developers > My apps"},
		{"reddit-secret", "reddit", "Reddit client secret", nil, byAs("reddit", keyWords, run(Base64URL, 27, 30)), medium, "https://github.com/reddit-archive/reddit/wiki/OAuth2", "reddit.com > Preferences > Apps"},
		{"shopify-access-token", "shopify", "Shopify access token", []Shape{tok("shpat_", HexAny, 32), tok("shpca_", HexAny, 32), tok("shppa_", HexAny, 32), tok("shpua_", HexAny, 32), tok("shptka_", HexAny, 32)}, nil, high, shopify, "Shopify admin > Settings > Apps and sales channels"},
		{"shopify-shared-secret", "shopify", "Shopify shared secret", []Shape{tok("shpss_", HexAny, 32)}, nil, high, shopify, "dev.shopify.com > Apps > Settings"},
		{"spotify-client-secret", "spotify", "Spotify client secret", nil, byAs("spotify", keyWords, run(Hex, 32)), medium, "https://developer.spotify.com/documentation/web-api/concepts/apps", "developer.spotify.com > Dashboard"},
		{"spotify-token", "spotify", "Spotify access token", []Shape{tok("BQ", Base64URL, 120, 400)}, nil, low, "https://developer.spotify.com/documentation/web-api/concepts/access-token", "let it expire within the hour"},
		{"squarespace-key", "squarespace", "Squarespace API key", nil, byAs("squarespace", keyWords, uuid()), medium, "https://developers.squarespace.com/commerce-apis/authentication-and-permissions", "squarespace.com > Settings > Developer API keys"},
		{"twitch-secret", "twitch", "Twitch secret or token", []Shape{tok("oauth:", LowerNum, 30)}, byAs("twitch", keyWords, run(LowerNum, 30)), medium, "https://dev.twitch.tv/docs/authentication/", "dev.twitch.tv > Console"},
		{"twitch-stream-key", "twitch", "Twitch stream key", []Shape{Token(Lit("live_"), Range(Digits, 8, 10), Lit("_"), Chars(Base62, 30))}, nil, medium, "https://help.twitch.tv/s/article/twitch-stream-key-faq", "twitch.tv > Creator dashboard > Settings > Stream"},
		{"twitter-access-token", "twitter", "X access token", nil, byAs("twitter twittertoken", "token access", Token(Range(Digits, 8, 20), Lit("-"), Range(Base62, 20, 50))), high, x, "developer.x.com > Projects & apps > Keys and tokens"},
		{"twitter-api-key", "twitter", "X API key", nil, byAs("twitter", "key consumer client id", run(Base62, 25), run(Base62, 18, 24)), medium, x, "developer.x.com > Projects & apps > Keys and tokens"},
		{"twitter-bearer-token", "twitter", "X bearer token", []Shape{tok("AAAAAAAAAAAAAAAAAAAA", Of("a-zA-Z0-9%"), 60, 100)}, nil, high, x, "developer.x.com > Projects & apps > Keys and tokens"},
		{"twitter-secret", "twitter", "X API secret or access token secret", nil, byAs("twitter", keyWords, run(Base62, 45), run(Base62, 50), run(Base62, 35, 44)), high, x, "developer.x.com > Projects & apps > Keys and tokens"},
		{"yelp-api-key", "yelp", "Yelp API key", nil, byAs("yelp", keyWords, run(Base64URL, 128)), medium, "https://docs.developer.yelp.com/docs/fusion-authentication", "yelp.com > Developers > Manage app"},
		{"youtube-api-key", "youtube", "YouTube API key or channel secret", nil, byAs("youtube", keyWords, tok("AIza", Base64URL, 35), run(Base64URL, 24)), medium, "https://developers.google.com/youtube/registering_an_application", "console.cloud.google.com > Credentials"},
	})
}
