package riskforce

import (
	"net/http"

	"github.com/dossier-crm/dossier/internal/dialect"
)

// Operations is what the dialect serves by default, for docs/dialects.
func Operations() []dialect.Operation {
	const (
		limits = "TestLimits"
		broken = "TestBroken"
	)
	own := func(status int, code, when string) dialect.Answer {
		return dialect.Answer{Status: status, Code: code, When: when, Known: "I"}
	}
	upload := func(path string, t target, known string) dialect.Operation {
		return dialect.Operation{
			Method: http.MethodPost, Path: path, Known: known,
			What: "adds a file to the " + t.word + " with this `" + t.member + "`",
			Answers: []dialect.Answer{
				{Status: 200, Code: "added successfully to " + t.word, When: "the file is durable and a document of the record", Known: "R the text; K the header"},
				{Status: 401, Code: "INVALID_SESSION_ID", When: "there is no session: none sent, another dialect's, ended", Known: "R restforce's fixtures"},
				{Status: 405, Code: "METHOD_NOT_ALLOWED", When: "any method but POST", Known: "R, of the standard REST API"},
				{Status: 415, Code: "UNSUPPORTED_MEDIA_TYPE", When: "the body is not JSON, or packed with something other than gzip", Known: "K; R that multipart is not taken"},
				{Status: 400, Code: "Unexpected parameter encountered during deserialization", When: "a member that the method does not have", Known: "R salesforce.stackexchange 111321"},
				{Status: 400, Code: "JSON_PARSER_ERROR", When: "the body is not JSON, a member comes twice, the file is not base64", Known: "K"},
				own(400, "REQUIRED_FIELD_MISSING", "the number, the name or the contents of the file are missing or empty"),
				own(400, "FILE_EXTENSION_NOT_ALLOWED", "the type of the file is not one of the eight"),
				own(400, "STRING_TOO_LONG", "the file's name has more than 500 characters, its key more than 255"),
				{Status: 404, Code: t.unknown, When: "no " + t.word + " that the user sees has the number", Known: "I"},
				{Status: 400, Code: "FILE_SIZE_LIMIT_EXCEEDED", When: "the file is larger than 4,300,000 bytes, with `--riskforce-too-large 400`", Known: "I", Shown: limits},
				{Status: 413, Code: "FILE_SIZE_LIMIT_EXCEEDED", When: "the same, with `--riskforce-too-large 413`", Known: "I; R restforce knows 413", Shown: limits},
				{Status: 500, Code: "APEX_ERROR", When: "the same, with `--riskforce-too-large 500`", Known: "R the text; K code and status", Shown: limits},
				own(400, "FIELD_INTEGRITY_EXCEPTION", "the key has characters that cannot be kept"),
				{Status: 400, Code: "FILE_REFUSED", When: "the file is infected, or cannot be scanned for viruses", Known: "I", Shown: "TestInfected"},
				{Status: 408, Code: "REQUEST_TIMEOUT", When: "the body stopped arriving", Known: "I", Shown: broken},
				{Status: 503, Code: "SERVER_UNAVAILABLE", When: "the file cannot be stored or not be scanned now", Known: "K", Shown: broken},
			},
		}
	}
	return []dialect.Operation{
		{
			Method: http.MethodPost, Path: TokenPath, What: "exchanges client and user for a session (OAuth 2.0, username-password flow)", Known: "R",
			Answers: []dialect.Answer{
				{Status: 200, Code: `"token_type":"Bearer"`, When: "all four are right", Known: "R"},
				{Status: 400, Code: "invalid_client_id", When: "there is no such client", Known: "R the code; K the text"},
				{Status: 400, Code: `"invalid_client"`, When: "the `client_secret` is wrong", Known: "R the code; K the text"},
				{Status: 400, Code: "invalid_grant", When: "`username` or `password` is wrong", Known: "R"},
				{Status: 400, Code: "inactive_user", When: "the client's user cannot log in any more", Known: "R the code; K the text"},
				{Status: 400, Code: "unsupported_grant_type", When: "the `grant_type` is not `password`, or missing", Known: "R the code; K the text"},
				{Status: 400, Code: "invalid_request", When: "a parameter is missing or comes twice, the form is malformed or too long", Known: "R the code"},
				{Status: 400, Code: "must use HTTP POST", When: "the method is not POST", Known: "K", Method: http.MethodGet},
				{Status: 400, Code: "rate_limit_exceeded", When: "there were too many bad logins; `Retry-After` says how long", Known: "R the code"},
			},
		},
		{
			Method: http.MethodPost, Path: RevokePath, What: "ends the session whose id is the `token`; with GET as well", Known: "R Salesforce, \"Revoking OAuth Tokens\"",
			Answers: []dialect.Answer{
				{Status: 200, When: "the session is no good any more, for good; the body is empty", Known: "R"},
				{Status: 200, When: "the same, with the `token` in the query", Known: "R Salesforce's blog of 2011", Method: http.MethodGet},
				{Status: 400, Code: "error=invalid_token", When: "there is no such session, or it has ended", Known: "R the code; K the text"},
				{Status: 400, Code: "error=unsupported_token_type", When: "the `token` is missing, or nothing that could be the id of a session", Known: "R omniphx/forrest issue 213; I when"},
				{Status: 400, Code: "error=invalid_request", When: "a parameter comes twice, the form is malformed or too long, the method is another one", Known: "I"},
			},
		},
		upload(DefaultOpportunityPath, opportunities, "R, its name I"),
		upload(DefaultCasePath, cases, "R, its name I"),
		{
			Method: "any", Path: "/services/{}/{}", What: "everything else of Salesforce", Known: "R",
			Answers: []dialect.Answer{
				{Status: 404, Code: `"NOT_FOUND"`, When: "there is a session", Known: "R", Method: http.MethodPost},
				{Status: 401, Code: "INVALID_SESSION_ID", When: "there is none", Known: "R", Method: http.MethodGet},
			},
		},
	}
}

