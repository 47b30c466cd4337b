package main

import (
	"bytes"
	"database/sql"
	"strconv"
	"unicode/utf8"
)

// The columns of the builder's own query, in its order.
const (
	accountID = iota
	id
	bookingDate
	postedAt
	valueDate
	status
	amount
	currency
	balanceAfter
	kind
	description
	counterpartyName
	counterpartyAccount
	reference
	reversalOf
	// NULL, as no setting of the bench names the view's column, and in no line.
	bankTransactionCode
	columns
)

// One line of transactions.csv, the same bytes as the builder's.
func appendLine(to []byte, line int64, row *[columns]sql.RawBytes) []byte {
	to = strconv.AppendInt(to, line, 10)
	to = append(append(to, ','), row[accountID]...)
	to = append(append(to, ','), row[id]...)
	to = append(append(to, ','), row[bookingDate]...)
	to = append(append(to, ','), row[postedAt]...)
	to[len(to)-len(row[postedAt])+10] = 'T'
	to = append(to, 'Z', ',')
	to = append(append(to, row[valueDate]...), ',')
	to = append(append(to, row[status]...), ',')
	if row[amount][0] == '-' {
		to = append(to, "DBIT,"...)
	} else {
		to = append(to, "CRDT,"...)
	}
	to = append(append(to, cents(row[amount])...), ',')
	to = append(append(to, row[currency]...), ',')
	to = append(append(to, cents(row[balanceAfter])...), ',')
	to = append(append(to, row[kind]...), ',')
	to = append(appendText(to, row[description]), ',')
	to = append(appendText(to, row[counterpartyName]), ',')
	to = append(appendMasked(to, row[counterpartyAccount]), ',')
	to = append(appendText(to, row[reference]), ',')
	to = append(to, row[reversalOf]...)
	return append(to, '\r', '\n')
}

// The bank's amounts have four decimals, its currencies two.
func cents(decimal []byte) []byte {
	return decimal[:bytes.IndexByte(decimal, '.')+3]
}

var special = func() (table [256]bool) {
	for _, b := range []byte("\",\r\n") {
		table[b] = true
	}
	return
}()

// Quoted where RFC 4180 asks for it, guarded where a spreadsheet would take it for a formula.
func appendText(to, text []byte) []byte {
	if len(text) == 0 {
		return to
	}
	guarded := isFormula(text)
	quoted := false
	for _, b := range text {
		quoted = quoted || special[b]
	}
	if quoted {
		to = append(to, '"')
	}
	if guarded {
		to = append(to, '\'')
	}
	if !quoted {
		return append(to, text...)
	}
	for _, b := range text {
		if b == '"' {
			to = append(to, '"')
		}
		to = append(to, b)
	}
	return append(to, '"')
}

func isFormula(text []byte) bool {
	switch text[0] {
	case '=', '+', '-', '@', '\t', '\r', '\n':
		return true
	case 0xef:
		first, _ := utf8.DecodeRune(text)
		return first == '＝' || first == '＋' || first == '－' || first == '＠'
	}
	return false
}

// All but the last four characters.
func appendMasked(to, account []byte) []byte {
	shown := len(account)
	for n := 0; n < 4 && shown > 0; n++ {
		_, size := utf8.DecodeLastRune(account[:shown])
		shown -= size
	}
	for range utf8.RuneCount(account[:shown]) {
		to = append(to, '*')
	}
	return append(to, account[shown:]...)
}
