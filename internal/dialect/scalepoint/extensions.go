package scalepoint

import "strings"

// extensionLists are the extensions that are taken, as printed: the dots are missing
// where the reference has none, and some come twice [R].
const extensionLists = `
.webm, .bmp, .gif, .ico, .jpg, .jpeg, .jpe, .pic, .pict, .png, .rf, .rgb, .dwg, .svg, .svgz, .tif, .tiff
.mkv, .3gp, .asf, .avi, .mpeg, .mpg, .mpa, .mpe, .m1v, .m2v, .m4u, .mp4, .mp4v, .mpg4, .mov, .qt, .ogv, .m4v, .rv
mp2, mp3, mpga, m2a, m4a, m4b, m4p, m4r, flac, ra, ram, wav, ogg, oga, spx, mid, midi, wma, wax, mka, aac, adt, adts, aif, aifc, aiff, au, m3u, rmi, rpm, smd, smx, smz, snd, s3m, qcp
.xhtml, .xht, .htmls, .shtml, .html, .htm, .mht
.xl, .xld, .xlk, .xlv, .word, .doc, .rtf, .docm, .one, .ods, .ppz, .odt, .dot, .mso, .xml, .xsl, .xll, .ttf, .tex, .texi, .texinfo, .mpc, .xls, .xla, .xlb, .xlc, .xlm, .xlt, .xlw, .xlam, .xlsb, .xlsm, .xltm, .pot, .ppt, .pwz, .ppa, .pps, .ppam, .pptm, .ppsm, .potm, .docm, .dotm, .potx, .ppsx, .pptx, .xlsx, .xltx, .docx, .dotx
.eml, .msg, .pdf, .sig, .json, .p7s, .zip, .vcf, .vcs, .txt, .text, .vsd, .csv, .xps, .oxps, .heic, .avif
.frs, .sit, .nta
.xsd, .css, .emz, .wmz, .dat, .mht, .ics, .url, .vsd, .vst, .vsw, .rtx, .rt, .vml, .rels
`

// extensions are those of extensionLists, without dots.
func extensions() []string {
	words := strings.FieldsFunc(extensionLists, func(r rune) bool { return r == ',' || r == '\n' || r == ' ' })
	for i, w := range words {
		words[i] = strings.TrimPrefix(w, ".")
	}
	return words
}
