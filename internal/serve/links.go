package serve

import (
	"net/url"
	"strings"
)

// filterOf are the filters of the list by the names that report gives them.
var filterOf = map[string]string{"env": "environment"}

// link leads from a bar, a cell or an id of the report's parts to the page that shows it, in the state that the snapshot is of.
func (k *snapshot) link(field, value string) string {
	if field == "id" {
		return k.page("/credentials/"+url.PathEscape(value), nil)
	}
	if name, ok := filterOf[field]; ok {
		field = name
	}
	return k.page("/credentials", url.Values{field: {value}})
}

// page is the address of a page in the state that the snapshot is of.
func (k *snapshot) page(path string, q url.Values) string {
	all := url.Values{}
	for name, values := range q {
		all[name] = values
	}
	if k.asOf != "" {
		all.Set(asOfParam, k.asOf)
	}
	return strings.TrimSuffix(path+"?"+all.Encode(), "?")
}
