package inventory

import (
	"strings"
)

// awsCertificates is the answer of ACM's ListCertificates and DescribeCertificate.
func awsCertificates() listing {
	m := Mapping{
		Class: Credential, Key: "CertificateArn", System: "aws-acm",
		Facts: []Take{
			{From: "DomainName", To: "subject"},
			{From: "SubjectAlternativeNameSummaries[]|SubjectAlternativeNames[]", To: "host"},
			{From: "Status", To: "status", As: is("issued", "active", "expired", "expired", "revoked", "revoked", "inactive", "inactive")},
			{From: "CreatedAt|ImportedAt", To: "created", As: when},
			{From: "IssuedAt", To: "issued", As: when},
			{From: "NotBefore", To: "not_before", As: when},
			{From: "NotAfter", To: "expires", As: when},
			{From: "RenewalEligibility", To: "renewal", As: is("eligible", "automatic", "ineligible", "by hand")},
			{From: "InUse", To: "in_use"},
			{From: "InUseBy[]", To: "workload"},
			{From: "Issuer", To: "issuer"},
			{From: "Serial", To: "serial", As: serial},
		},
		Keys: []Take{{From: "Serial", To: "x509.serial", As: longSerial}, {From: "CertificateArn", To: "aws.certificate"}},
		Finish: func(o Object, r *Row, _ Meta) error {
			r.give("account", arnAccount(r.Record.Key))
			r.belongs("aws.account", arnAccount(r.Record.Key))
			return nil
		},
	}
	list, one := m, m
	list.Rows, one.Rows = "CertificateSummaryList[]", "Certificate"
	return listing{
		Name: "aws-certificates", Title: "AWS Certificate Manager certificates", System: "aws-acm",
		Command: "aws acm list-certificates > certificates.json", Permission: "acm:ListCertificates (acm:DescribeCertificate for serial and use)",
		Docs:  "https://docs.aws.amazon.com/acm/latest/APIReference/API_CertificateSummary.html",
		Joins: "serial number (exact)", Decides: "expiry, renewal, what uses it",
		Signs:    []string{"CertificateSummaryList[].CertificateArn", "Certificate.CertificateArn"},
		Mappings: []Mapping{list, one},
	}
}

// serial is a certificate's serial number in lower-case hexadecimal without leading zeros.
func serial(v any) (string, error) {
	s, err := asText(v)
	s = strings.TrimLeft(strings.ToLower(strings.NewReplacer(":", "", " ", "").Replace(s)), "0")
	return s, err
}

// longSerial is a serial that names a certificate whoever issued it: public authorities draw 64 bits at least (CA/Browser Forum
// Baseline Requirements 7.1), and nearly every authority of one's own has once issued 1.
func longSerial(v any) (string, error) {
	s, err := serial(v)
	if len(s) < 14 {
		return "", err
	}
	return s, err
}
