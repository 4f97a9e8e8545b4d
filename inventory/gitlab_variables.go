package inventory

// gitlabVariables is the answer of the listings of CI/CD variables of a project, a group or an instance. It holds the values, which
// are summed and dropped.
func gitlabVariables() listing {
	m := Mapping{
		If: "variable_type", Class: Reference, Key: "key", Name: "key", Environment: "environment_scope",
		Facts: []Take{
			{From: "key", To: "name"}, {From: "protected", To: "protected", As: is("true", "yes", "false", "no")}, {From: "masked", To: "masked", As: is("true", "yes", "false", "no")},
			{From: "hidden", To: "hidden", As: is("true", "yes", "false", "no")}, {From: "environment_scope", To: "environment", As: scopeWord}, {From: "description", To: "description"},
		},
		Keys: []Take{{From: "value", To: "value"}},
		Finish: func(o Object, r *Row, _ Meta) error {
			if r.Environment == "*" {
				r.Environment = ""
			}
			// A short value is nobody's credential, and "true" would join with every password that is one.
			if len(o.Text("value")) < 8 || plainly(r.Name) {
				r.Keys = nil
			}
			return nil
		},
	}
	bare, wrapped := m, m
	bare.Rows, wrapped.Rows = "[]", "variables[]"
	return listing{
		Name: "gitlab-ci-variables", Title: "GitLab CI/CD variables", System: "gitlab-ci",
		Command:    "glab api --paginate '/projects/ID/variables?per_page=100' > variables.json (/groups/ID/variables; holds the values: remove it when done)",
		Permission: "read_api of a maintainer",
		Docs:       gitlabAPI + "project_level_variables/",
		Joins:      "name, scope and environment, with what pipelines use; value (exact)", Decides: "which environments get it, whether it is protected, masked, hidden",
		Signs: []string{"[].variable_type [].key", "variables[].variable_type"}, Mappings: []Mapping{bare, wrapped},
	}
}

func scopeWord(v any) (string, error) {
	s, err := asText(v)
	if s == "*" {
		s = ""
	}
	return s, err
}
