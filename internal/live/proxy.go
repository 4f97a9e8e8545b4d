package live

import (
	"net/url"

	"golang.org/x/net/http/httpproxy"
)

// ProxyFrom reads the usual variables: HTTPS_PROXY, HTTP_PROXY and NO_PROXY, also in lower case. nil where none is set.
func ProxyFrom(getenv func(string) string) func(*url.URL) (*url.URL, error) {
	first := func(names ...string) string {
		for _, n := range names {
			if v := getenv(n); v != "" {
				return v
			}
		}
		return ""
	}
	c := httpproxy.Config{
		HTTPProxy: first("HTTP_PROXY", "http_proxy"), HTTPSProxy: first("HTTPS_PROXY", "https_proxy"), NoProxy: first("NO_PROXY", "no_proxy"),
		CGI: getenv("REQUEST_METHOD") != "",
	}
	if c.HTTPProxy == "" && c.HTTPSProxy == "" {
		return nil
	}
	return c.ProxyFunc()
}
