// A consumer of statements in Go, with the standard library alone.
//
//	go run statements.go event FILE   prints bucket and key of each statement that a message speaks of
//	go run statements.go check FILE   exits with 1 unless every file of the zip has its hash
//
// The message is what S3, SNS, SQS, EventBridge, MinIO, Ceph or versitygw sends, or a Lambda is called with.
package main

import (
	"archive/zip"
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"strings"
)

// Customer ids may hold hyphens: the numbers are read from the right.
var keyForm = regexp.MustCompile(`^(.*/)?([A-Za-z0-9._-]+)-(\d+)-(\d+)-(\d{13})\.zip$`)

type object struct{ Bucket, Key string }

// One of what a message may be: a batch, a wrapping, or an event.
type message struct {
	Event             string
	Records, Messages []json.RawMessage
	Body              *string // SQS; to encoding/json the same as "body"
	Sns               json.RawMessage
	TopicArn          string
	Type              string
	Message           string
	Source            json.RawMessage // a text in EventBridge, an object in MinIO
	DetailType        string          `json:"detail-type"`
	Detail            entity
	EventName         string
	EventSource       string
	S3                entity
}

type entity struct {
	Bucket struct{ Name string }
	Object struct{ Key string }
}

// Statements of a message; the same event may come more than once.
func statements(text []byte) (found []object, err error) {
	var m message
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, err
	}
	switch {
	case m.Event == "s3:TestEvent":
		return nil, nil
	case m.Records != nil || m.Messages != nil:
		for _, record := range append(m.Records, m.Messages...) {
			more, err := statements(record)
			if err != nil {
				return nil, err
			}
			found = append(found, more...)
		}
		return found, nil
	case m.Body != nil:
		return statements([]byte(*m.Body))
	case m.Sns != nil:
		return statements(m.Sns)
	case m.TopicArn != "": // SNS; the other types are about subscriptions
		if m.Type != "Notification" {
			return nil, nil
		}
		return statements([]byte(m.Message))
	}
	created, err := createdObject(m)
	if err != nil || created == nil || !keyForm.MatchString(created.Key) {
		return nil, err
	}
	return []object{*created}, nil
}

func createdObject(m message) (*object, error) {
	if string(m.Source) == `"aws.s3"` { // EventBridge: the key is as it is
		if m.DetailType != "Object Created" {
			return nil, nil
		}
		return &object{m.Detail.Bucket.Name, m.Detail.Object.Key}, nil
	}
	if m.EventName == "" {
		return nil, errors.New("an event of no known form")
	}
	if !strings.HasPrefix(strings.TrimPrefix(m.EventName, "s3:"), "ObjectCreated:") {
		return nil, nil
	}
	// S3 and MinIO encode the key as in a form; Ceph, and versitygw, which says s3: as well, give it as it is.
	if m.EventSource == "ceph:s3" || m.EventSource == "aws:s3" && strings.HasPrefix(m.EventName, "s3:") {
		return &object{m.S3.Bucket.Name, m.S3.Object.Key}, nil
	}
	key, err := url.QueryUnescape(m.S3.Object.Key)
	return &object{m.S3.Bucket.Name, key}, err
}

// Check answers the statement's id, or an error for a zip that is not as it was made.
func check(path string) (string, error) {
	statement, err := zip.OpenReader(path)
	if err != nil {
		return "", err
	}
	defer statement.Close()
	sums, err := statement.Open("SHA256SUMS")
	if err != nil {
		return "", err
	}
	defer sums.Close()
	listed := map[string]string{}
	lines := bufio.NewScanner(sums)
	for lines.Scan() {
		sum, name, _ := strings.Cut(lines.Text(), "  ")
		listed[name] = sum
	}
	if err := lines.Err(); err != nil {
		return "", err
	}
	if len(statement.File) != len(listed)+1 {
		return "", errors.New("SHA256SUMS does not list the files as they are")
	}
	for name, sum := range listed {
		if err := checkFile(statement, name, sum); err != nil {
			return "", err
		}
	}
	id, schema, err := checkManifest(statement, listed)
	// The first version of the schema had no seal.
	if err == nil && !strings.HasSuffix(schema, "/manifest.v1.json") {
		err = checkSeal(path)
	}
	return id, err
}

const sealBytes = len("sha256:") + 2*sha256.Size

// checkSeal: a zip ends with sha256: and the hash of all bytes before that.
func checkSeal(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	hash := sha256.New()
	if _, err := io.CopyN(hash, file, info.Size()-int64(sealBytes)); err != nil {
		return err
	}
	seal, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	if string(seal) != fmt.Sprintf("sha256:%x", hash.Sum(nil)) {
		return errors.New("the zip has changed since it was made")
	}
	return nil
}

func checkFile(statement *zip.ReadCloser, name, sum string) error {
	file, err := statement.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if fmt.Sprintf("%x", hash.Sum(nil)) != sum {
		return fmt.Errorf("%s has another hash", name)
	}
	return nil
}

func checkManifest(statement *zip.ReadCloser, listed map[string]string) (id, schema string, err error) {
	file, err := statement.Open("manifest.json")
	if err != nil {
		return "", "", err
	}
	defer file.Close()
	var manifest struct {
		Schema      string
		StatementID string `json:"statement_id"`
		Files       []struct{ Path, SHA256 string }
	}
	if err := json.NewDecoder(file).Decode(&manifest); err != nil {
		return "", "", err
	}
	for _, one := range manifest.Files {
		if listed[one.Path] != one.SHA256 {
			return "", "", fmt.Errorf("the manifest has another hash of %s", one.Path)
		}
	}
	return manifest.StatementID, manifest.Schema, nil
}

func main() {
	if len(os.Args) != 3 || (os.Args[1] != "event" && os.Args[1] != "check") {
		fmt.Fprintln(os.Stderr, "statements event|check FILE")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "statements:", err)
		os.Exit(1)
	}
}

func run(command, path string) error {
	if command == "check" {
		id, err := check(path)
		if err == nil {
			fmt.Println(id)
		}
		return err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	found, err := statements(text)
	// A statement is never changed, so its key tells a repeated event. A real consumer keeps the
	// keys beside its own data.
	seen := map[object]bool{}
	for _, one := range found {
		if !seen[one] {
			fmt.Println(one.Bucket, one.Key)
		}
		seen[one] = true
	}
	return err
}
