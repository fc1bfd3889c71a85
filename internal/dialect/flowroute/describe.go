package flowroute

import (
	"net/http"

	"github.com/dossier-crm/dossier/internal/dialect"
)

// Operations is what the dialect serves by default, for docs/dialects.
func Operations() []dialect.Operation {
	const (
		get, post, patch = http.MethodGet, http.MethodPost, http.MethodPatch
		s3               = "TestUpload"
		own              = "TestOwnSignature"
	)
	ok := func(code, when, known string) dialect.Answer {
		return dialect.Answer{Status: 200, Code: code, When: when, Known: known}
	}
	bad := func(code, when, known string) dialect.Answer {
		return dialect.Answer{Status: 422, Code: code, When: when, Known: known}
	}
	none := dialect.Answer{Status: 404, Code: "Resource not found", When: "there is nothing with this id that the user sees", Known: "R"}
	xml := func(status int, code, when, known, shown string) dialect.Answer {
		return dialect.Answer{Status: status, Code: code, When: when, Known: known, Shown: shown}
	}
	return []dialect.Operation{
		{Method: post, Path: "/v2/portorders/portability", What: "tells which numbers can be taken over", Known: "R", Answers: []dialect.Answer{
			ok("hypernetwork_enabled", "numbers came, as JSON or as a form", "R; I the form, and which numbers can"),
			bad("numbers", "there are none, or some are not E.164", "R"),
		}},
		{Method: get, Path: "/v2/portorders", What: "lists orders, or with `group_id` and `status` tells how a group fares", Known: "R", Answers: []dialect.Answer{
			ok("portorder_list", "of all orders that the filters leave", "R"),
			ok("portorder_group", "of a group", "R; I its shape"),
			bad("Not a valid datetime.", "a filter, `limit` or `offset` cannot be understood", "R the shape; I the words"),
			none,
			{Status: 401, Code: "Unauthorized", When: "the keys are missing or wrong", Known: "R"},
			{Status: 404, Code: "No Port Orders match this query.", When: "the list is empty, with `--flowroute-empty-list 404`", Known: "R", Shown: "TestEmptyList"},
		}},
		{Method: post, Path: "/v2/portorders", What: "makes a group of orders, one for each carrier", Known: "R", Answers: []dialect.Answer{
			{Status: 201, Code: "portorder_group", When: "all of them are durable", Known: "I"},
			bad("Missing data for required field.", "attributes are missing or wrong: each is named", "R"),
			{Status: 400, Code: "Bad Request", When: "the body is not a JSON object", Known: "R"},
			{Status: 415, Code: "Unsupported Media Type", When: "the body is said not to be JSON", Known: "R"},
		}},
		{Method: get, Path: "/v2/portorders/{}", What: "shows all of an order", Known: "R", Answers: []dialect.Answer{
			ok("billing_address", "the user sees it", "R"), none,
			{Status: 405, Code: "Method Not Allowed", When: "any other method than GET and PATCH", Known: "R"},
		}},
		{Method: patch, Path: "/v2/portorders/{}", What: "changes details, while pending or rejected, and presets; or cancels", Known: "R", Answers: []dialect.Answer{
			ok("billing_address", "it is changed", "R"),
			bad("Must be equal to portorder.", "`data.type` is missing", "R"),
			bad("this one is", "the order is in another state", "R the states; I the status and words"),
		}},
		{Method: get, Path: "/v2/portorders/{}/status", What: "shows the status of an order", Known: "R", Answers: []dialect.Answer{ok("status_updated_at", "the user sees it", "R"), none}},
		{Method: patch, Path: "/v2/portorders/{}/status", What: "cancels: a pending order is cancelled, a rejected one abandoned", Known: "R", Answers: []dialect.Answer{
			ok("cancelled", "it is", "R"), bad("can be cancelled while", "it is neither pending nor rejected", "R; I the words"),
		}},
		{Method: patch, Path: "/v2/portorders/{}/relationships/numbers", What: "adds and removes numbers of a pending order", Known: "R", Answers: []dialect.Answer{
			ok("numbers", "they are", "R"), bad("is not a number of", "a number to remove is not there", "I"), bad("can be changed while it is pending", "the order is not pending", "R; I the words"),
		}},
		{Method: post, Path: "/v2/portorders/{}/numbers", What: "adds numbers to a group: to its pending order of their carrier, or to a new one", Known: "R; I where they go", Answers: []dialect.Answer{ok("portorder_group", "they are", "R")}},
		{Method: http.MethodDelete, Path: "/v2/portorders/{}/presets/{}", What: "takes a preset away", Known: "R", Answers: []dialect.Answer{ok("presets", "it is", "R"), none}},
		{Method: http.MethodDelete, Path: "/v2/portorders/{}/preset/{}", What: "the same", Known: "R", Answers: []dialect.Answer{ok("presets", "it is", "R")}},
		{Method: get, Path: "/v2/portorders/{}/loa", What: "shows the letter of authorisation", Known: "R; I its shape", Answers: []dialect.Answer{ok("signed_at", "the user sees the order", "I")}},
		{Method: post, Path: "/v2/portorders/{}/loa", What: "signs it", Known: "R", Answers: []dialect.Answer{
			{Status: 201, When: "it is signed; the body is empty", Known: "R"}, bad("Missing data", "name or title is missing", "R"),
		}},
		{Method: post, Path: "/v2/portorders/{}/files", What: "has a file fetched from a URL", Known: "R", Answers: []dialect.Answer{
			ok(`"status":"pending"`, "it is going to be", "R"), bad("not a public address", "the server does not go there", "*ours*"),
			bad("Files can be added", "the order is neither pending nor rejected", "R; I the words"),
		}},
		{Method: post, Path: "/v2/portorders/{}/upload_file", What: "gives a URL that takes the bytes of a file", Known: "R", Answers: []dialect.Answer{
			ok("portorder-file-url", "always", "R"), bad("Missing data", "`filename` is missing", "R"), bad("Files can be added", "the order is neither pending nor rejected", "R; I the words"),
		}},
		{Method: get, Path: "/v2/portorders/{}/files/{}", What: "shows the status of a file, and once it is complete a URL to get it", Known: "R", Answers: []dialect.Answer{
			ok(`"type":"portorder-file"}`, "it is not there yet", "I"), ok("portorder-file-url", "it is", "R"), none,
		}},
		{Method: http.MethodPut, Path: UploadPrefix + "{}/{}/{}/{}", What: "takes the bytes of a file, as S3 does", Known: "R", Answers: []dialect.Answer{
			xml(200, "", "they are durable and a document of the order; `ETag` is their MD5, the body is empty", "R", s3),
			xml(403, "AccessDenied", "the URL has expired, parameters lack, or the type is not the file's", "R", ""),
			xml(403, "InvalidAccessKeyId", "there is no such key", "K", ""),
			xml(403, "SignatureDoesNotMatch", "the URL or the signed Content-Type was changed", "R", s3),
			xml(400, "EntityTooLarge", "the file is larger than `--flowroute-max-file`", "R", s3),
			xml(400, "BadDigest", "the bytes do not have the Content-MD5 that was sent", "R", own),
			xml(400, "InvalidDigest", "the Content-MD5 is none", "K", own),
			xml(400, "InvalidToken", "the `x-amz-security-token` is not that of the path", "K", own),
			xml(404, "NoSuchKey", "no file is awaited at this path", "K", own),
		}},
		{Method: "any", Path: "/v2/{}", What: "everything else", Known: "R", Answers: []dialect.Answer{
			{Status: 404, Code: `"status":"404 Not Found: `, When: "there is no such path", Known: "R", Method: get},
		}},
	}
}

