package pipeline

import (
	"bytes"
	"maps"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"sprawl/finding"
)

func agentPath(p, base, ext string) bool {
	dir := path.Base(path.Dir(p))
	switch base {
	case ".mcp.json", "mcp.json", "claude_desktop_config.json", ".claude.json", "mcp_config.json", "cline_mcp_settings.json", "mcp_settings.json", "mcp-config.json", "opencode.json", "opencode.jsonc", "mcp.yaml", "mcp.yml":
		return true
	case "settings.json", "settings.local.json":
		return dir == ".claude" || dir == ".gemini" || dir == ".zed" || dir == ".qwen"
	case "config.toml":
		return dir == ".codex" || dir == "codex"
	case "config.json", "config.yaml", "config.yml":
		return dir == ".continue" || dir == ".codex" || dir == ".goose"
	}
	return ext == ".json" && strings.Contains(p, "/.continue/mcpservers/")
}

// Agents and the MCP servers they start: machine identities that act without a person.
// https://modelcontextprotocol.io, code.visualstudio.com/docs/copilot/customization/mcp-servers
func readAgent(r *reader) error {
	if strings.HasSuffix(strings.ToLower(r.path), ".toml") {
		r.toml()
	} else {
		r.uncomment()
	}
	for _, doc := range r.yaml() {
		for _, key := range []string{"mcpServers", "mcp_servers", "servers", "mcp", "context_servers", "extensions", "projects"} {
			n := r.get(doc, key)
			if s := r.get(n, "servers"); s != nil {
				n = s
			}
			if key == "projects" { // .claude.json keeps servers for each project
				for _, p := range r.pairs(n) {
					for _, q := range r.pairs(r.get(p.value, "mcpServers")) {
						r.server(q.key, q.value)
					}
				}
				continue
			}
			for _, p := range r.pairs(n) {
				r.server(p.key, p.value)
			}
			for _, c := range r.items(n) {
				if c.Kind == yaml.MappingNode && n.Kind == yaml.SequenceNode {
					if name := r.get(c, "name"); name != nil {
						r.server(name, c)
					}
				}
			}
		}
		// The environment of the agent itself.
		if env := r.get(doc, "env"); env != nil {
			r.server(&yaml.Node{Kind: yaml.ScalarNode, Value: "agent", Line: env.Line, Column: env.Column}, &yaml.Node{Kind: yaml.MappingNode,
				Content: []*yaml.Node{{Kind: yaml.ScalarNode, Value: "env"}, env}, Line: env.Line, Column: env.Column})
		}
		for _, n := range []string{"apiKey", "api_key"} {
			r.descendMaps(doc, 0, func(m *yaml.Node) {
				if v := r.get(m, n); v != nil {
					r.literal(n, v)
				}
			})
		}
	}
	return r.parseErr
}

// uncomment blanks out // and /* */ comments of JSON, byte for byte.
func (t *text) uncomment() {
	if t.parsed || path.Ext(t.path) == ".yaml" || path.Ext(t.path) == ".yml" {
		return
	}
	out := bytes.Clone(t.data)
	for i := 0; i < len(out); i++ {
		switch {
		case out[i] == '"':
			for i++; i < len(out) && out[i] != '"' && out[i] != '\n'; i++ {
				if out[i] == '\\' {
					i++
				}
			}
		case out[i] == '/' && i+1 < len(out) && out[i+1] == '/':
			for ; i < len(out) && out[i] != '\n' && out[i] != '\r'; i++ {
				out[i] = ' '
			}
		case out[i] == '/' && i+1 < len(out) && out[i+1] == '*':
			for ; i < len(out) && !(out[i] == '*' && i+1 < len(out) && out[i+1] == '/'); i++ {
				if out[i] != '\n' && out[i] != '\r' {
					out[i] = ' '
				}
			}
			for k := 0; k < 2 && i < len(out); k, i = k+1, i+1 {
				out[i] = ' '
			}
			i--
		case out[i] == '\t':
			out[i] = ' ' // YAML wants none
		}
	}
	t.data = out
}

