package notify

import (
	"fmt"
	"strings"
	"unicode"

	"sprawl/internal/store"
)

// maxLines is how many credentials the summary names.
const maxLines = 10

// text is the summary for people, in the one field that the incoming webhooks of Slack, Mattermost and Rocket.Chat need
// (https://api.slack.com/messaging/webhooks).
func text(m *Message) string {
	var b strings.Builder
	n := map[store.What]int{}
	for i := range m.Items {
		n[m.Items[i].What]++
	}
	var parts []string
	for _, w := range []store.What{store.New, store.Reopened, store.Escalated} {
		if n[w] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[w], w))
		}
	}
	fmt.Fprintf(&b, "sprawl: %s", strings.Join(parts, ", "))
	if m.Run.State != store.Complete {
		fmt.Fprintf(&b, " (run %d is %s: there may be more)", m.Run.ID, plain(string(m.Run.State)))
	}
	for i := range m.Items {
		if i == maxLines {
			fmt.Fprintf(&b, "\nand %d more", len(m.Items)-i)
			break
		}
		b.WriteString("\n" + line(&m.Items[i]))
	}
	return b.String()
}

func line(i *Item) string {
	s := fmt.Sprintf("%s %s: %s %s", i.Severity, i.What, i.Kind, i.ShortID)
	if len(i.Places) > 0 {
		p := i.Places[0]
		s += " in " + strings.TrimSpace(p.Target+" "+p.Path)
		if p.Line > 0 {
			s += fmt.Sprintf(":%d", p.Line)
		}
	}
	if i.Owner != "" {
		s += " (" + i.Owner + ")"
	}
	return plain(s)
}

// plain makes one line in which nothing is a link, a mention or a control: &, < and > as
// https://docs.slack.dev/messaging/formatting-message-text/ asks for, an @ that is no longer beside a name, which Mattermost would
// call, and no character that is not shown. Emphasis is left alone: it changes how a line looks and nothing else.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsGraphic(r):
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "@", "@\u2060").Replace(s)
}
