package app

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/dossier-crm/dossier/internal/clamd"
	"github.com/dossier-crm/dossier/internal/dialect/flowroute"
	"github.com/dossier-crm/dossier/internal/dialect/riskforce"
	"github.com/dossier-crm/dossier/internal/dialect/scalepoint"
	"github.com/dossier-crm/dossier/internal/dialect/wolkvox"
	"github.com/dossier-crm/dossier/internal/fault"
	"github.com/dossier-crm/dossier/internal/outbound"
)

// Config is every setting of a running Dossier. The struct tags are what the
// command line, the environment and the configuration file are read by; a
// setting has one name in all three: --query-timeout, DOSSIER_QUERY_TIMEOUT,
// query-timeout.
type Config struct {
	Storage
	Logging
	Server
}

// Storage says where records and documents are kept. All commands that touch
// data share it.
type Storage struct {
	Data         string `group:"storage" placeholder:"DIR" default:"./data" env:"DOSSIER_DATA" help:"Folder for databases, documents and keys. Created when missing."`
	Database     string `group:"storage" placeholder:"URL" env:"DOSSIER_DATABASE" help:"PostgreSQL to keep records in, as postgres://user:password@host/name. Empty: SQLite files in the data folder."`
	SchemaPrefix string `group:"storage" placeholder:"TEXT" default:"dossier_" env:"DOSSIER_SCHEMA_PREFIX" help:"What the names of our schemas in PostgreSQL begin with."`
	Blobs        string `group:"storage" placeholder:"URL" env:"DOSSIER_BLOBS" help:"S3-compatible storage for documents, as s3://bucket?endpoint=https://host&region=name. Empty: files in the data folder."`
}

// Logging says what is written to standard error.
type Logging struct {
	LogFormat string `group:"log" enum:"text,json" default:"text" env:"DOSSIER_LOG_FORMAT" help:"Form of the log on standard error: ${enum}."`
	LogLevel  string `group:"log" enum:"debug,info,warn,error" default:"info" env:"DOSSIER_LOG_LEVEL" help:"Least severe messages that are logged: ${enum}."`
}

// Server says how requests are served.
type Server struct {
	Listen          string        `group:"server" placeholder:"ADDR" default:"127.0.0.1:8080" env:"DOSSIER_LISTEN" help:"Address to listen on. Port 0 picks a free one."`
	PublicURL       string        `group:"server" name:"public-url" placeholder:"URL" env:"DOSSIER_PUBLIC_URL" help:"URL that clients reach this server under; upload and download links begin with it. Empty: made from the listen address."`
	TLSCert         string        `group:"server" name:"tls-cert" placeholder:"FILE" env:"DOSSIER_TLS_CERT" help:"Certificate chain (PEM) to serve HTTPS with."`
	TLSKey          string        `group:"server" name:"tls-key" placeholder:"FILE" env:"DOSSIER_TLS_KEY" help:"Private key (PEM) of the certificate."`
	TrustedProxies  string        `group:"server" placeholder:"ADDRS" env:"DOSSIER_TRUSTED_PROXIES" help:"Addresses or networks of proxies, as in 10.0.0.1,fd00::/8, whose X-Forwarded-For is believed: the log and the slowing down of bad logins go by the client's address then."`
	Demo            bool          `group:"server" env:"DOSSIER_DEMO" help:"Make a workspace \"demo\" with invented data and write its credentials to demo-credentials.json in the data folder."`
	DemoAllowRemote bool          `group:"server" env:"DOSSIER_DEMO_ALLOW_REMOTE" help:"Let --demo listen on addresses that other machines can reach."`
	AllowTargets    string        `group:"server" placeholder:"TARGETS" env:"DOSSIER_ALLOW_TARGETS" help:"Networks, addresses and names of hosts, as in 10.1.0.0/16,hooks.internal, that requests to addresses which clients have named (webhooks) may go to besides public addresses. Empty: public addresses only, so that nobody reaches this machine or the networks behind it through the server."`
	Clamd           string        `group:"server" placeholder:"URL" env:"DOSSIER_CLAMD" help:"ClamAV daemon that scans every document before it is shown, as tcp://host:port or unix:///path. Empty: documents are not scanned."`
	ScanDown        string        `group:"server" enum:"refuse,quarantine" default:"refuse" env:"DOSSIER_SCAN_DOWN" help:"What becomes of documents that cannot be scanned, since the daemon does not answer or take them: ${enum}. In quarantine they are kept, and shown once they were found clean."`
	QueryTimeout    time.Duration `group:"server" default:"2s" env:"DOSSIER_QUERY_TIMEOUT" help:"Time after which a query is cancelled."`
	StopTimeout     time.Duration `group:"server" default:"15s" env:"DOSSIER_STOP_TIMEOUT" help:"Time that running requests have to end in at shutdown."`
	MaxConnections  int           `group:"server" default:"8192" env:"DOSSIER_MAX_CONNECTIONS" help:"Connections served at once; further ones wait."`
	SageRate        int           `group:"server" placeholder:"N" default:"0" env:"DOSSIER_SAGE_RATE" help:"Requests that each key may make to /api/v4 within a second; further ones are refused with status 429. The vendor allows 4 or 13. 0: any number."`

	Riskforce
	Flowroute
	Scalepoint
	Wolkvox
}

