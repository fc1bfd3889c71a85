package seed

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strconv"
	"strings"
)

// This file makes small files of the usual types, so that the documents of the
// demonstration open in the programs that people have. Each is complete and
// valid, and the same input makes the same bytes.

// pdfFile returns one A4 page with a title and lines of text. What is neither
// Latin-1 nor a euro sign becomes a question mark: the fonts that every viewer
// has know little more.
func pdfFile(title string, lines []string) []byte {
	var page bytes.Buffer
	fmt.Fprintf(&page, "BT /F2 18 Tf 56 770 Td (%s) Tj ET\n0.6 w 56 758 m 539 758 l S\n", pdfText(title))
	page.WriteString("BT /F1 11 Tf 56 730 Td 16 TL\n")
	for _, l := range lines {
		fmt.Fprintf(&page, "(%s) Tj T*\n", pdfText(l))
	}
	page.WriteString("ET\n")

	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%sendstream", page.Len(), page.String()),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
		fmt.Sprintf("<< /Title (%s) /Producer (Dossier) >>", pdfText(title)),
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n") // the second line tells that the file is binary
	offsets := make([]int, len(objects))
	for i, o := range objects {
		offsets[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	table := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, at := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R /Info 7 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, table)
	return b.Bytes()
}

// pdfText encodes a text as the inside of a PDF string, in Windows-1252: it is
// Latin-1 but for a few signs.
func pdfText(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '(' || r == ')' || r == '\\':
			b.WriteByte('\\')
			b.WriteByte(byte(r))
		case r >= ' ' && r < 0x7f || r >= 0xa0 && r <= 0xff:
			b.WriteByte(byte(r))
		case r == '€':
			b.WriteByte(0x80)
		default:
			b.WriteByte('?')
		}
	}
	return b.String()
}

// chart returns a picture of columns, as a PNG.
func chart(columns []int) ([]byte, error) {
	const width, height, base = 320, 180, 160
	img := image.NewPaletted(image.Rect(0, 0, width, height), color.Palette{
		color.White, color.RGBA{0x1f, 0x6f, 0xb2, 0xff}, color.RGBA{0x88, 0x92, 0x9b, 0xff},
	})
	step := (width - 40) / max(len(columns), 1)
	for i, c := range columns {
		for x := 20 + i*step; x < 20+(i+1)*step-6; x++ {
			for y := base - min(c, base-10); y < base; y++ {
				img.SetColorIndex(x, y, 1)
			}
		}
	}
	for x := 14; x < width-14; x++ {
		img.SetColorIndex(x, base, 2)
	}
	var b bytes.Buffer
	err := png.Encode(&b, img)
	return b.Bytes(), err
}

// picture returns a shaded picture of a box on a floor, as a JPEG.
func picture(hue uint8) ([]byte, error) {
	const width, height = 320, 240
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			c := color.RGBA{uint8(235 - y/4), uint8(238 - y/4), uint8(242 - y/5), 0xff}
			switch {
			case x >= 80 && x < 200 && y >= 80 && y < 190: // front
				c = color.RGBA{hue, uint8(90 + x/4), 200 - hue/2, 0xff}
			case x-200 >= 0 && x-200 < 40 && y >= 80-(x-200) && y < 190-(x-200): // side
				c = color.RGBA{hue / 2, uint8(60 + y/4), 140 - hue/3, 0xff}
			case y >= 40 && y < 80 && x >= 80+(80-y) && x < 200+(80-y): // top
				c = color.RGBA{hue/2 + 90, 190, 210, 0xff}
			}
			img.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 80})
	return b.Bytes(), err
}

// part is a file inside an Office document.
type part struct{ name, content string }

const (
	xmlHead      = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	contentTypes = xmlHead + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="application/xml"/>`
	relationships = xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`
	officeRels    = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
)

// zipFile packs the parts, in order, without dates.
func zipFile(parts []part) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, p := range parts {
		w, err := z.Create(p.name)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write([]byte(p.content)); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}

// docxFile returns a Word document with a heading and paragraphs.
func docxFile(title string, paragraphs []string) ([]byte, error) {
	var body strings.Builder
	body.WriteString(`<w:p><w:r><w:rPr><w:b/><w:sz w:val="36"/></w:rPr><w:t>` + escape(title) + `</w:t></w:r></w:p>`)
	for _, p := range paragraphs {
		body.WriteString(`<w:p><w:r><w:t xml:space="preserve">` + escape(p) + `</w:t></w:r></w:p>`)
	}
	return zipFile([]part{
		{"[Content_Types].xml", contentTypes +
			`<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`},
		{"_rels/.rels", relationships + `<Relationship Id="rId1" Type="` + officeRels + `/officeDocument" Target="word/document.xml"/></Relationships>`},
		{"word/document.xml", xmlHead + `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>` +
			body.String() + `<w:sectPr><w:pgSz w:w="11906" w:h="16838"/></w:sectPr></w:body></w:document>`},
	})
}

// xlsxFile returns an Excel workbook with one sheet. Cells that look like numbers
// are numbers.
func xlsxFile(name string, rows [][]string) ([]byte, error) {
	var data strings.Builder
	for i, row := range rows {
		fmt.Fprintf(&data, `<row r="%d">`, i+1)
		for j, cell := range row {
			at := string(rune('A'+j)) + strconv.Itoa(i+1)
			if _, err := strconv.ParseFloat(cell, 64); err == nil {
				fmt.Fprintf(&data, `<c r="%s"><v>%s</v></c>`, at, cell)
			} else {
				fmt.Fprintf(&data, `<c r="%s" t="inlineStr"><is><t>%s</t></is></c>`, at, escape(cell))
			}
		}
		data.WriteString(`</row>`)
	}
	const main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	return zipFile([]part{
		{"[Content_Types].xml", contentTypes +
			`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>` +
			`<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`},
		{"_rels/.rels", relationships + `<Relationship Id="rId1" Type="` + officeRels + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"xl/workbook.xml", xmlHead + `<workbook xmlns="` + main + `" xmlns:r="` + officeRels + `"><sheets><sheet name="` + escape(name) + `" sheetId="1" r:id="rId1"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", relationships + `<Relationship Id="rId1" Type="` + officeRels + `/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`},
		{"xl/worksheets/sheet1.xml", xmlHead + `<worksheet xmlns="` + main + `"><sheetData>` + data.String() + `</sheetData></worksheet>`},
	})
}

// csvFile returns a table with commas, in UTF-8 with the mark that spreadsheet
// programs know it by.
func csvFile(rows [][]string) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	err := w.WriteAll(rows)
	return b.Bytes(), err
}

// textFile returns lines of text in UTF-8.
func textFile(lines []string) []byte { return []byte(strings.Join(lines, "\n") + "\n") }