// Quirks are the dialect's oddities, and what was chosen where its reference is silent.
func Quirks() []dialect.Quirk {
	return []dialect.Quirk{
		{What: "The paths of the uploads are `" + DefaultOpportunityPath + "` and `" + DefaultCasePath + "` unless `--riskforce-opportunity-path` and `--riskforce-case-path` say otherwise: of the vendor's only `/services/apexrest/Opportuni` is known.", Known: "I"},
		{What: "Letter case of a path, a slash at its end and doubled slashes do not matter.", Known: "I; K that clients double them"},
		{What: "4.3 MB are 4,300,000 bytes of the decoded file: in base64 that stays below the 6 MB of heap that Apex has, and 4.3 MiB would not.", Known: "I"},
		{What: "Base64 may be of either alphabet, with padding or without; bits of no use in its last character are ignored, as the reference's own sample has some. Anything else that is not base64 is refused with its place.", Known: "V the sample; I"},
		{What: "Names of members are known in any case of their letters; numbers do for texts; one that is null counts as missing.", Known: "K; I the first"},
		{What: "The column of an unknown member counts to where Salesforce's reader stands in compact JSON.", Known: "R one message; I the rest"},
		{What: "A number that belongs to a record which the key's user does not see is answered as one that nobody has.", Known: "*ours*"},
		{What: "The answer calls an opportunity by its account's name, as the sample does, or by its own when there is none to be seen; a case by its number.", Known: "R the sample; I"},
		{What: "A file becomes a document of the record, with its `key`, the dialect and the client's id, in the Sage lists too. Uploading again adds another.", Known: "*ours*"},
		{What: "The name in the answer is the name as it is kept: what is dangerous in it is replaced by underscores.", Known: "*ours*"},
		{What: "A session ends when it is revoked, its key is deleted, its user deactivated, or `--riskforce-token-life` is over; a new login leaves the former ones, and so does the end of another.", Known: "R the first; I"},
		{What: "Errors of `" + RevokePath + "` are forms, `error=…&error_description=…`, and not JSON as those of the token endpoint. Nobody has to log in to revoke a session, and `callback`, for JSONP, is ignored.", Known: "R omniphx/forrest issue 213, jsforce reads them so; I the latter"},
		{What: "A session id may stand behind `Bearer` or `OAuth`, and begins with the 15 characters of the organization's id, which stands for the workspace.", Known: "R; K `OAuth`"},
		{What: "Parameters of a token request may come in any order, in the form or in the query; `scope` and what else there is are ignored. The client's id and secret may stand in the header instead, as HTTP Basic authentication.", Known: "K; R `scope`"},
		{What: "`issued_at` is in milliseconds, by the clock of the workspace.", Known: "R the samples, against the words"},
		{What: "With `--riskforce-failures text` what is refused with a code of ours (`I` above) gets status 200 and the message as a JSON string, as from a method that catches its exceptions. Files that are too large keep their status.", Known: "I"},
	}
}
