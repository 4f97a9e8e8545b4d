package match

import "math"

// pairs is how often one symbol follows another in source code and English, as three times the binary logarithm of the count
// in 16 Mi pairs, plus 35, one character a cell. Symbols are: the letters without case, a digit, _ - . space, line break or
// tab, a quote, = :, a bracket, /, comma or semicolon, other ASCII, the rest. Counted over the Go distribution's src and doc
// and the Python and Perl libraries (126 M pairs).
var pairs = [symbols]string{
	"EMPPEJM=L=JTPS;N<SQTLIEHH=MCBGNFD:EG>JA0",
	"LDHDNE>8KH8M>=KB8HG?L;;<M;MA=HIDD8EG>H@4",
	"QDJFPEEPI@OMHBSF=JHPIE>?D6MH>IOEE=FK?JA3",
	"LFGMSF@?O=<ICCMD?KKEIBBCF9NIDJSII>HMALC8",
	"PHQRLNLCG;CQNTHLJVTTDLKPI<NLFNWNKCMQCND3",
	"MCFHLN@>P6:LFEPD6KIIO9=;C6MEELRFD:EL8JE/",
	"F?E?PBCIK49GCINC8JLGF>;;:>GH>JNFE<CKBG=,",
	"P;>BS=;;O4;AD=L?5FDJD:<6?9CDAFMCD;EH=E<.",
	"JJONLQN9?:BQOWPL<MRR<J:H7JD?=CH@A8GG;CB-",
	"A668F774:4@496C934D8A57442:78B@9:15?3=:+",
	"I=@?N=D<H67A>C??8?F@B9A5:4AD:DLFB;?G;C;(",
	"OBDMTMB?R8AP@CQD:CMLNCA:K;DG?HPGF<CKCH>,",
	"QIAIR@<=L7@FJANO9@JHJ>;:G6EE=FLBD8CHAD<-",
	"PBQRRJR@O:HIDIPF<AQUJI?9G<DGDISJJ>GM?HC1",
	"KJNOGOI=K<JNOTMP7TMOOKKB:9CG@GPDE9IHBB>-",
	"QAGEQCAFJ4EMD?OK;PJNJB@<H9HH?ILCD:DJ<G?-",
	":8;:7666814;<748<>=7K6<467@>2?C;@4;B3@:/",
	"QCKJVJN?R9HIKQRE;QOONGC=K8HIAKSII>FP?JA0",
	"LCMEUBEMP7HIHDMLAGOUNAF>N>GKANTJJAIOCKE2",
	"QCKGUICUS7?IHCQL;SOMPBEFO>PMDNUKJAIPBMD4",
	"GJJEOIF9O58NKRBK:QNO:;8H5>H<4?D>>08>4<A0",
	"P@DBPA=>H37@C?DD=@DB<@AA89IH6IG?E7=F<C=.",
	"L=@AJ==IM59@>EI?7JE><A?:58AB:CG@@5;E7B=)",
	"LKKHKJ8;I54>B?@J7?BL<?>@?;VCAFKBD=BI>F?0",
	"?=A=B<@9C58EIGCO5DMK;<A9:=AD>EOEE;CI;F=0",
	"A6:7K756B32:96?62<8666889??<7=@:?28?6;9,",
	"NMMMMN>?@:=BC>>B;>CCBC<W::]JGNRSM<PSAUO@",
	"IFJIGIFDJ<BHHHGJ>ILJFGD@;>KJ6;F;?17E4H;,",
	"@BCA@C>=A89AA>@B7@EB===:4>J4K2HB>:)J6>B1",
	"LGKGKJHEIA@HHIIK;JLKEEF@<;MH/HKOD94E?;B2",
	"TQSPRRNMTEHQPQRPDRTUPNPKHEXLLFaATTOVKFU@",
	"JIMIJOFCO;>GHHHJ=NMMDLEEA=QGB9U]KD-SR1I2",
	"HFIFGGFDH??FHFDG<HKIEFCB==HACEMNM>KOBRLG",
	":;>9:>7@A.29:@<:-:>>68426/A564U9DK.H3/C$",
	"<@B<;?9:=43?=@7@0<?<<77546E575TNEOHDB2A%",
	"JKKGJJCCK?BHHJHJ=JNLHKDI@?OEEKTWPEKTDRN8",
	"BAB@>@F>C95@@=>B;@DB><=?97D67;RH@43?R<F/",
	"77899932:..49896.<::2;362.E4?3YTF./A16?0",
	"FFGHEEBAF:?DDIEGCFLIIGAO>=KD?BQGGL?IF>O6",
	"2201,.--1')0-0,-%.34-/)0,$8-11?6G$+923AN",
}