// server is one MCP server and what it is given.
func (r *reader) server(key, n *yaml.Node) {
	if n == nil || n.Kind != yaml.MappingNode {
		return
	}
	name := key.Value
	args := r.items(r.get(n, "args"))
	cmd := r.get(n, "command")
	if cmd == nil {
		cmd = r.get(n, "cmd")
	}
	if cmd != nil && cmd.Kind == yaml.SequenceNode && len(args) == 0 { // opencode
		if all := r.items(cmd); len(all) > 0 {
			cmd, args = all[0], all[1:]
		}
	}
	var to []finding.Consumer
	if cmd != nil && cmd.Kind == yaml.ScalarNode {
		if c, ok := packageConsumer(cmd.Value, args); ok {
			to = []finding.Consumer{c}
		}
	}
	secrets := map[string]bool{}
	value := func(as string, v *yaml.Node, on string) {
		if v == nil || v.Kind != yaml.ScalarNode {
			return
		}
		found := false
		for _, x := range agentVariables(v.Value) {
			found = true
			if x.scope != "input" && !secretName(x.name) && !secretName(as) && !strings.EqualFold(as, "authorization") {
				continue
			}
			secrets[x.name] = true
			r.use(x.scope, x.name, finding.Use{Span: r.locate(v, x.text, 0), Job: name, As: as, Consumers: to, Printed: on})
		}
		if !found && (secretName(as) || strings.EqualFold(as, "authorization")) && written(v.Value) {
			r.m.Literals = append(r.m.Literals, Literal{Name: as, Span: r.span(v), Job: name})
		}
	}
	for _, where := range []string{"env", "environment", "envs", "headers", "http_headers"} {
		for _, p := range r.pairs(r.get(n, where)) {
			value(p.key.Value, p.value, "")
		}
	}
	// Names of variables of the host, without a mark: config.toml of Codex.
	named := func(as string, v *yaml.Node) {
		if v != nil && v.Kind == yaml.ScalarNode && identifier(v.Value) {
			secrets[v.Value] = true
			r.use("host", v.Value, finding.Use{Span: r.span(v), Job: name, As: as, Consumers: to})
		}
	}
	named("bearer_token_env_var", r.get(n, "bearer_token_env_var"))
	for _, p := range r.pairs(r.get(n, "env_http_headers")) {
		named(p.key.Value, p.value)
	}
	for _, v := range r.items(r.get(n, "env_vars")) {
		if secretName(v.Value) {
			named(v.Value, v)
		}
	}
	if h := r.get(n, "requestInit", "headers"); h != nil {
		for _, p := range r.pairs(h) {
			value(p.key.Value, p.value, "")
		}
	}
	for i, a := range args {
		if a.Kind != yaml.ScalarNode {
			continue
		}
		flag := strings.TrimLeft(a.Value, "-")
		on := "an argument of the server's command (line " + itoa(a.Line) + ")"
		if k, v, ok := strings.Cut(flag, "="); ok && strings.HasPrefix(a.Value, "-") {
			value(k, &yaml.Node{Kind: yaml.ScalarNode, Value: v, Line: a.Line, Column: a.Column}, on)
			continue
		}
		if i > 0 && strings.HasPrefix(args[i-1].Value, "-") && !strings.HasPrefix(a.Value, "-") {
			prev := strings.TrimLeft(args[i-1].Value, "-")
			if prev == "header" || prev == "H" || prev == "e" || prev == "env" {
				if k, v, ok := strings.Cut(a.Value, map[bool]string{true: "=", false: ":"}[prev == "e" || prev == "env"]); ok {
					value(strings.TrimSpace(k), &yaml.Node{Kind: yaml.ScalarNode, Value: strings.TrimSpace(v), Line: a.Line, Column: a.Column}, on)
				}
				continue
			}
			value(prev, a, on)
			continue
		}
		value("", a, on)
	}
	if u := r.get(n, "url"); u != nil {
		value("url", u, "")
	}
	j := Job{Name: name, Span: r.span(key), Secrets: slices.Sorted(maps.Keys(secrets))}
	if len(to) > 0 {
		j.Steps = []Step{{Name: "command", Span: r.span(cmd), Consumer: &to[0]}}
	}
	if len(j.Secrets) > 0 || cmd != nil || r.get(n, "url") != nil {
		r.m.Jobs = append(r.m.Jobs, j)
	}
}

