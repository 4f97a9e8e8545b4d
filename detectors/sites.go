package detectors

// siteOf is the provider's own site, "" where it is not known for sure.
func siteOf(provider string) string { return "" }