const symbols = 40

// symbolOf maps a byte to its row in pairs.
var symbolOf = func() (t [256]uint8) {
	for c := range t {
		t[c] = 39
		if c < 128 {
			t[c] = 38
		}
	}
	set := func(n uint8, bytes string) {
		for i := range len(bytes) {
			t[bytes[i]] = n
		}
	}
	for c := range uint8(26) {
		t['a'+c], t['A'+c] = c, c
	}
	for n, bytes := range []string{"0123456789", "_", "-", ".", " ", "\n\r\t", "\"'`", "=", ":", "()[]{}<>", "/", ",;"} {
		set(uint8(26+n), bytes)
	}
	return t
}()

// pairCounts is pairs as counts in 16 Mi; follow the probability of the second symbol after the first, surprise its -log2.
var (
	pairCounts, follow = countPairs()
	surprise           = surprises()
)

func countPairs() (n, p [symbols][symbols]float64) {
	for a := range n {
		total := 0.0
		for b := range n[a] {
			n[a][b] = math.Exp2(float64(pairs[a][b]-35) / 3)
			total += n[a][b]
		}
		for b := range n[a] {
			p[a][b] = n[a][b] / total
		}
	}
	return n, p
}

func surprises() (t [symbols][symbols]float32) {
	for a := range t {
		for b := range t[a] {
			t[a][b] = float32(-math.Log2(follow[a][b]))
		}
	}
	return t
}

// symbolSize is how many folded bytes a symbol stands for.
var symbolSize = func() (n [symbols]float64) {
	var seen [256]bool
	for c := range 256 {
		if f := c | 0x20; !seen[f] {
			seen[f] = true
			n[symbolOf[f]]++
		}
	}
	for s := range n {
		n[s] = max(n[s], 1)
	}
	return n
}()

// entropy is Shannon's, in bits a byte, over the value's own bytes.
func entropy(v []byte) float64 {
	if len(v) == 0 {
		return 0
	}
	var n [256]uint16
	if len(v) > math.MaxUint16 {
		v = v[:math.MaxUint16]
	}
	for _, c := range v {
		n[c]++
	}
	h := 0.0
	for _, k := range n {
		if k > 0 {
			h += log2n(int(k))
		}
	}
	return math.Log2(float64(len(v))) - h/float64(len(v))
}

func log2n(k int) float64 {
	if k == 1 {
		return 0
	}
	return float64(k) * math.Log2(float64(k))
}

// oddness is the mean surprise of a value's letters and digits, in bits a step: words come to 3 or 4, random letters to 6 and
// more. Steps from and to other bytes do not count.
func oddness(v []byte) float64 {
	sum, n := 0.0, 0
	for i := 1; i < len(v); i++ {
		a, b := symbolOf[v[i-1]], symbolOf[v[i]]
		if a <= 26 && b <= 26 {
			sum += float64(surprise[a][b])
			if b == 26 {
				sum += 3.3
			}
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}

func lower(c byte) byte {
	if c-'A' < 26 {
		return c + 0x20
	}
	return c
}

var wordByte = table("a-zA-Z0-9_")

func table(spec string) [256]bool { return of(spec).Table() }

func isLetter(c byte) bool { return c|0x20-'a' < 26 }
func isDigit(c byte) bool  { return c-'0' < 10 }
func isUpper(c byte) bool  { return c-'A' < 26 }
func isLower(c byte) bool  { return c-'a' < 26 }
func isWord(c byte) bool   { return wordByte[c] }
func isHex(c byte) bool    { return isDigit(c) || c|0x20-'a' < 6 }
func isBlank(c byte) bool  { return c == ' ' || c == '\t' }
func isSpace(c byte) bool  { return c == ' ' || c-'\t' < 5 }
func isQuote(c byte) bool  { return c == '"' || c == '\'' || c == '`' }

// hasFold reports whether b begins with s, which is lower case, without regard to ASCII case.
func hasFold(b []byte, s string) bool {
	if len(b) < len(s) {
		return false
	}
	for i := range len(s) {
		if lower(b[i]) != s[i] {
			return false
		}
	}
	return true
}

// indexFold is where s, which is lower case, first stands in b, or -1.
func indexFold(b []byte, s string) int {
	for i := 0; i+len(s) <= len(b); i++ {
		if lower(b[i]) == s[0] && hasFold(b[i:], s) {
			return i
		}
	}
	return -1
}