// Quirks are the dialect's oddities, and what was chosen where its reference is silent.
func Quirks() []dialect.Quirk {
	return []dialect.Quirk{
		{What: "An order is split into numbers free of charge and all others: whose carrier a number is cannot be known here.", Known: "I; R that it is split by carrier"},
		{What: "`usage_type` and `zip` are required.", Known: "I"},
		{What: "Numbers are kept and shown in E.164 with a plus; ten digits are a number of North America.", Known: "I"},
		{What: "What the state of an order does not allow is 422.", Known: "I"},
		{What: "`cancelled` and `canceled` are the same, and shown as `cancelled`.", Known: "R both; I which"},
		{What: "An order that was never changed counts as modified when it was created.", Known: "I"},
		{What: "`order` in a list is the id of an order, `completion_date` the day that was asked for.", Known: "I"},
		{What: "Upload URLs are signed with the client's own keys, by version 2 of S3's query authentication unless `--flowroute-signature 4`; both are taken. They may be used until they expire, and the last upload counts. `x-amz-security-token` binds them to their path.", Known: "R; I the token"},
		{What: "Files of an order that came by other dialects have ids that begin with `document-`.", Known: "*ours*"},
		{What: "A `status_url` is told of each change at least once, for a day until it answers with 2xx; a change that is told again may come after a later one, and `at` says when it was.", Known: "R the body; I the rest"},
		{What: "Files at URLs are fetched once, and are from the client that named the URL; what fails is `error`. URLs that do not lead to public addresses are refused, redirects included.", Known: "I"},
		{What: "A file that waits for its scan in quarantine is `processing`; one that is found infected there is `error`.", Known: "I"},
	}
}
