package report

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"sprawl/finding"
)

// TestCharts draws few nights and many: nothing leaves the picture, and what was counted is drawn.
func TestCharts(t *testing.T) {
	if OpenChart(nil) != "" || ChangeChart(nil) != "" {
		t.Error("a chart of nothing")
	}
	xs := regexp.MustCompile(` x="([-0-9.NaIinf+]+)"|H([-0-9.NaIinf+]+)`)
	ys := regexp.MustCompile(` y="([-0-9.NaIinf+]+)"|V([-0-9.NaIinf+]+)`)
	for _, n := range []int{1, 2, 30, 400} {
		var nights []Night
		for i := range n {
			nights = append(nights, Night{At: asOf.AddDate(0, 0, i-n), Open: map[finding.Severity]int{finding.SevHigh: i, finding.SevLow: 3}, New: i % 7, Gone: i % 3})
		}
		open, change := string(OpenChart(nights)), string(ChangeChart(nights))
		for name, svg := range map[string]string{"open": open, "change": change} {
			for limit, pattern := range map[float64]*regexp.Regexp{chartWidth: xs, chartHeight: ys} {
				for _, m := range pattern.FindAllStringSubmatch(svg, -1) {
					if v, err := strconv.ParseFloat(m[1]+m[2], 64); err != nil || !(v >= 0 && v <= limit) {
						t.Errorf("%s of %d nights: %s leaves the picture: %v", name, n, m[0], err)
					}
				}
			}
		}
		if got := strings.Count(open, "<path"); got != len(finding.Severities()) {
			t.Errorf("%d areas of %d nights", got, n)
		}
		if got := strings.Count(change, "class=\"come\""); got > columnsDrawn || n > 1 && got == 0 {
			t.Errorf("%d columns of %d nights", got, n)
		}
		if first := fmt.Sprintf(">%s<", nights[0].At.Format(time.DateOnly)); !strings.Contains(open, first) {
			t.Errorf("%d nights: the first has no label", n)
		}
	}
	var sum int
	for _, n := range together([]Night{{New: 1, Gone: 2}, {New: 3}}) {
		sum += n.New + n.Gone
	}
	if sum != 6 {
		t.Errorf("%d changes of 6", sum)
	}
	// Two runs at the same moment, as an import may bring.
	if svg := string(OpenChart([]Night{{At: asOf}, {At: asOf}})); strings.Contains(svg, "NaN") || strings.Contains(svg, "Inf") {
		t.Error("runs of one moment divide by nothing")
	}
}
