package scalepoint

import (
	"net/http"
	"strings"

	"github.com/dossier-crm/dossier/internal/dialect"
)

// Operations is what the dialect serves by default, for docs/dialects.
func Operations() []dialect.Operation {
	const (
		get, post = http.MethodGet, http.MethodPost
		limits    = "TestLimits"
		broken    = "TestBroken"
		signed    = "TestAssertions"
		deletion  = "TestDeletion"
	)
	// The same everywhere behind a token.
	guarded := func(scope string, more ...dialect.Answer) []dialect.Answer {
		return append(more,
			dialect.Answer{Status: 401, When: "there is no token, or none that counts; `WWW-Authenticate` begins with `Bearer`, the body is empty", Known: "R the status; I the body"},
			dialect.Answer{Status: 403, When: "the token has not the scope `" + scope + "`, with `--scalepoint-missing-scope 403`; the body is empty", Known: "I"},
		)
	}
	generic := func(status int, text, when, known string) dialect.Answer {
		return dialect.Answer{Status: status, Code: text, When: when, Known: known}
	}
	shown := func(a dialect.Answer, by string) dialect.Answer { a.Shown = by; return a }
	files := func(path, word string, unknown, refused dialect.Answer) dialect.Operation {
		return dialect.Operation{
			Method: post, Path: DefaultBase + path, What: "adds files to " + word, Known: "R",
			Answers: guarded(ScopeFiles,
				generic(200, `"success":true`, "all files are durable and documents of the record", "R"),
				refused, unknown,
				generic(404, typeNoUser, "no active user of the workspace has the `userEmail`", "R"),
				generic(401, "", "the `securityToken` is not the client's, with `--scalepoint-wrong-security-token 401`", "I"),
				shown(generic(400, "securityToken is not ok", "the same, with `--scalepoint-wrong-security-token 400`", "I"), "TestSettings"),
				generic(400, "is required", "a member is missing or empty; it is named", "I"),
				generic(400, "the client works for", "the `insuranceCompanyAlias` is not the client's", "I"),
				generic(400, "base64", "the contents of a file are not base64; the place is named", "R that only base64 is accepted; I the status"),
				generic(400, "is a JSON", "a member is not of its type", "I"),
				generic(400, "the JSON ends too early", "the body is not JSON, or ends early", "I"),
				generic(400, "at most 500 are allowed", "a name is longer than 500 characters", "R the limit; I the status"),
				generic(415, "the file extension is not allowed", "the extension of a file is not on the list", "R"),
				shown(generic(415, "have another type", "the `contentType` contradicts the extension, with `--scalepoint-content-types check`", "I"), "TestSettings"),
				generic(415, "Content-Type header must be", "the body is said not to be JSON", "R that it must be; I the status"),
				generic(415, "Content-Encoding", "the body is packed with something other than gzip", "*ours*"),
				shown(generic(413, "is larger than", "a file is larger than 100 MB (`--scalepoint-max-file`), or the body than 14 such", "R the first; I the second"), limits),
				shown(generic(400, typeGeneric, "a file is infected, or cannot be scanned for viruses", "I"), "TestInfected"),
				shown(generic(408, typeGeneric, "the body stopped arriving", "I"), broken),
				shown(generic(503, typeGeneric, "files cannot be stored or not be scanned now", "I"), broken),
				shown(generic(500, typeGeneric, "anything else", "R, but that the technical details are in our log"), broken),
				dialect.Answer{Status: 405, When: "any method but POST", Known: "K"},
			),
		}
	}
	created := `"caseToken":"b.`
	notice := guarded(ScopeFiles,
		generic(200, created, "the case is there with all of its attachments", "I"),
		generic(400, "company in the query", "`company` is missing or not the client's", "I"),
		generic(400, "exactly one makes the case", "there is no part of type `"+noticeType+"`", "R that there is one; I the status"),
		generic(400, "comes twice", "there are two of them", "R that there is one; I the status"),
		generic(400, "is not ok", "the part is no JSON object, or a member is not of its type", "I"),
		generic(400, "is required", "an attachment has no file name, or is empty", "I"),
		generic(415, "the file extension is not allowed", "the extension of an attachment is not on the list", "I"),
		generic(415, "Content-Type header must be", "the body is said not to be multipart/form-data", "I"),
		generic(409, "there is such a case already", "the `caseNumber` is taken", "I"),
		shown(generic(413, "is larger than", "an attachment is larger than 100 MB", "I"), limits),
		dialect.Answer{Status: 405, When: "any method but POST", Known: "K"},
	)
	read := func(path, by string) dialect.Operation {
		return dialect.Operation{
			Method: get, Path: path, What: "shows the case with this " + by, Known: "R",
			Answers: guarded(ScopeRead,
				generic(200, `"closed":`, "the client's user sees it, and it is of the client's insurance company", "I the shape"),
				generic(404, typeNoCase, "there is no such case", "I"),
			),
		}
	}
	token := func(status int, code, when, known string) dialect.Answer {
		return dialect.Answer{Status: status, Code: code, When: when, Known: known}
	}
	return []dialect.Operation{
		{Method: post, Path: TokenPath, What: "gives a token: for a client's secret, or for an assertion that it signed (`private_key_jwt`)", Known: "R", Answers: []dialect.Answer{
			token(200, `"token_type":"Bearer"`, "the client is who it says, and has the scopes", "R; K the order of the members"),
			shown(token(200, "access_token", "the same, with assertions as the vendor's libraries for Java and .NET send them", "R"), signed),
			token(400, "the client is not known, or its secret is wrong", "`invalid_client`: there is no such client, or its secret is wrong", "R the code"),
			token(400, "client_assertion is no JWT", "`invalid_client`: the assertion is not signed with RS256", "R; I the words"),
			token(400, "client_assertion is not signed by", "`invalid_client`: nor with a certificate of the client's", "R; I the words"),
			shown(token(400, "client_assertion was used before", "`invalid_client`: the same assertion came before", "I"), signed),
			shown(token(400, "client_assertion is not for this server", "`invalid_client`: for another audience", "R; I the words"), signed),
			shown(token(400, "client_assertion has expired", "`invalid_client`: or its time is over, or not yet come", "R; I the words"), signed),
			token(400, "invalid_scope", "a scope that the client does not have", "R"),
			token(400, "unsupported_grant_type", "another `grant_type`", "R"),
			token(400, "invalid_request", "a parameter comes twice, the form is malformed or too long, there are two ways of authentication", "R the code"),
			token(400, "target has to", "`invalid_request`: the second grant names no `target`", "I"),
			token(429, "temporarily_unavailable", "there were too many bad secrets; `Retry-After` says how long", "*ours*"),
			{Status: 400, Code: "send a POST", When: "the method is not POST", Known: "I", Method: get},
		}},
		files("/file/submitForCase", "an open case",
			generic(404, typeNoCase, "no case that the client's user sees, of the client's insurance company, has the id", "R"),
			generic(400, typeClosed, "the case is closed", "R")),
		files("/file/submitForDamageNotification", "a damage notification",
			generic(404, typeNoDamage, "no damage notification that the client's user sees, of the client's insurance company, has the id", "R"),
			generic(400, typeMerged, "it is merged to a case", "R")),
		{Method: post, Path: DefaultBase + "/fnol/submit", What: "makes a case of a first notice of loss, with its attachments", Known: "R; I the answer", Answers: notice},
		{Method: post, Path: "/api/integration/{}/{}/{}/case", What: "makes a case (unified case creation)", Known: "R; I the answer", Answers: guarded(ScopeCases,
			generic(200, created, "it is there", "I"),
			generic(400, "is required", "`company`, `caseType`, `caseNumber` or `policy.number` is missing", "R the smallest body; I the rest"),
			generic(400, "is not ok", "the body is no JSON object, or a member is not of its type", "I"),
			generic(409, "there is such a case already", "the `caseNumber` is taken", "I"),
			generic(415, "Content-Type header must be", "the body is said not to be JSON", "I"),
			dialect.Answer{Status: 405, When: "any method but POST", Known: "K"},
		)},
		read("/api/integration/data/{}/{}/{}/case/{}", "token, `b.` and its GUID"),
		read("/api/integration/data/{}/{}/{}/{}/{}", "number"),
		read("/api/integration/data/{}/{}/{}/case/{}/{}", "number, too"),
		{Method: http.MethodDelete, Path: "/ecx/{}/api/integration/v1/case", What: "deletes a case, or with `execute` false tells whether there is one", Known: "R", Answers: guarded(ScopeDelete,
			shown(generic(200, `"found"`, "always: `found` and `deleted` say what became of it", "R"), deletion),
			shown(generic(400, "is not ok", "the body cannot be understood", "R the status"), deletion),
			dialect.Answer{Status: 405, When: "any method but DELETE", Known: "K"},
		)},
		{Method: "any", Path: "/api/integration/{}", What: "everything else", Known: "K", Answers: []dialect.Answer{
			{Status: 404, Code: "nothing at this address", When: "there is no such path", Known: "K", Method: get},
		}},
	}
}