// Riskforce says how the riskforce dialect is spoken where its reference is silent.
type Riskforce struct {
	RiskforceOpportunityPath string        `group:"dialects" placeholder:"PATH" default:"/services/apexrest/OpportunityFileUpload" env:"DOSSIER_RISKFORCE_OPPORTUNITY_PATH" help:"Path that takes the files of opportunities."`
	RiskforceCasePath        string        `group:"dialects" placeholder:"PATH" default:"/services/apexrest/CaseFileUpload" env:"DOSSIER_RISKFORCE_CASE_PATH" help:"Path that takes the files of cases."`
	RiskforceFailures        string        `group:"dialects" enum:"status,text" default:"status" env:"DOSSIER_RISKFORCE_FAILURES" help:"How an upload fails that names no record or no file, or has a type that is not taken: with a status and an array of errors, or as text with status 200. One of ${enum}."`
	RiskforceTooLarge        string        `group:"dialects" enum:"400,413,500" default:"400" env:"DOSSIER_RISKFORCE_TOO_LARGE" help:"Status for files beyond 4.3 MB: ${enum}."`
	RiskforceTokenLife       time.Duration `group:"dialects" default:"0s" env:"DOSSIER_RISKFORCE_TOKEN_LIFE" help:"Time after which a session ends. 0: it ends when its key is deleted."`
}

// config is what the dialect makes of the settings.
func (c Riskforce) config() (riskforce.Config, error) {
	out := riskforce.Config{
		OpportunityPath: c.RiskforceOpportunityPath, CasePath: c.RiskforceCasePath,
		TokenLife: c.RiskforceTokenLife, FailuresAsText: c.RiskforceFailures == "text",
	}
	var err error
	if c.RiskforceTooLarge != "" {
		out.TooLarge, err = strconv.Atoi(c.RiskforceTooLarge)
	}
	if err != nil {
		return out, fault.InField("riskforce-too-large", "must be a status")
	}
	if err := out.Check(); err != nil {
		return out, fault.InField(riskforce.Name+"-"+fault.FieldOf(err), "%s", fault.Message(err))
	}
	return out, nil
}

// Flowroute says how the flowroute dialect is spoken where its reference is silent.
type Flowroute struct {
	FlowrouteEmptyList  string        `group:"dialects" enum:"200,404" default:"200" env:"DOSSIER_FLOWROUTE_EMPTY_LIST" help:"Status of a list of port orders that has none: ${enum}."`
	FlowrouteMaxFile    int64         `group:"dialects" placeholder:"BYTES" default:"25000000" env:"DOSSIER_FLOWROUTE_MAX_FILE" help:"Size of the largest file of a port order, in bytes."`
	FlowrouteUploadLife time.Duration `group:"dialects" default:"15m" env:"DOSSIER_FLOWROUTE_UPLOAD_LIFE" help:"Time for which an upload URL works, 5 minutes to an hour."`
	FlowrouteSignature  string        `group:"dialects" enum:"2,4" default:"2" env:"DOSSIER_FLOWROUTE_SIGNATURE" help:"Version of S3's signature in upload URLs: ${enum}. Both are taken."`
}

// config is what the settings mean to the dialect.
func (c Flowroute) config() (flowroute.Config, error) {
	out := flowroute.Config{
		EmptyNotFound: c.FlowrouteEmptyList == "404", MaxFile: c.FlowrouteMaxFile, Life: c.FlowrouteUploadLife, V4: c.FlowrouteSignature == "4",
	}
	if err := out.Check(); err != nil {
		return out, fault.InField(flowroute.Name+"-"+fault.FieldOf(err), "%s", fault.Message(err))
	}
	return out, nil
}

