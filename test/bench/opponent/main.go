// The program that a good Go engineer would write instead of installing a product: rows as raw bytes,
// klauspost's deflate, the AWS SDK's uploader, each step a goroutine of its own. No proof and no ledger.
//
// A warm process: each line of its input is a task of statements as JSON, answered with "made" once all
// of them are objects. An error ends it.
package main

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	_ "github.com/go-sql-driver/mysql"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zip"
)

// The level of klauspost's deflate whose zips are nearest in size to the builder's.
const level = 5

// As the builder's own settings.
const (
	partBytes = 5 * 1024 * 1024
	uploads   = 2
)

// One piece of the CSV on its way from the rows to the zip; so many are under way at most.
const (
	pieceBytes = 256 * 1024
	pieces     = 4
)

type task struct {
	Statements  []statement `json:"statements"`
	Concurrency int         `json:"concurrency"`
}

type statement struct {
	SQL string `json:"sql"`
	Key string `json:"key"`
}

type maker struct {
	db       *sql.DB
	uploader *manager.Uploader
	bucket   string
	header   string
	// Compressors and pieces are used again: both are large.
	compressors sync.Pool
	free        sync.Pool
}

func main() {
	m, err := newMaker()
	exitOn(err)
	fmt.Println("ready")
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16*1024*1024)
	for lines.Scan() {
		var t task
		exitOn(json.Unmarshal(lines.Bytes(), &t))
		exitOn(m.makeAll(t))
		fmt.Println("made")
	}
	exitOn(lines.Err())
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func newMaker() (*maker, error) {
	db, err := sql.Open("mysql", os.Getenv("DSN"))
	if err != nil {
		return nil, err
	}
	db.SetMaxIdleConns(32)
	keys := credentials.NewStaticCredentialsProvider(
		os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), "")
	client := s3.New(s3.Options{
		BaseEndpoint:               aws.String(os.Getenv("S3_ENDPOINT")),
		Credentials:                keys,
		Region:                     os.Getenv("AWS_REGION"),
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		UsePathStyle:               true,
	})
	m := &maker{db: db, bucket: os.Getenv("S3_BUCKET"), header: os.Getenv("HEADER")}
	m.uploader = manager.NewUploader(client, func(u *manager.Uploader) {
		u.PartSize = partBytes
		u.Concurrency = uploads
	})
	m.free.New = func() any { b := make([]byte, 0, pieceBytes+64*1024); return &b }
	m.compressors.New = func() any { w, _ := flate.NewWriter(io.Discard, level); return w }
	return m, nil
}

func (m *maker) makeAll(t task) error {
	next := make(chan statement, len(t.Statements))
	for _, s := range t.Statements {
		next <- s
	}
	close(next)
	failed := make(chan error, t.Concurrency)
	for range t.Concurrency {
		go func() {
			for s := range next {
				if err := m.makeOne(s); err != nil {
					failed <- err
					return
				}
			}
			failed <- nil
		}()
	}
	for range t.Concurrency {
		if err := <-failed; err != nil {
			return err
		}
	}
	return nil
}

// Rows to pieces of CSV, pieces to the zip, the zip to the store: three goroutines.
func (m *maker) makeOne(s statement) error {
	csv := make(chan *[]byte, pieces)
	var readError error
	go func() {
		readError = m.readRows(s.SQL, csv)
		close(csv)
	}()
	out, in := io.Pipe()
	go func() {
		err := m.writeZip(in, csv)
		if err == nil {
			err = readError
		}
		for range csv {
		}
		in.CloseWithError(err)
	}()
	_, err := m.uploader.Upload(context.Background(), &s3.PutObjectInput{
		Bucket:      &m.bucket,
		Key:         &s.Key,
		Body:        out,
		ContentType: aws.String("application/zip"),
	})
	out.CloseWithError(err)
	return err
}

func (m *maker) writeZip(to io.Writer, csv <-chan *[]byte) error {
	buffered := bufio.NewWriterSize(to, 64*1024)
	w := zip.NewWriter(buffered)
	w.RegisterCompressor(zip.Deflate, func(to io.Writer) (io.WriteCloser, error) {
		c := m.compressors.Get().(*flate.Writer)
		c.Reset(to)
		return &pooled{c, m}, nil
	})
	entry, err := w.Create("transactions.csv")
	if err != nil {
		return err
	}
	for piece := range csv {
		if _, err := entry.Write(*piece); err != nil {
			return err
		}
		*piece = (*piece)[:0]
		m.free.Put(piece)
	}
	if err := w.Close(); err != nil {
		return err
	}
	return buffered.Flush()
}

type pooled struct {
	*flate.Writer
	m *maker
}

func (p *pooled) Close() error {
	err := p.Writer.Close()
	p.m.compressors.Put(p.Writer)
	return err
}

func (m *maker) readRows(query string, csv chan<- *[]byte) error {
	rows, err := m.db.Query(query)
	if err != nil {
		return err
	}
	defer rows.Close()
	var values [columns]sql.RawBytes
	places := make([]any, columns)
	for i := range values {
		places[i] = &values[i]
	}
	piece := m.free.Get().(*[]byte)
	*piece = append(append(*piece, m.header...), '\r', '\n')
	for line := int64(1); rows.Next(); line++ {
		if err := rows.Scan(places...); err != nil {
			return err
		}
		*piece = appendLine(*piece, line, &values)
		if len(*piece) >= pieceBytes {
			csv <- piece
			piece = m.free.Get().(*[]byte)
		}
	}
	csv <- piece
	return rows.Err()
}
