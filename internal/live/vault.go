package live

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
)

// pullVault looks every token's accessor up: with the accessor nobody can log in
// (https://developer.hashicorp.com/vault/api-docs/auth/token#list-accessors).
func pullVault(ctx context.Context, p *pull) error {
	token, address := p.env("VAULT_TOKEN"), p.env("VAULT_ADDR")
	if token == "" || address == "" && p.Bases[p.provider] == nil {
		return fmt.Errorf("%w: set VAULT_ADDR and VAULT_TOKEN", ErrNoCredentials)
	}
	if err := p.at(address, token, "X-Vault-Token", token); err != nil {
		return err
	}
	if ns := p.env("VAULT_NAMESPACE"); ns != "" {
		p.header.Set("X-Vault-Namespace", ns)
	}
	a, err := p.get(ctx, "GET", "/v1/auth/token/accessors?list=true", nil)
	if err != nil {
		return p.miss(ctx, "accessors", err)
	}
	var listed struct {
		Data struct {
			Keys []string `json:"keys"`
		} `json:"data"`
	}
	if err := json.Unmarshal(a.Body, &listed); err != nil {
		return p.miss(ctx, "accessors", fmt.Errorf("the answer is no list"))
	}
	var all bytes.Buffer
	for _, accessor := range listed.Data.Keys {
		body, err := json.Marshal(map[string]string{"accessor": accessor})
		if err != nil {
			return err
		}
		a, err := p.get(ctx, "POST", "/v1/auth/token/lookup-accessor", body)
		if err != nil {
			if err := p.miss(ctx, "accessors", fmt.Errorf("one of them: %w", err)); err != nil {
				return err
			}
			continue
		}
		all.Write(a.Body)
		all.WriteByte('\n')
	}
	if all.Len() > 0 {
		p.add("accessors", "vault-accessors", all.Bytes(), "")
	}
	return nil
}