type agentVariable struct{ scope, name, text string }

// agentVariables lists ${input:ID}, ${env:NAME}, {env:NAME}, ${NAME} and $NAME.
func agentVariables(s string) []agentVariable {
	var out []agentVariable
	for _, form := range []struct{ open, scope string }{{"${input:", "input"}, {"${env:", "host"}, {"{env:", "host"}} {
		for at := 0; ; {
			i := strings.Index(s[at:], form.open)
			if i < 0 {
				break
			}
			start := at + i
			n := strings.IndexByte(s[start:], '}')
			if n < 0 {
				break
			}
			at = start + n + 1
			if form.open == "{env:" && start > 0 && s[start-1] == '$' {
				continue
			}
			out = append(out, agentVariable{form.scope, s[start+len(form.open) : at-1], s[start:at]})
		}
	}
	for _, v := range variables(s) {
		if strings.HasPrefix(s[v.at:], "${input:") || strings.HasPrefix(s[v.at:], "${env:") {
			continue
		}
		out = append(out, agentVariable{"host", v.name, v.name})
	}
	return out
}

// packageConsumer is the package that a launcher fetches and runs. A version of a registry cannot be replaced; no version, a
// range or a tag can.
func packageConsumer(cmd string, args []*yaml.Node) (finding.Consumer, bool) {
	base := strings.TrimSuffix(strings.TrimSuffix(path.Base(strings.ReplaceAll(cmd, "\\", "/")), ".cmd"), ".exe")
	var words []string
	for _, a := range args {
		words = append(words, a.Value)
	}
	if (base == "cmd" || base == "sh" || base == "bash") && len(words) > 1 { // cmd /c npx …
		if words[0] == "/c" || words[0] == "-c" {
			rest := strings.Fields(strings.Join(words[1:], " "))
			if len(rest) == 0 {
				return finding.Consumer{}, false
			}
			base, words = rest[0], rest[1:]
		}
	}
	takes := map[string]bool{}
	switch base {
	case "npx", "bunx", "pnpx", "pnpm", "yarn", "uvx", "pipx", "uv", "deno":
	case "docker", "podman":
		takes = set("-e", "--env", "-v", "--volume", "--name", "--network", "--mount", "-p", "--publish", "--env-file", "-w", "--user", "-u", "--entrypoint", "-l", "--label", "--platform")
	default:
		return finding.Consumer{}, false
	}
	for i := 0; i < len(words); i++ {
		w := words[i]
		switch {
		case w == "run" || w == "dlx" || w == "exec" || w == "x" || w == "tool":
			continue
		case w == "--from" || w == "--package" || w == "-p" && base == "npx":
			continue // the next word is the package
		case takes[w]:
			i++
			continue
		case strings.HasPrefix(w, "-"):
			continue
		}
		if base == "docker" || base == "podman" {
			c := imageConsumer(w)
			c.Party = finding.PartyThird
			return c, true
		}
		c := finding.Consumer{Name: strings.TrimPrefix(w, "npm:"), Pinned: finding.No, Party: finding.PartyThird}
		for _, sep := range []string{"==", "@"} {
			if k := strings.LastIndex(c.Name, sep); k > 0 {
				c.Name, c.Pin = c.Name[:k], c.Name[k+len(sep):]
				break
			}
		}
		if strings.HasPrefix(w, ".") || strings.HasPrefix(w, "/") {
			c.Party, c.Pinned = finding.PartyLocal, finding.Yes
		} else if c.Pin != "" && digit(c.Pin[0]) && strings.Count(c.Pin, ".") >= 2 && !strings.ContainsAny(c.Pin, "xX*^~<>") {
			c.Pinned = finding.Yes
		}
		return c, true
	}
	return finding.Consumer{}, false
}
