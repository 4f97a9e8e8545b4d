package main

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"sprawl/internal/match"
	"sprawl/internal/train"
)

// What the page measures: texts that anybody can make again.
const (
	classifierSeed  = 1
	classifierTexts = 1500
)

// classifierPage is docs/classifier.md: its prose, and tables from the classifier itself.
func classifierPage() ([]byte, error) {
	set, err := match.Compile(nil)
	if err != nil {
		return nil, err
	}
	var data bytes.Buffer
	if err := train.Generate(&data, classifierSeed, classifierTexts); err != nil {
		return nil, err
	}
	samples, hash, err := train.Read(&data, set)
	if err != nil {
		return nil, err
	}
	weights := match.Weights()
	list, err := train.Ablate(samples, train.Options{Seed: classifierSeed, Hold: 0.3, Pull: 5, Start: weights})
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	cell := strings.NewReplacer("|", `\|`, "<", "&lt;", "*", `\*`)
	b.WriteString(classifierProse)
	b.WriteString("| feature | looks at | value | weight |\n|---|---|---|---|\n")
	for k, f := range match.Features() {
		fmt.Fprintf(&b, "| `f%s` | %s | %s | %s |\n", f.Name, f.Group, cell.Replace(f.What), strconv.FormatFloat(weights[k], 'f', -1, 64))
	}
	fmt.Fprintf(&b, `
## What it is worth

On %d assignments of %d generated texts (seed %d, sha256 `+"`%s`"+`), the weights in use, threshold %g:
%s.

The same data, 30 %% of the texts held back (seed %d), weights fitted with a pull of 5 to those in use, with all features and without
each group:

| | precision | recall | F1 | AUC | log loss, bits |
|---|---|---|---|---|---|
`, len(samples), classifierTexts, classifierSeed, hash, match.Threshold(), train.Measure(samples, &weights), classifierSeed)
	for _, a := range list {
		name := "all features"
		if a.Without != "" {
			name = "without those of the " + string(a.Without)
		}
		m := a.Held
		fmt.Fprintf(&b, "| %s | %.3f | %.3f | %.3f | %.3f | %.3f |\n", name, m.Precision, m.Recall, m.F1, m.AUC, m.LogLoss)
	}
	b.WriteString(classifierMeasured)
	return []byte(b.String()), nil
}

const classifierProse = `# The generic classifier

The tables are written by ` + "`go run ./cmd/sprawl docs docs`" + ` from the classifier itself; a change here is lost.

A value that has no form of its own and stands under no provider's name may still be a secret: ` + "`db_password = …`" + `. Such values are
reported in a tier of their own, ` + "`generic`" + `, which warns and does not fail a run unless the policy says so. Every finding says why:
` + "`name \"db_password\", entropy 4.1 bits, not a reference`" + `.

1. A word of the name triggers: password, secret, token, key and the like. Names that only sound so (token_type, public_key) are
   known and refused.
2. The assignment is read, in whatever language it is written, and its value is held against what is known to be none:
   references (` + "`${VAR}`, `{{ … }}`, `vault:…`" + `), placeholders (changeme, xxxx, your-token), counting and repeated groups, words of
   the language around it. What is refused here is never scored.
3. The rest becomes a vector of the features below. Its dot product with the weights is the logit of the probability that it is a
   secret. It sees the name, the way the assignment is written and the value; never a path, so that a result holds wherever the
   same bytes stand.
4. Afterwards the path moves the logit down, never up: lock files, minified files, translations, tests, documentation.
   From probability 0.5 on it is reported.

## Training

` + "`sprawl train FILE.jsonl`" + ` (not listed by help) fits the weights to labelled texts by logistic regression. Records are one JSON object a line:

` + "```" + `
{"text": "…", "secrets": ["the values in it that are secrets"]}          everything else in it is none
{"text": "…", "labels": [{"from": 3, "to": 3, "label": "T"}, …]}         lines: T a secret, F none, X not known; others are left out
` + "```" + `

` + "`--pull`" + ` is the pull to the weights in use: how many assignments must speak against a weight to move it by one. ` + "`--seed`" + ` decides which
30 % of the texts are held back; ` + "`--generate N`" + ` writes generated texts instead. The same data and seed give the same weights. What is
printed is the table of internal/match/weights.go with the hash of the data, the seed and the metrics on what was held back
above it; the worth of each group of features goes to standard error. Nothing of a text is printed or kept.

The weights in use were set by hand, feature by feature, and balanced on labelled lines; the threshold and the floor beside them
belong to them. Weights from a training run replace them only if noise on trees of other people's code does not rise: labelled
lines hold more secrets than code does.

## Features

`

const classifierMeasured = `
Generated secrets are drawn by lot, which real ones often are not, so these figures show that training works, not how good it is.
On the labelled lines of 11 repositories of CredData (1,050 assignments that reach the classifier, 30 % of the texts held back,
pull 5, seed 1):

| | precision | recall | F1 | AUC |
|---|---|---|---|---|
| weights in use when it was measured | 0.976 | 0.866 | 0.917 | 0.956 |
| fitted, all features | 0.969 | 0.957 | 0.963 | 0.973 |
| fitted, without those of the value | 0.796 | 0.961 | 0.871 | 0.801 |
| fitted, without those of the name | 0.969 | 0.948 | 0.958 | 0.971 |
| fitted, without those of the form | 0.969 | 0.961 | 0.965 | 0.973 |

CredData's authors obfuscated the values, and still the value's features are what tells most: without them one in five reports
is wrong. Names matter less here than they do in use, since every assignment counted has passed a name already. The fitted
weights were not taken: as a whole they find 0.4 points less of the labelled kinds.
`
