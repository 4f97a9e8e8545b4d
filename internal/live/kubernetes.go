package live

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"

	"go.yaml.in/yaml/v4"
)

// kubeconfig is what is read of one (https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/).
type kubeconfig struct {
	Current  string `yaml:"current-context"`
	Contexts []struct {
		Name    string `yaml:"name"`
		Context struct {
			Cluster string `yaml:"cluster"`
			User    string `yaml:"user"`
		} `yaml:"context"`
	} `yaml:"contexts"`
	Clusters []struct {
		Name    string `yaml:"name"`
		Cluster struct {
			Server    string `yaml:"server"`
			Authority string `yaml:"certificate-authority-data"`
			File      string `yaml:"certificate-authority"`
		} `yaml:"cluster"`
	} `yaml:"clusters"`
	Users []struct {
		Name string `yaml:"name"`
		User struct {
			Token string `yaml:"token"`
			File  string `yaml:"tokenFile"`
		} `yaml:"user"`
	} `yaml:"users"`
}

// cluster is where the current context leads.
type cluster struct {
	server, token string
	authority     []byte // PEM; nil for the system's
}

func (p *pull) cluster() (cluster, error) {
	file := p.env("KUBECONFIG")
	if file == "" {
		file = path.Join(p.env("HOME", "USERPROFILE"), ".kube", "config")
	}
	text, err := p.ReadFile(file)
	if err != nil {
		return cluster{}, fmt.Errorf("%w: no kubeconfig at %s", ErrNoCredentials, file)
	}
	var k kubeconfig
	if err := yaml.Unmarshal(text, &k); err != nil {
		return cluster{}, fmt.Errorf("%s is no kubeconfig", file)
	}
	var out cluster
	for _, c := range k.Contexts {
		if c.Name != k.Current {
			continue
		}
		for _, l := range k.Clusters {
			if l.Name != c.Context.Cluster {
				continue
			}
			out.server = l.Cluster.Server
			switch {
			case l.Cluster.Authority != "":
				out.authority, err = base64.StdEncoding.DecodeString(l.Cluster.Authority)
			case l.Cluster.File != "":
				out.authority, err = p.ReadFile(beside(file, l.Cluster.File))
			}
			if err != nil {
				return out, fmt.Errorf("%s: the authority of %s cannot be read", file, l.Name)
			}
		}
		for _, u := range k.Users {
			if u.Name != c.Context.User {
				continue
			}
			out.token = u.User.Token
			if out.token == "" && u.User.File != "" {
				t, err := p.ReadFile(beside(file, u.User.File))
				if err != nil {
					return out, fmt.Errorf("%s: the token of %s cannot be read", file, u.Name)
				}
				out.token = strings.TrimSpace(string(t))
			}
		}
	}
	if out.server == "" || out.token == "" {
		return out, fmt.Errorf("%w: the current context of %s names no server with a token; kubectl create token NAME makes one", ErrNoCredentials, file)
	}
	return out, nil
}

func beside(file, other string) string {
	if path.IsAbs(other) {
		return other
	}
	return path.Join(path.Dir(file), other)
}

// pullKubernetes takes secrets, service accounts and who is bound to which role (https://kubernetes.io/docs/reference/kubernetes-api/).
func pullKubernetes(ctx context.Context, p *pull) error {
	c, err := p.cluster()
	if err != nil {
		return err
	}
	if c.authority != nil {
		if p.Alone == nil {
			return errors.New("a cluster with an authority of its own cannot be asked")
		}
		if p.client, err = p.Alone(c.authority); err != nil {
			return err
		}
		defer p.client.Close()
	}
	if err := p.at(c.server, c.token, "Authorization", "Bearer "+c.token); err != nil {
		return err
	}
	for _, l := range []struct{ what, path, kind string }{
		{"secrets", "/api/v1/secrets", "Secret"},
		{"serviceaccounts", "/api/v1/serviceaccounts", "ServiceAccount"},
		{"clusterrolebindings", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", "ClusterRoleBinding"},
		{"rolebindings", "/apis/rbac.authorization.k8s.io/v1/rolebindings", "RoleBinding"},
	} {
		if _, err := p.take(ctx, list{
			what: l.what, path: l.path + "?limit=500", format: "kubernetes", next: token("metadata.continue", "continue"), page: kinds(l.kind),
		}); err != nil {
			return err
		}
	}
	return nil
}

// kinds names the kind of each item, as kubectl does and the list of one kind does not; and leaves out that more pages follow.
func kinds(kind string) func([]byte) []byte {
	return func(page []byte) []byte {
		var o struct {
			Items []map[string]any `json:"items"`
		}
		d := json.NewDecoder(strings.NewReader(string(page)))
		d.UseNumber()
		if d.Decode(&o) != nil {
			return page
		}
		for _, item := range o.Items {
			if item["kind"] == nil {
				item["kind"] = kind
			}
		}
		out, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": o.Items})
		if err != nil {
			return page
		}
		return out
	}
}
