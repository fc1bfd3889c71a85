package wolkvox

import (
	"net/http"

	"github.com/dossier-crm/dossier/internal/dialect"
)

// Operations is what the dialect serves by default, for docs/dialects.
func Operations() []dialect.Operation {
	const (
		limits = "TestLimits"
		broken = "TestBroken"
		table  = "R the code; I when and the text"
	)
	own := func(status int, code, when string) dialect.Answer {
		return dialect.Answer{Status: status, Code: code, When: when, Known: "I"}
	}
	// What every operation answers with.
	common := func(method string, more ...dialect.Answer) []dialect.Answer {
		return append(more, []dialect.Answer{
			{Status: 401, Code: noToken, When: "there is no token, in the header or the body", Known: "R"},
			{Status: 403, Code: badToken, When: "the token is not one of ours, or of another operation", Known: "R"},
			{Status: 400, Code: "SOME PARAMETERS ARE REQUIRED", When: "a parameter is missing or blank; `data.required` names all that are", Known: "R the text"},
			{Status: 405, Code: "METHOD NOT ALLOWED", When: "any method but " + method, Known: table},
		}...)
	}
	writes := func(msg string, more ...dialect.Answer) []dialect.Answer {
		return common("POST", append([]dialect.Answer{
			{Status: 200, Code: msg, When: "all of it is durable; `data.wolkvox_id` is the record's", Known: "R, of an insertion I"},
		}, more...)...)
	}
	files := func(more ...dialect.Answer) []dialect.Answer {
		return append(more,
			dialect.Answer{Status: 412, Code: "needs a solution", When: "the status is a closed one, and the request has no `solution`", Known: "R the rule; I the code"},
			dialect.Answer{Status: 412, Code: "there is no ", When: "there is no such status, priority, type, user or contact, or there are several; the status is not for this type", Known: "R that they must exist; I the code"},
			own(400, `"field":"form"`, "the form is no JSON object, a value is too long, a member comes twice"),
			dialect.Answer{Status: 413, Code: "the file is larger than", When: "an attachment is larger than `--wolkvox-max-file`, or the body than eight of these", Known: "I", Shown: limits},
			dialect.Answer{Status: 417, Code: "infected", When: "an attachment is infected, or cannot be scanned for viruses", Known: "R the code; I when and the text", Shown: "TestInfected"},
			dialect.Answer{Status: 408, Code: "stopped arriving", When: "the body stopped arriving", Known: "I", Shown: broken},
			dialect.Answer{Status: 503, When: "a file cannot be stored or not be scanned now", Known: "K", Shown: broken},
		)
	}
	base64 := own(400, "base64", "an attachment is not base64; the message has its place in the body")
	unknown := dialect.Answer{Status: 404, Code: "NOT FOUND", When: "no record that the token's user sees has the `wolkvox-id`", Known: table}
	listed := func(more ...dialect.Answer) []dialect.Answer {
		return common("POST and GET", append([]dialect.Answer{
			{Status: 200, Code: "records were are found", When: "the query was answered, be there records or none", Known: "R"},
			{Status: 412, Code: `"field":"field"`, When: "there is no such `field`", Known: table},
			{Status: 416, Code: "limit: ", When: "`limit` is not from 1 to 1000", Known: table},
		}, more...)...)
	}
	at := func(path string) string { return DefaultPath + path }
	post := http.MethodPost
	return []dialect.Operation{
		{
			Method: post, Path: at("/cases/insert.php"), What: "makes a case, with files of a form", Known: "R",
			Answers: writes(msgInserted, files()...),
		},
		{
			Method: post, Path: at("/cases/insertAttach.php"), What: "makes a case, with attachments in base64", Known: "R",
			Answers: writes(msgInserted, append(files()[:2:2], base64)...),
		},
		{
			Method: post, Path: at("/cases/update.php"), What: "changes a case, with files of a form", Known: "R",
			Answers: writes(msgUpdated, append(files()[:2:2], unknown)...),
		},
		{
			Method: post, Path: at("/cases/updateCaseAttachment.php"), What: "changes a case, with attachments in base64", Known: "R",
			Answers: writes(msgUpdated, append(files(base64, unknown),
				own(403, "locked", "the case is read-only"),
				own(415, "Content-Encoding", "the body is packed with something other than gzip"))...),
		},
		{
			Method: post, Path: at("/cases/queryCases.php"), What: "finds cases by one of 26 fields", Known: "R the fields and some members of what is found; I the others",
			Answers: listed(),
		},
		{
			Method: post, Path: at("/cases/listHistoryNote.php"), What: "lists what became of the cases that a query finds, the latest first", Known: "R the request; I the answer",
			Answers: listed(),
		},
		{
			Method: post, Path: at("/custom/insert.php"), What: "makes a contact, an account or an opportunity", Known: "R, for modules that the vendor's users make up as well",
			Answers: writes(msgInserted, own(412, "there is no such field", "`fields` has a field that is not there, or a value that it does not take")),
		},
		{
			Method: post, Path: at("/custom/update.php"), What: "changes a contact, an account or an opportunity", Known: "R",
			Answers: writes(msgUpdated, unknown, own(412, "there is no such field", "`fields` has a field that is not there, or a value that it does not take")),
		},
		{
			Method: post, Path: at("/custom/query.php"), What: "finds contacts, accounts or opportunities by one field", Known: "R",
			Answers: listed(own(412, "there is no module", "the module is another one")),
		},
		{
			Method: http.MethodGet, Path: at("/token/tokenInformation.php"), What: "says how many calls the token has made today, this one among them", Known: "R",
			Answers: common("GET",
				dialect.Answer{Status: 200, Code: `"code":"200"`, When: "always", Known: "R"},
				dialect.Answer{Status: 403, Code: "TOKEN LIMIT EXCEEDED", When: "the token has made `--wolkvox-daily-limit` calls today", Known: "R", Shown: limits},
				dialect.Answer{Status: 403, Code: "EXCEEDS THE LIMIT OF SIMULTANEOUS REQUESTS PER TOKEN (2)", When: "`--wolkvox-simultaneous` calls of the token are running", Known: "R", Shown: limits},
				dialect.Answer{Status: 403, Code: "too many", When: "there were too many tokens that are not valid; `Retry-After` says how long to wait", Known: "I", Shown: "TestGuesses"},
			),
		},
		{
			Method: "any", Path: at("/{}/{}"), What: "everything else", Known: "R",
			Answers: []dialect.Answer{{Status: 400, Code: "THE API YOU WANT TO CONSULT DOES NOT EXIST", When: "there is no such operation, `collections/queryGestion.php` among them", Known: "R", Method: post}},
		},
	}
}

