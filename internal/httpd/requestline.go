package httpd

import (
	"bytes"
	"io"
	"strconv"
)

// maxRequestLine is how much of a request line is looked at before it is passed
// on as it is, in bytes. net/http refuses longer ones anyway.
const maxRequestLine = 32 << 10

// requestLines mends the request lines of one HTTP/1 connection: clients that do
// not encode their URLs send
//
//	GET /api/v4/accounts?where=name LIKE 'A%' HTTP/1.1
//
// which net/http refuses for its spaces, so they become %20 before it sees them.
// To touch nothing but request lines it follows the framing of the requests:
// headers, bodies of known length and chunked bodies pass through unchanged. From
// anything on that it does not understand, or that net/http could understand in
// another way, it passes everything through.
type requestLines struct {
	state   lineState
	out     []byte // mended bytes that did not fit the caller's buffer
	line    []byte // the line that is being read: held back (request line) or noted (others)
	cut     bool   // line is the beginning of a noted line that is longer
	http11  bool   // by the request line; chunks are only there
	body    int64  // bytes of body or chunk still to come
	length  int64  // of the body, from the headers
	chunked bool
}

type lineState uint8

const (
	inRequestLine lineState = iota
	inHeaders
	inBody
	inChunkSize
	inChunk
	inTrailers
	passThrough
)

// read reads from src as its Read would, with mended request lines.
func (l *requestLines) read(src io.Reader, p []byte) (int, error) {
	for len(l.out) == 0 {
		n, err := src.Read(p)
		if n > 0 && l.follow(p[:n]) {
			return n, err // unchanged
		}
		if err == io.EOF && l.state == inRequestLine {
			l.out, l.line = append(l.out, l.line...), nil
		}
		if err != nil || n == 0 {
			n = copy(p, l.out)
			l.out = l.out[n:]
			return n, err
		}
	}
	n := copy(p, l.out)
	if l.out = l.out[n:]; len(l.out) == 0 {
		l.out = nil
	}
	return n, nil
}

// follow moves along with data. It reports true when data can be passed on as it
// is, and otherwise puts what is to be passed on into l.out.
func (l *requestLines) follow(data []byte) (same bool) {
	switch {
	case l.state == passThrough:
		return true
	case (l.state == inBody || l.state == inChunk) && int64(len(data)) < l.body:
		l.body -= int64(len(data))
		return true
	}
	same = true
	start := 0 // of what is not yet in l.out
	for i := 0; i < len(data); {
		switch l.state {
		case inBody, inChunk:
			n := min(int64(len(data)-i), l.body)
			i += int(n)
			if l.body -= n; l.body == 0 {
				if l.state == inChunk {
					l.state = inChunkSize
				} else {
					l.state = inRequestLine
				}
			}
		case passThrough:
			i = len(data)
		default:
			end := bytes.IndexByte(data[i:], '\n')
			whole := end >= 0
			piece := data[i:]
			if whole {
				piece = data[i : i+end+1]
			}
			if l.state != inRequestLine {
				l.note(piece, whole)
				i += len(piece)
				continue
			}
			if whole && len(l.line) == 0 && bytes.Count(piece, []byte(" ")) <= 2 {
				// The usual case: one line in one piece with nothing to mend.
				l.requestLine(piece)
				i += len(piece)
				continue
			}
			if same {
				same = false
				l.out = nil
			}
			l.out = append(l.out, data[start:i]...)
			l.line = append(l.line, piece...)
			i += len(piece)
			start = i
			if !whole && len(l.line) <= maxRequestLine {
				continue
			}
			mended := mend(l.line)
			l.out = append(l.out, mended...)
			l.requestLine(mended)
			if !whole {
				l.state = passThrough
			}
			l.line = nil
		}
	}
	if !same {
		l.out = append(l.out, data[start:]...)
	}
	return same
}

// requestLine starts a request, unless the line is one of the empty lines that
// may stand in front of it.
func (l *requestLines) requestLine(line []byte) {
	if len(bytes.TrimSpace(line)) > 0 {
		l.state, l.length, l.chunked = inHeaders, 0, false
		l.http11 = bytes.HasSuffix(bytes.TrimRight(line, "\r\n"), []byte(" HTTP/1.1"))
	}
}

// noteMax is how much of a header line is kept: enough for the two that matter.
const noteMax = 256

// note reads the lines that frame a request: headers, chunk sizes, trailers.
func (l *requestLines) note(piece []byte, whole bool) {
	keep := min(len(piece), noteMax-len(l.line))
	l.line = append(l.line, piece[:keep]...)
	l.cut = l.cut || keep < len(piece)
	if !whole {
		return
	}
	line, cut := l.line, l.cut
	l.line, l.cut = l.line[:0], false
	if !cut {
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	}
	if len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
		// The line before goes on here, even if the rest of this one is blank.
		l.state = passThrough
		return
	}
	switch l.state {
	case inHeaders:
		if len(line) > 0 {
			l.header(line, cut)
			return
		}
		switch {
		case l.chunked:
			l.state = inChunkSize
		case l.length > 0:
			l.state, l.body = inBody, l.length
		default:
			l.state = inRequestLine
		}
	case inChunkSize:
		if len(line) == 0 {
			return // the end of the chunk before
		}
		digits, _, _ := bytes.Cut(line, []byte(";"))
		n, err := strconv.ParseInt(string(bytes.TrimSpace(digits)), 16, 64)
		switch {
		case err != nil || n < 0 || cut:
			l.state = passThrough
		case n == 0:
			l.state = inTrailers
		default:
			l.state, l.body = inChunk, n
		}
	case inTrailers:
		if len(line) == 0 {
			l.state = inRequestLine
		}
	}
}

// header reads a header line, or the beginning of one.
func (l *requestLines) header(line []byte, cut bool) {
	name, value, _ := bytes.Cut(line, []byte(":"))
	switch {
	case bytes.EqualFold(name, []byte("Content-Length")):
		n, err := strconv.ParseInt(string(bytes.Trim(value, " \t")), 10, 64)
		if err != nil || n < 0 || cut {
			l.state = passThrough
			return
		}
		l.length = n
	case bytes.EqualFold(name, []byte("Transfer-Encoding")):
		if !l.http11 { // net/http goes by the length then
			l.state = passThrough
			return
		}
		l.chunked = true
	case bytes.EqualFold(name, []byte("Upgrade")):
		l.state = passThrough
	}
}

// mend encodes the spaces within the target of a request line.
func mend(line []byte) []byte {
	text := bytes.TrimRight(line, "\r\n")
	first, last := bytes.IndexByte(text, ' '), bytes.LastIndexByte(text, ' ')
	if bytes.Count(line, []byte(" ")) <= 2 || !bytes.HasPrefix(text[last+1:], []byte("HTTP/1.")) {
		return line
	}
	out := append([]byte(nil), text[:first+1]...)
	out = append(out, bytes.ReplaceAll(bytes.Trim(text[first:last], " "), []byte(" "), []byte("%20"))...)
	out = append(out, text[last:]...)
	return append(out, line[len(text):]...)
}