// Quirks are the dialect's oddities, and what was chosen where its reference is silent.
func Quirks() []dialect.Quirk {
	return []dialect.Quirk{
		{What: "Assertions are signed with RS256 and nothing else. The client is who `iss` and `sub` name; a `client_id` is not needed, and has to be the same. The certificate is found by `x5t` or `kid`, as base64url or as hexadecimal digits of either case of its SHA-1; where neither is there, any of the client's that is valid today. `aud` may be a text or a list.", Known: "R; I without x5t and kid"},
		{What: "The clock of a client may be off by a minute, an assertion may expire 10 minutes ahead, and counts once: by its `jti`, in all processes on one database.", Known: "I"},
		{What: "`aud` has to be `/connect/token` below the public URL, or one of `--scalepoint-audiences`: clients sign for the URL that they are configured with.", Known: "R; I the setting"},
		{What: "Without `scope` a token has all that the client has. A token lasts for an hour, or `--scalepoint-token-life`, by the clock of the workspace.", Known: "K IdentityServer"},
		{What: "A token of the grant `resource-scoped-access` is for the one case or damage notification that `target` names, by its GUID, its token or its number, and makes no cases. `tenantId` and `amr` are not looked at.", Known: "R the grant; I what it means"},
		{What: "Paths begin with `" + DefaultBase + "`, or what `--scalepoint-base` says. Letter case, a slash at the end and doubled slashes do not matter.", Known: "R; K ASP.NET"},
		{What: "What is checked, in this order: token, scope, `Content-Type`, the body with its files, `securityToken`, members that are missing, `insuranceCompanyAlias`, `userEmail`, each file's name, the record, its state, viruses. Nothing is stored unless all of it is right.", Known: "I"},
		{What: "Names of members, and of parameters of the query, are known in any letter case, and unknown ones are skipped.", Known: "I, from the vendor's platform"},
		{What: "The extension that counts is the last one, in any case. The list of audio files is printed without dots; they have them. `contentType` has to be there, and is not compared unless `--scalepoint-content-types check`.", Known: "R; I"},
		{What: "100 MB are 100,000,000 bytes of the decoded file, or `--scalepoint-max-file`; a body may be 14 times as long, and have 100 files.", Known: "R; I"},
		{What: "A record that names another insurance company than the client's is answered as one that is not there; one that names none is everybody's.", Known: "I"},
		{What: "A file is from the user whom `userEmail` names, and from the client besides; a document's `userId` and `salesRepIdCreated` say so. Its id in the answer is its `extId` in the Sage dialect.", Known: "R the first; *ours* the rest"},
		{What: "`isRestricted` counts for cases alone. Who then sees the document: level 5, whom it is from, and the owner and the responsible user of the case.", Known: "R; I who they are"},
		{What: "With the merge of a damage notification to a case, by whatever dialect, its files are among those of the case, too: restricted to nobody, and seen by those who see both. So are files that come to it later; here they are refused. When it is merged to another case, or open again, they follow.", Known: "R that they are public and what is refused; I the rest"},
		{What: "A case is made in the first open status, of the type that its `caseType` names in any language or by its prefix, or of the first type; for the client's insurance company; its owner is the client's user. The whole payload is kept as its `form`. Attachments are for everybody who sees the case.", Known: "I"},
		{What: "Country, tenant and version in paths, and the company that a payload names, are not compared with anything: the key says which workspace and insurance company it is. Numbers of cases are unique, whatever their type.", Known: "I"},
		{What: "A deleted case stays, marked as such. There are neither business hours (503) nor a limit of requests (429).", Known: "I; R that the vendor has them"},
		{What: "Refusals have no error type where the reference has none: 401 and 403 are empty. All others that it does not list are `GenericError`.", Known: "R; I"},
		{What: "Types of files that are taken: " + strings.Join(extensions(), ", ") + ".", Known: "R"},
	}
}
