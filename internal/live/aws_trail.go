package live

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// trail asks CloudTrail. Two calls are made of it, and its SDK is as large as IAM's, so they are signed and no more.
type trail struct {
	client      *Client
	ask         Ask
	credentials aws.CredentialsProvider
	endpoint    string
	region      string
}

// call makes a call of AWS's JSON protocol (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html).
func (t trail) call(ctx context.Context, action string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.endpoint+"/", bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101."+action)
	key, err := t.credentials.Retrieve(ctx)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, key, r, hex.EncodeToString(sum[:]), "cloudtrail", t.region, t.client.o.Now()); err != nil {
		return errors.New("the request cannot be signed")
	}
	ask := t.ask
	ask.What = "POST " + action
	a, err := t.client.Do(ctx, ask, r)
	if err != nil {
		return err
	}
	if a.Status != http.StatusOK {
		return errStatus(a.Status)
	}
	if json.Unmarshal(a.Body, out) != nil {
		return errors.New("the answer is not JSON")
	}
	return nil
}

// trails are the trails of the region, and whether each logs, in the form of describe-trails and get-trail-status.
func (a *AWS) trails(ctx context.Context, p *pull) error {
	var described struct {
		List []map[string]any `json:"trailList"`
	}
	if err := a.trail.call(ctx, "DescribeTrails", struct{}{}, &described); err != nil {
		return err
	}
	if len(described.List) == 0 {
		return errors.New("there is no trail in this region")
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	if err := e.Encode(map[string]any{"trailList": described.List}); err != nil {
		return err
	}
	for _, t := range described.List {
		arn := t["TrailARN"]
		var status struct{ IsLogging *bool }
		if err := a.trail.call(ctx, "GetTrailStatus", map[string]any{"Name": arn}, &status); err != nil {
			return fmt.Errorf("the state of a trail: %w", err)
		}
		if err := e.Encode(map[string]any{"TrailARN": arn, "IsLogging": status.IsLogging}); err != nil {
			return err
		}
	}
	p.add("trails", "aws-cloudtrail-trails", out.Bytes(), "")
	return nil
}