// Quirks are the dialect's oddities, and what was chosen where its reference is silent.
func Quirks() []dialect.Quirk {
	return []dialect.Quirk{
		{What: "Every answer is `{code, error, msg, data}`, with the HTTP status as its code; without an error that is the text `\"null\"`. `tokenInformation.php` has the code as a text. `custom/query.php` has `Total records` as well, which a script reads.", Known: "R; I that the HTTP status is the code"},
		{What: "The documented messages are sent as they are, misspelled or not; `data` says more where there is more to say. The error has `data: []`, unless it is `{\"required\": […]}` or `{\"field\": …}`.", Known: "R the messages; I the data"},
		{What: "Of a case that was changed the reference has `Succesfully edit record` in its table and `Succesfully update record` in its sample; we send the latter. What it says of one that was made is not known.", Known: "R; I"},
		{What: "408, 413, 415, 500 and 503 mean what HTTP means by them: the vendor's table does not have them.", Known: "I"},
		{What: "The token may be in the header `Wolkvox-Token` or in the body as `wolkvox-token`; the header counts. In the query of the URL it does not count, where it would get into logs. A body with its token in it may be 2 MiB long, since it has to be read first, and 64 of them are read at once.", Known: "R; I the limits"},
		{What: "`operation` is that of the token, letter case aside. It is required everywhere, and may be in the query of the URL as all parameters but the token may.", Known: "R; I the query"},
		{What: "Calls are counted by each process for itself and from its start, so that several processes allow as many times the limits. A day ends at midnight UTC by the clock of the workspace. A call counts once its token is known to be valid, whatever becomes of it; those beyond a limit do not.", Known: "I"},
		{What: "What only reads is asked for with GET or POST; a GET has a body then.", Known: "R"},
		{What: "Letter case of paths and doubled slashes do not matter; `.php` does.", Known: "R a doubled slash; I"},
		{What: "All operations take JSON, `multipart/form-data` and forms in a URL's coding, the last without files. A body that begins with `{` is JSON whatever its `Content-Type` says, unless it is multipart. Members that are not known are ignored, and their letter case is. Numbers do for texts.", Known: "R that scripts send numbers; I"},
		{What: "In multipart bodies every part with a file name is an attachment, whatever it is called; `file` without one is refused. A file name that is not ASCII may be there as it is, as `filename*`, or in encoded words.", Known: "R `file`; I"},
		{What: "`responsible` and `owner` are users that can log in, by their e-mail address or as `NIC@OPERATION`, as the vendor's names are made (`agent10@module`). Answers have the e-mail address.", Known: "R the names; I"},
		{What: "`contact` is an e-mail address (`email` of the contact, not `email2` and `email3`). The case's account is that of its contact.", Known: "R; I the account"},
		{What: "Types, statuses and priorities are the values of `caseTypes`, `caseStatuses` and `casePriorities`, by their name in any language; answers have the English one, whoever the token's user is. A status may be for some types only. A priority is kept under the name that was sent; where there are no `casePriorities`, any text is one.", Known: "R that they exist; I"},
		{What: "A status that is closed needs a `solution` in the same request; one that the case has already does not count.", Known: "R; I the latter"},
		{What: "`update.php` requires `wolkvox-id`, `case-type`, `responsible`, `status` and `priority`; `updateCaseAttachment.php` `wolkvox-id`, `responsible` and `status`. The pages of the reference disagree on more.", Known: "R; I the choice"},
		{What: "What is blank, `{}` or `[]` in an update leaves the case as it is: scripts send all members of the sample.", Known: "I"},
		{What: "A case and its attachments are written in one transaction: all of it or nothing.", Known: "*ours*"},
		{What: "An attachment in base64 is called `attachment-<n>.<ext>`: numbers go on where those of the case have ended, and the extension is that of the type in `data:<type>;base64,`, or of the contents, or `bin`. Base64 may be of either alphabet, with padding or without. An empty text is no attachment, and `\"\"`, `{}` and `null` are no attachments.", Known: "I"},
		{What: "Attachments may be of any type and 100 MB large (`--wolkvox-max-file`), 100 in a request, which may be as long as eight of the largest. Their names have at most 500 characters; what is dangerous in them is replaced by underscores.", Known: "I"},
		{What: "Attachments are added to those that the case has. With `--wolkvox-attachments replace` those that come with an update take the place of the ones that came by this dialect before; no attachments change nothing.", Known: "R both readings"},
		{What: "`idCase` is the case's number, `idPrefijo` the same behind its prefix; zeros in front may be left out when looking for `idCase`. `contact identification` is `extId`; telephone numbers are the same when their last seven digits are. Names of people and companies, `description` and `solution` contain what is looked for, `%` and `_` as they are; everything else is equal to it, letter case aside. `status` is a name, or `open` or `closed`.", Known: "R the fields; I"},
		{What: "A query finds 1000 records at most, of more the oldest ones; `limit` may ask for fewer in every query.", Known: "R the limit of the history; I"},
		{What: "Cases have no term and no reason here: `case expired` is false, and no `reason` is found. `reopened` are cases that were closed once.", Known: "I"},
		{What: "The history of a case are the changes of its type, status, priority, people, description and solution, and its attachments. The vendor has it for tokens of a company; here it is for all, of the cases that the token's user sees.", Known: "R the latter; I"},
		{What: "The `wolkvox_id` of contacts, accounts and opportunities is their id. Fields have the vendor's names where these are known (`namecontact`, `emailcontact`, `telephonecontact`, `wolkvox_owner` …) and their own everywhere, extra fields included. Objects with a `value` count as the value, references by `value_id` when there is one. A telephone number is kept with the `code` that comes beside its `value`, as `+47 55 01 02 03`, unless it begins with `+` or `00`; its `country` is not kept, and answers have all of it as the `value`.", Known: "R some names; I"},
		{What: "A record without `wolkvox_owner` belongs to the token's user; where it needs a branch, it is that user's first one.", Known: "I"},
		{What: "A record that the token's user does not see is answered as one that is not there.", Known: "*ours*"},
	}
}
