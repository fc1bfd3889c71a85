package document

import (
	"slices"
	"strings"
)

// family are types that contents of files with one of some extensions have, as far
// as it can be told: those by which a beginning is recognized, and those that clients
// give, which are IANA's and what Windows has registered.
type family struct{ extensions, types string }

// families are the extensions that say something about the contents. The beginning
// of an office document shows at times no more than what it is packed in.
var families = []family{
	{"pdf", "application/pdf"},
	{"png", "image/png image/vnd.mozilla.apng"}, {"jpg jpeg jfif", "image/jpeg"}, {"gif", "image/gif"}, {"bmp", "image/bmp"},
	{"tif tiff", "image/tiff"}, {"webp", "image/webp"}, {"ico", "image/x-icon image/vnd.microsoft.icon"}, {"svg", "image/svg+xml"},
	{"heic heif", "image/heic image/heic-sequence image/heif image/heif-sequence"},
	{"txt csv log md json", "text/plain text/csv text/tab-separated-values text/rtf text/xml application/json application/x-ndjson"},
	{"eml", "text/plain message/rfc822"}, {"xml", "text/xml application/xml text/plain"}, {"rtf", "text/rtf application/rtf text/plain"}, {"html htm", "text/html text/plain"},
	{"doc xls ppt msg", "application/x-ole-storage application/msword application/vnd.ms-excel application/vnd.ms-powerpoint application/vnd.ms-outlook text/rtf"},
	{"docx", "application/zip application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
	{"xlsx", "application/zip application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
	{"pptx", "application/zip application/vnd.openxmlformats-officedocument.presentationml.presentation"},
	{"odt", "application/zip application/vnd.oasis.opendocument.text"},
	{"ods", "application/zip application/vnd.oasis.opendocument.spreadsheet"},
	{"odp", "application/zip application/vnd.oasis.opendocument.presentation"},
	{"zip", "application/zip application/x-zip-compressed"}, {"gz", "application/gzip"}, {"7z", "application/x-7z-compressed"}, {"rar", "application/x-rar-compressed application/vnd.rar"},
	{"mp3", "audio/mpeg"}, {"wav", "audio/wav audio/x-wav"}, {"ogg", "audio/ogg video/ogg application/ogg"}, {"m4a", "audio/x-m4a audio/mp4"},
	{"mp4 m4v mov", "video/mp4 video/x-m4v video/quicktime"}, {"avi", "video/x-msvideo"}, {"webm", "video/webm video/x-matroska"},
}

// Contradicts reports whether files with an extension, in any case and without its
// dot, do not have a media type, as far as it can be told. Parameters of the type do
// not count.
func Contradicts(extension, mediaType string) bool {
	kind, _, _ := strings.Cut(mediaType, ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	for _, f := range families {
		if slices.Contains(strings.Fields(f.extensions), strings.ToLower(extension)) {
			return !slices.Contains(strings.Fields(f.types), kind)
		}
	}
	return false
}
