package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// presigner makes the query of presigned S3 requests, AWS Signature Version 4.
type presigner struct {
	host, region, access, secret string
}

// query signs a request for path, of which the body is not signed. path holds
// nothing that needs escaping.
func (s presigner) query(method, path string, now time.Time, life time.Duration) string {
	stamp := now.UTC().Format("20060102T150405Z")
	scope := stamp[:8] + "/" + s.region + "/s3/aws4_request"
	query := "X-Amz-Algorithm=AWS4-HMAC-SHA256" +
		"&X-Amz-Credential=" + url.QueryEscape(s.access+"/"+scope) +
		"&X-Amz-Date=" + stamp +
		fmt.Sprintf("&X-Amz-Expires=%d", int(life.Seconds())) +
		"&X-Amz-SignedHeaders=host"
	request := strings.Join([]string{method, path, query, "host:" + s.host, "", "host", "UNSIGNED-PAYLOAD"}, "\n")
	hash := sha256.Sum256([]byte(request))
	text := strings.Join([]string{"AWS4-HMAC-SHA256", stamp, scope, hex.EncodeToString(hash[:])}, "\n")
	key := []byte("AWS4" + s.secret)
	for _, part := range []string{stamp[:8], s.region, "s3", "aws4_request", text} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	return query + "&X-Amz-Signature=" + hex.EncodeToString(key)
}
