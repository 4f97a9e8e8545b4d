package image

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"sprawl/finding"
)

// config is what is read of an image's configuration (OCI image specification, config.md, and Docker's additions).
type config struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
	Variant      string `json:"variant"`
	OSVersion    string `json:"os.version"`
	Config       struct {
		Env         []string
		Cmd         []string
		Entrypoint  []string
		Labels      map[string]string
		OnBuild     []string
		Shell       []string
		Healthcheck *struct{ Test []string }
	} `json:"config"`
	History []struct {
		Created    string `json:"created"`
		CreatedBy  string `json:"created_by"`
		Comment    string `json:"comment"`
		Author     string `json:"author"`
		EmptyLayer bool   `json:"empty_layer"`
	} `json:"history"`
	RootFS struct {
		DiffIDs []string `json:"diff_ids"`
	} `json:"rootfs"`
}

// parseConfig reads a configuration and returns what of it no field of config holds, as indented JSON. Whatever it is, all of
// its text comes out one way or the other.
func parseConfig(b []byte) (c config, rest string) {
	if len(b) == 0 {
		return c, ""
	}
	if err := json.Unmarshal(b, &c); err != nil {
		return config{}, string(b)
	}
	var all map[string]any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&all); err != nil {
		return config{}, string(b)
	}
	drop(all, "history", "rootfs")
	for k, v := range all {
		if inner, ok := v.(map[string]any); ok && strings.EqualFold(k, "config") {
			drop(inner, "Env", "Cmd", "Entrypoint", "Labels", "OnBuild", "Shell", "Healthcheck")
		}
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(all); err != nil {
		return c, string(b)
	}
	return c, out.String()
}

// drop removes keys the way encoding/json finds them: whatever their case.
func drop(m map[string]any, keys ...string) {
	maps.DeleteFunc(m, func(k string, _ any) bool {
		return slices.ContainsFunc(keys, func(key string) bool { return strings.EqualFold(k, key) })
	})
}

// historyStep is an entry of the history with its texts as they stand.
type historyStep struct {
	step
	text  string
	empty bool // made no layer
}

func (c *config) steps() []historyStep {
	out := make([]historyStep, 0, len(c.History))
	for _, h := range c.History {
		s := historyStep{empty: h.EmptyLayer, step: step{by: redactStep(h.CreatedBy)}}
		s.created, _ = time.Parse(time.RFC3339Nano, h.Created) // zero if it is nonsense
		s.text = lines(h.CreatedBy, h.Comment, h.Author)
		out = append(out, s)
	}
	return out
}

func lines(texts ...string) string {
	var b strings.Builder
	for _, t := range texts {
		if t != "" {
			b.WriteString(t)
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// pairs writes a map as name=value lines, sorted.
func pairs(m map[string]string) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(m)) {
		fmt.Fprintf(&b, "%s=%s\n", k, m[k])
	}
	return b.String()
}

// describeImage hands out the texts around an image's layers: its configuration, history and annotations. A Layer of theirs
// is the configuration (or the manifest), and its Index the number of layers below it; a step that made a layer is that layer's.
func (r *run) describeImage(ctx context.Context, i *img, c config, rest string, steps []historyStep, base baseOf, d *draft) error {
	top := func(fromBase bool) *finding.Layer {
		return &finding.Layer{Digest: i.config, Index: len(i.slots), Platform: i.platform, Base: fromBase}
	}
	var own, inherited []string
	for _, e := range c.Config.Env {
		if base.env[e] {
			inherited = append(inherited, e)
		} else {
			own = append(own, e)
		}
	}
	ownLabels, baseLabels := map[string]string{}, map[string]string{}
	for k, v := range c.Config.Labels {
		if bv, ok := base.labels[k]; ok && bv == v {
			baseLabels[k] = v
		} else {
			ownLabels[k] = v
		}
	}
	var health []string
	if h := c.Config.Healthcheck; h != nil {
		health = h.Test
	}
	for _, t := range []struct {
		field, text string
		base        bool
	}{
		{"#Env", lines(own...), false},
		{"#Env", lines(inherited...), true},
		{"#Entrypoint", strings.Join(c.Config.Entrypoint, " "), false},
		{"#Cmd", strings.Join(c.Config.Cmd, " "), false},
		{"#Shell", strings.Join(c.Config.Shell, " "), false},
		{"#Healthcheck", strings.Join(health, " "), false},
		{"#OnBuild", lines(c.Config.OnBuild...), false},
		{"#Labels", pairs(ownLabels), false},
		{"#Labels", pairs(baseLabels), true},
		{"", rest, false},
	} {
		if err := r.text(ctx, i, configPath+t.field, t.text, top(t.base)); err != nil {
			return err
		}
	}
	for _, t := range []struct {
		path string
		m    map[string]string
	}{{"manifest.json#annotations", d.man.Annotations}, {"index.json#annotations", d.notes}} {
		l := &finding.Layer{Digest: i.digest, Index: len(i.slots), Platform: i.platform}
		if err := r.text(ctx, i, t.path, pairs(t.m), l); err != nil {
			return err
		}
	}
	for n, l := range d.man.Layers[:len(i.slots)] {
		if err := r.text(ctx, i, fmt.Sprintf("manifest.json#layers/%d/annotations", n), pairs(l.Annotations), r.slotLayer(i, n)); err != nil {
			return err
		}
	}
	if len(steps) > maxTexts {
		r.led.Skip(finding.Skip{Target: i.names[0], Object: i.config, Path: configPath, Reason: finding.ReasonLimit, Detail: fmt.Sprintf("limit on history entries (%d)", maxTexts)})
		steps = steps[:maxTexts]
	}
	below := 0
	for n, s := range steps {
		l := &finding.Layer{Digest: i.config, Index: below, CreatedBy: s.by, Created: s.created, Platform: i.platform, Base: n < base.steps}
		if !s.empty {
			if below < len(i.slots) {
				l = r.slotLayer(i, below)
				l.CreatedBy, l.Created = s.by, s.created
			}
			below++
		}
		if err := r.text(ctx, i, fmt.Sprintf("%s#history/%d", configPath, n), s.text, l); err != nil {
			return err
		}
	}
	return nil
}

// slotLayer is how a location names the image's layer n.
func (r *run) slotLayer(i *img, n int) *finding.Layer {
	s := &i.slots[n]
	return &finding.Layer{Digest: s.layer.digest, Index: n, CreatedBy: s.step.by, Created: s.step.created, Base: s.base, Platform: i.platform}
}
