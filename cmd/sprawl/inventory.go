package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"sprawl/detectors"
	"sprawl/finding"
	"sprawl/internal/risk"
)

func (a *app) inventoryCommand() *cobra.Command {
	var f scanFlags
	var format, output string
	c := &cobra.Command{
		Use:   "inventory [TARGET…]",
		Short: "List every key, token, certificate and service account that is known, with owner, age and what is due",
		Long: `List every credential that was found or that an inventory lists, whatever was decided of it: what it is, who owns it, where it
reaches, since when it exists, when it ends, when it was last used, what it may do, when its rotation is due, and any exception.
An age that begins with >= is a lower bound: the first commit or layer that holds it.`,
		RunE: func(c *cobra.Command, args []string) error { return a.inventory(c.Context(), args, f, format, output) },
	}
	f.add(c)
	f.addAsOf(c)
	f.ask.add(c)
	c.Flags().StringVarP(&format, "format", "f", "text", "text, csv or json")
	c.Flags().StringVarP(&output, "output", "o", "", "write to this file instead of standard output")
	return c
}

// holding is one line of the list, and its JSON. Dates are days in UTC, "" where nothing is known.
type holding struct {
	ID           string   `json:"id"`
	Class        string   `json:"class"` // credential, or account: a service account, application or user that is no person's
	Kind         string   `json:"kind"`
	Ident        string   `json:"ident"`
	Found        bool     `json:"found"`
	Listed       bool     `json:"listed"`
	Owner        string   `json:"owner"`
	OwnerHow     string   `json:"owner_how"`
	Environments []string `json:"environments"`
	Since        string   `json:"since"`
	AgeBound     string   `json:"age_bound"`
	AgeDays      int      `json:"age_days"`
	Expires      string   `json:"expires"`
	LastUsed     string   `json:"last_used"`
	Access       string   `json:"access"`
	Due          string   `json:"rotation_due"`
	DueBy        string   `json:"rotation_due_by"`
	Exception    string   `json:"exception_until"`
	Decision     string   `json:"decision"`
	Places       int      `json:"places"`
	Workloads    []string `json:"workloads"`
	Targets      []string `json:"targets"`
	Yes          []string `json:"conditions"`
	Open         []string `json:"cannot_tell"`
}

func (a *app) inventory(ctx context.Context, args []string, f scanFlags, format, output string) error {
	var render func(io.Writer, []holding) error
	switch format {
	case "text":
		render = holdingsText
	case "csv":
		render = holdingsCSV
	case "json":
		render = func(w io.Writer, hs []holding) error {
			e := json.NewEncoder(w)
			e.SetEscapeHTML(false)
			e.SetIndent("", "  ")
			return e.Encode(hs)
		}
	default:
		return usage("use text, csv or json", "unknown value %q of --format", format)
	}
	r, err := a.newRun(ctx, "inventory", args, f)
	if err != nil {
		return err
	}
	res, err := r.do(ctx)
	if err != nil {
		return err
	}
	l, table := limits(r.policy.policy), a.table()
	hs := []holding{}
	for i := range res.found.Credentials {
		hs = append(hs, hold(&res.found.Credentials[i], l, r.asOf))
	}
	for i := range res.found.Inventory {
		row := &res.found.Inventory[i]
		if row.Found != "" {
			continue
		}
		c := listed(row, table, l, r.asOf)
		h := hold(&c, l, r.asOf)
		h.Found, h.Listed, h.Places = false, true, 0
		hs = append(hs, h)
	}
	for i := range res.found.Principals {
		if h, ok := account(&res.found.Principals[i], table, l, r.asOf); ok {
			hs = append(hs, h)
		}
	}
	if err := a.write(output, func(w io.Writer) error { return render(w, hs) }); err != nil {
		return err
	}
	if !res.ledger.Complete() {
		return outcome(exitIncomplete)
	}
	return nil
}

// account is the line of a principal; what belongs to a person is no part of the list.
func account(row *finding.InventoryRow, table []detectors.Detector, l risk.Limits, now time.Time) (holding, bool) {
	for _, f := range row.Record.Facts {
		if f.Field == "user_type" && f.Value == "human" {
			return holding{}, false
		}
	}
	c := listed(row, table, l, now)
	h := hold(&c, l, now)
	h.Class, h.Found, h.Listed, h.Places, h.Yes, h.Open, h.Due, h.DueBy = "account", row.Found != "", true, 0, []string{}, []string{}, "", ""
	for _, f := range row.Record.Facts {
		if d, err := time.Parse(time.RFC3339, f.Value); err == nil && f.Field == "principal_created" && h.Since == "" {
			h.Since, h.AgeBound, h.AgeDays = dayOf(d), "exact", max(0, int(now.Sub(d)/(24*time.Hour)))
		}
	}
	return h, true
}