// Scalepoint says how the scalepoint dialect is spoken where its reference is silent.
type Scalepoint struct {
	ScalepointBase               string        `group:"dialects" placeholder:"PATH" default:"/ecx/host/api/integration/v1" env:"DOSSIER_SCALEPOINT_BASE" help:"What the paths of files and first notices of loss begin with. /: nothing."`
	ScalepointAudiences          string        `group:"dialects" placeholder:"URLS" env:"DOSSIER_SCALEPOINT_AUDIENCES" help:"Token URLs, as in https://accounts.example.com/connect/token, that clients may sign their assertions for besides our own /connect/token below the public URL."`
	ScalepointTokenLife          time.Duration `group:"dialects" default:"1h" env:"DOSSIER_SCALEPOINT_TOKEN_LIFE" help:"Time after which a token ends."`
	ScalepointMaxFile            int64         `group:"dialects" placeholder:"BYTES" default:"100000000" env:"DOSSIER_SCALEPOINT_MAX_FILE" help:"Size of the largest file, in bytes."`
	ScalepointContentTypes       string        `group:"dialects" enum:"ignore,check" default:"ignore" env:"DOSSIER_SCALEPOINT_CONTENT_TYPES" help:"What becomes of files whose contentType contradicts their extension: ${enum}. With check they are refused."`
	ScalepointMissingScope       string        `group:"dialects" enum:"403,401" default:"403" env:"DOSSIER_SCALEPOINT_MISSING_SCOPE" help:"Status for a token without the scope that a method needs: ${enum}."`
	ScalepointWrongSecurityToken string        `group:"dialects" enum:"401,403,400" default:"401" env:"DOSSIER_SCALEPOINT_WRONG_SECURITY_TOKEN" help:"Status for a securityToken that is not the client's: ${enum}. With 400 the body says so; otherwise it is empty."`
}

// config is what the settings mean to the dialect.
func (c Scalepoint) config() (scalepoint.Config, error) {
	out := scalepoint.Config{
		Base: c.ScalepointBase, TokenLife: c.ScalepointTokenLife, MaxFile: c.ScalepointMaxFile,
		CheckTypes: c.ScalepointContentTypes == "check",
		Audiences:  strings.FieldsFunc(c.ScalepointAudiences, func(r rune) bool { return r == ',' || r == ' ' }),
	}
	for _, s := range []struct {
		name, text string
		status     *int
	}{
		{"scalepoint-missing-scope", c.ScalepointMissingScope, &out.MissingScope},
		{"scalepoint-wrong-security-token", c.ScalepointWrongSecurityToken, &out.WrongSecurityToken},
	} {
		if s.text == "" {
			continue
		}
		n, err := strconv.Atoi(s.text)
		if err != nil {
			return out, fault.InField(s.name, "must be a status")
		}
		*s.status = n
	}
	if err := out.Check(); err != nil {
		return out, fault.InField(scalepoint.Name+"-"+fault.FieldOf(err), "%s", fault.Message(err))
	}
	return out, nil
}

// Wolkvox says how the wolkvox dialect is spoken where its reference is silent.
type Wolkvox struct {
	WolkvoxPath         string `group:"dialects" placeholder:"PATH" default:"/server/API/v2" env:"DOSSIER_WOLKVOX_PATH" help:"Path that all paths of the wolkvox API are below."`
	WolkvoxDailyLimit   int    `group:"dialects" placeholder:"N" default:"4800" env:"DOSSIER_WOLKVOX_DAILY_LIMIT" help:"Requests that each wolkvox token may make in a day, which ends at midnight UTC. Each process counts for itself."`
	WolkvoxSimultaneous int    `group:"dialects" placeholder:"N" default:"2" env:"DOSSIER_WOLKVOX_SIMULTANEOUS" help:"Requests that each wolkvox token may make at once. Each process counts for itself."`
	WolkvoxMaxFile      int64  `group:"dialects" placeholder:"BYTES" default:"100000000" env:"DOSSIER_WOLKVOX_MAX_FILE" help:"Size of the largest attachment of a wolkvox case, in bytes."`
	WolkvoxAttachments  string `group:"dialects" enum:"append,replace" default:"append" env:"DOSSIER_WOLKVOX_ATTACHMENTS" help:"What attachments that come with the update of a wolkvox case do to those that came before: ${enum}."`
}

// config is what the settings mean to the dialect.
func (c Wolkvox) config() (wolkvox.Config, error) {
	out := wolkvox.Config{
		Path: c.WolkvoxPath, Daily: c.WolkvoxDailyLimit, Simultaneous: c.WolkvoxSimultaneous, MaxFile: c.WolkvoxMaxFile,
		Replace: c.WolkvoxAttachments == "replace",
	}
	if err := out.Check(); err != nil {
		return out, fault.InField(wolkvox.Name+"-"+fault.FieldOf(err), "%s", fault.Message(err))
	}
	return out, nil
}

// Check returns an Invalid fault for settings that do not make sense, alone or
// together.
func (c *Config) Check() error {
	if err := c.Storage.Check(); err != nil {
		return err
	}
	return c.Server.Check()
}

