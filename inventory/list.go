package inventory

import "slices"

// listings is every format. Where two could take one file, the more specific stands first.
func listings() []listing {
	return slices.Concat(aws())
}