func hold(c *finding.Credential, l risk.Limits, now time.Time) holding {
	v := risk.Life(c, l, now)
	h := holding{
		ID: c.ID, Class: "credential", Kind: c.Kind, Ident: c.Ident, Found: true, Owner: c.Owner.Name, OwnerHow: c.Owner.How, Environments: []string{}, Since: dayOf(v.Since),
		AgeBound: v.Bound, Expires: dayOf(v.Expires), LastUsed: v.LastUsed, Access: v.Access, Due: dayOf(v.Due), Places: len(c.Sightings),
		Workloads: c.Workloads, Targets: c.Targets, Yes: []string{}, Open: []string{},
	}
	h.Listed = slices.ContainsFunc(c.Records, func(r finding.Record) bool { return r.Match != finding.MatchParent })
	if h.Workloads == nil {
		h.Workloads = []string{}
	}
	if h.Targets == nil {
		h.Targets = []string{}
	}
	if !v.Since.IsZero() {
		h.AgeDays = max(0, int(now.Sub(v.Since)/(24*time.Hour)))
	}
	if !v.Due.IsZero() {
		h.DueBy = v.By.Source
		if v.By.Version != "" {
			h.DueBy += " " + v.By.Version
		}
	}
	for _, e := range c.Environments {
		h.Environments = append(h.Environments, e.Name)
	}
	if c.Exception != nil {
		h.Exception = dayOf(c.Exception.Until)
	}
	if c.Decision != nil {
		h.Decision = strings.TrimSpace(c.Decision.Kind + " " + c.Decision.Value)
	}
	for _, x := range c.Conditions {
		switch x.Verdict {
		case finding.VerdictYes:
			h.Yes = append(h.Yes, x.ID)
		case finding.VerdictCannotTell:
			h.Open = append(h.Open, x.ID)
		}
	}
	return h
}

func dayOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

func holdingsText(w io.Writer, hs []holding) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "ID\tKIND\tIDENT\tOWNER\tENVIRONMENTS\tAGE\tEXPIRES\tLAST USED\tDUE\tEXCEPTION\tPLACES")
	for _, h := range hs {
		age := "-"
		if h.Since != "" {
			age = fmt.Sprintf("%dd", h.AgeDays)
			if h.AgeBound == "at-least" {
				age = ">=" + age
			}
		}
		cells := []string{finding.ShortID(h.ID), h.Kind, h.Ident, h.Owner, strings.Join(h.Environments, ","), age, h.Expires, h.LastUsed, h.Due, h.Exception, fmt.Sprint(h.Places)}
		for i, c := range cells {
			if cells[i] = clean(c); c == "" {
				cells[i] = "-"
			}
		}
		_, _ = fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("write the list: %w", err)
	}
	accounts := 0
	for _, h := range hs {
		if h.Class == "account" {
			accounts++
		}
	}
	count := plural(len(hs)-accounts, "credential")
	if accounts > 0 {
		count += " and " + plural(accounts, "account")
	}
	_, err := fmt.Fprintf(w, "\n%s; - is not known; csv and json say more\n", count)
	return err
}

func holdingsCSV(w io.Writer, hs []holding) error {
	out := csv.NewWriter(w)
	err := out.Write([]string{"id", "class", "kind", "ident", "found", "listed", "owner", "owner_how", "environments", "since", "age_bound", "age_days", "expires", "last_used",
		"access", "rotation_due", "rotation_due_by", "exception_until", "decision", "places", "workloads", "targets", "conditions", "cannot_tell"})
	for _, h := range hs {
		row := []string{h.ID, h.Class, h.Kind, h.Ident, fmt.Sprint(h.Found), fmt.Sprint(h.Listed), h.Owner, h.OwnerHow, strings.Join(h.Environments, " "), h.Since, h.AgeBound,
			fmt.Sprint(h.AgeDays), h.Expires, h.LastUsed, h.Access, h.Due, h.DueBy, h.Exception, h.Decision, fmt.Sprint(h.Places),
			strings.Join(h.Workloads, "; "), strings.Join(h.Targets, "; "), strings.Join(h.Yes, " "), strings.Join(h.Open, " ")}
		for i := range row {
			row[i] = cell(row[i])
		}
		err = errors.Join(err, out.Write(row))
	}
	out.Flush()
	return errors.Join(err, out.Error())
}

// cell keeps a spreadsheet from taking text out of a repository for a formula.
func cell(s string) string {
	s = clean(s)
	if s != "" && strings.IndexByte("=+-@", s[0]) >= 0 {
		return "'" + s
	}
	return s
}