// Check is Config.Check for what concerns the data.
func (c *Storage) Check() error {
	if c.Data == "" {
		return fault.InField("data", "must name a folder")
	}
	if c.Database != "" {
		if u, err := url.Parse(c.Database); err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
			return fault.InField("database", "must be a URL like postgres://user:password@host/name")
		}
	}
	if !schemaPrefix.MatchString(c.SchemaPrefix) {
		return fault.InField("schema-prefix", "must be 1 to %d of a-z, 0-9 and _, and begin with a letter", maxSchemaPrefix)
	}
	if c.Blobs != "" {
		if u, err := url.Parse(c.Blobs); err != nil || u.Scheme != "s3" || u.Host == "" {
			return fault.InField("blobs", "must be a URL like s3://bucket?endpoint=https://host")
		}
	}
	return nil
}

// Check is Config.Check for what concerns the server.
func (c *Server) Check() error {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fault.InField("listen", "must be an address like 127.0.0.1:8080 or :8080")
	}
	if c.PublicURL != "" {
		u, err := url.Parse(c.PublicURL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
			return fault.InField("public-url", "must be a URL like https://crm.example.com")
		}
	}
	if _, err := c.proxies(); err != nil {
		return err
	}
	if _, err := outbound.Parse(c.AllowTargets); err != nil {
		return fault.InField("allow-targets", "%s", fault.Message(err))
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return fault.InField("tls-cert", "goes together with --tls-key")
	}
	if c.Demo && !c.DemoAllowRemote && !isLoopback(host) {
		return fault.InField("listen", "%s can be reached from other machines, and the demo is not meant for that; "+
			"listen on 127.0.0.1, or add --demo-allow-remote", c.Listen)
	}
	if c.Clamd != "" {
		if _, err := clamd.New(c.Clamd); err != nil {
			return err
		}
	}
	if c.QueryTimeout <= 0 {
		return fault.InField("query-timeout", "must be more than 0")
	}
	if c.MaxConnections <= 0 {
		return fault.InField("max-connections", "must be more than 0")
	}
	if c.SageRate < 0 {
		return fault.InField("sage-rate", "must be 0 or more")
	}
	if _, err := c.Scalepoint.config(); err != nil {
		return err
	}
	if _, err := c.Flowroute.config(); err != nil {
		return err
	}
	if _, err := c.Wolkvox.config(); err != nil {
		return err
	}
	_, err = c.Riskforce.config()
	return err
}

// proxies takes TrustedProxies apart.
func (c *Server) proxies() (all []netip.Prefix, err error) {
	if c.TrustedProxies == "" {
		return nil, nil
	}
	for text := range strings.SplitSeq(c.TrustedProxies, ",") {
		text = strings.TrimSpace(text)
		prefix, err := netip.ParsePrefix(text)
		if addr, bad := netip.ParseAddr(text); bad == nil {
			prefix, err = addr.Prefix(addr.BitLen())
		}
		if err != nil {
			return nil, fault.InField("trusted-proxies", "must be addresses or networks like 10.0.0.1,fd00::/8")
		}
		all = append(all, prefix)
	}
	return all, nil
}

// maxSchemaPrefix leaves room for the longest name of a workspace's data.
const maxSchemaPrefix = 13

var schemaPrefix = regexp.MustCompile(fmt.Sprintf(`^[a-z][a-z0-9_]{0,%d}$`, maxSchemaPrefix-1))

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// path is a file or folder within the data folder.
func (s Storage) path(elem ...string) string {
	return filepath.Join(append([]string{s.Data}, elem...)...)
}

// baseURL is what clients reach the server under, without a slash at the end.
func (s Server) baseURL(addr net.Addr, tls bool) string {
	if s.PublicURL != "" {
		return strings.TrimRight(s.PublicURL, "/")
	}
	scheme := "http"
	if tls {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return fmt.Sprintf("%s://%s", scheme, addr)
	}
	// Listening on all addresses names none; this machine reaches itself.
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return fmt.Sprintf("%s://%s", scheme, net.JoinHostPort(host, port))
}

// Masked returns value as it may be shown: without the password of a URL and
// without query parameters that look like secrets.
func Masked(value string) string {
	if !strings.Contains(value, "://") {
		return value
	}
	u, err := url.Parse(value)
	if err != nil {
		return "(hidden)" // what cannot be taken apart may hold a secret anywhere
	}
	q := u.Query()
	for name := range q {
		if secretName(name) {
			q.Set(name, "xxxxx")
		}
	}
	if len(q) > 0 {
		u.RawQuery = q.Encode()
	}
	return u.Redacted()
}

func secretName(name string) bool {
	name = strings.ToLower(name)
	for _, part := range []string{"password", "passwd", "secret", "token", "key", "signature"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}
