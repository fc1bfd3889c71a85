package app_test

import (
	"testing"
	"time"

	"github.com/dossier-crm/dossier/internal/app"
	"github.com/dossier-crm/dossier/internal/fault"
)

func TestConfigCheck(t *testing.T) {
	tests := []struct {
		field  string // "" = fine
		change func(*app.Config)
	}{
		{"", func(c *app.Config) {}},
		{"data", func(c *app.Config) { c.Data = "" }},
		{"", func(c *app.Config) { c.Database = "postgres://u:p@localhost/x" }},
		{"database", func(c *app.Config) { c.Database = "mysql://u:p@localhost/x" }},
		{"database", func(c *app.Config) { c.Database = "host=localhost" }},
		{"schema-prefix", func(c *app.Config) { c.SchemaPrefix = "" }},
		{"schema-prefix", func(c *app.Config) { c.SchemaPrefix = "Dossier" }},
		{"schema-prefix", func(c *app.Config) { c.SchemaPrefix = "x234567890_234" }},
		{"", func(c *app.Config) { c.Blobs = "s3://bucket?endpoint=http://localhost:7070" }},
		{"blobs", func(c *app.Config) { c.Blobs = "s3://" }},
		{"blobs", func(c *app.Config) { c.Blobs = "/var/blobs" }},
		{"listen", func(c *app.Config) { c.Listen = "8080" }},
		{"", func(c *app.Config) { c.Listen = ":8080" }},
		{"", func(c *app.Config) { c.PublicURL = "https://crm.example.com/base" }},
		{"public-url", func(c *app.Config) { c.PublicURL = "crm.example.com" }},
		{"public-url", func(c *app.Config) { c.PublicURL = "https://crm.example.com/?x=1" }},
		{"tls-cert", func(c *app.Config) { c.TLSCert = "cert.pem" }},
		{"tls-cert", func(c *app.Config) { c.TLSKey = "key.pem" }},
		{"", func(c *app.Config) { c.TrustedProxies = "10.0.0.1, fd00::/8" }},
		{"trusted-proxies", func(c *app.Config) { c.TrustedProxies = "10.0.0.1,proxy" }},
		{"trusted-proxies", func(c *app.Config) { c.TrustedProxies = "10.0.0.0/40" }},
		{"", func(c *app.Config) { c.Demo = true }},
		{"", func(c *app.Config) { c.Demo, c.Listen = true, "[::1]:8080" }},
		{"", func(c *app.Config) { c.Demo, c.Listen = true, "localhost:8080" }},
		{"listen", func(c *app.Config) { c.Demo, c.Listen = true, ":8080" }},
		{"listen", func(c *app.Config) { c.Demo, c.Listen = true, "0.0.0.0:8080" }},
		{"listen", func(c *app.Config) { c.Demo, c.Listen = true, "192.0.2.1:8080" }},
		{"listen", func(c *app.Config) { c.Demo, c.Listen = true, "example.com:8080" }},
		{"", func(c *app.Config) { c.Demo, c.DemoAllowRemote, c.Listen = true, true, ":8080" }},
		{"", func(c *app.Config) { c.Clamd = "unix:///run/clamav/clamd.ctl" }},
		{"clamd", func(c *app.Config) { c.Clamd = "127.0.0.1:3310" }},
		{"query-timeout", func(c *app.Config) { c.QueryTimeout = 0 }},
		{"max-connections", func(c *app.Config) { c.MaxConnections = -1 }},
		{"sage-rate", func(c *app.Config) { c.SageRate = -1 }},
		{"", func(c *app.Config) { c.RiskforceCasePath = "/services/apexrest/ps/Cases/" }},
		{"riskforce-case-path", func(c *app.Config) { c.RiskforceCasePath = "/services/apexrest/" }},
		{"riskforce-case-path", func(c *app.Config) { c.RiskforceCasePath = "/services/APEXREST/opportunityFileUpload/" }},
		{"riskforce-opportunity-path", func(c *app.Config) { c.RiskforceOpportunityPath = "/upload" }},
		{"riskforce-too-large", func(c *app.Config) { c.RiskforceTooLarge = "large" }},
		{"riskforce-token-life", func(c *app.Config) { c.RiskforceTokenLife = -1 }},
		{"", func(c *app.Config) { c.ScalepointBase = "/" }},
		{"", func(c *app.Config) {
			c.ScalepointBase, c.ScalepointAudiences = "/v1/", "https://a.example/connect/token, https://b.example/token"
		}},
		{"scalepoint-base", func(c *app.Config) { c.ScalepointBase = "ecx" }},
		{"scalepoint-base", func(c *app.Config) { c.ScalepointBase = "/api/v4" }},
		{"scalepoint-base", func(c *app.Config) { c.ScalepointBase = "/a//b" }},
		{"scalepoint-base", func(c *app.Config) { c.ScalepointBase = "/a/{}" }},
		{"scalepoint-audiences", func(c *app.Config) { c.ScalepointAudiences = "me" }},
		{"scalepoint-token-life", func(c *app.Config) { c.ScalepointTokenLife = time.Millisecond }},
		{"scalepoint-max-file", func(c *app.Config) { c.ScalepointMaxFile = -1 }},
		{"scalepoint-missing-scope", func(c *app.Config) { c.ScalepointMissingScope = "x" }},
	}
	for i, tt := range tests {
		c := app.Config{
			Storage: app.Storage{Data: "data", SchemaPrefix: "dossier_"},
			Server:  app.Server{Listen: "127.0.0.1:8080", QueryTimeout: time.Second, MaxConnections: 1},
		}
		tt.change(&c)
		err := c.Check()
		if got := fault.FieldOf(err); got != tt.field || (err == nil) != (tt.field == "") {
			t.Errorf("case %d: %v, want an error about %q", i, err, tt.field)
		}
	}
}

func TestMasked(t *testing.T) {
	for in, want := range map[string]string{
		"":                                   "",
		"127.0.0.1:8080":                     "127.0.0.1:8080",
		"postgres://u@h/db":                  "postgres://u@h/db",
		"postgres://u:sekrit@h/db":           "postgres://u:xxxxx@h/db",
		"postgres://u@h/db?password=sekrit":  "postgres://u@h/db?password=xxxxx",
		"s3://b?secretKey=sekrit&region=eu":  "s3://b?region=eu&secretKey=xxxxx",
		"s3://id:sekrit@b?endpoint=http://h": "s3://id:xxxxx@b?endpoint=http%3A%2F%2Fh",
		"postgres://u:sek%rit@h/db":          "(hidden)",
	} {
		if got := app.Masked(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}
