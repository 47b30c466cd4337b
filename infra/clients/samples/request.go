// Asks for a statement from Go 1.24 or later, with the standard library alone.
//
//	go run request.go [ADDRESS OF REQUEST-INTAKE]     INTAKE_TOKEN for an intake that asks for tokens
//
// With the SDK (github.com/cloudevents/sdk-go/v2) set the id yourself: its own retries then repeat it.
package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

const data = `{"customer_id": "customer-000003", "start_date": "2025-01-01", "end_date": "2025-12-31"}`

func main() {
	address := "http://localhost:8081/"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	// It gets its id here, once. Keep it with your order: whoever repeats it must send the same source and id.
	id, at := rand.Text(), time.Now().UTC().Format(time.RFC3339Nano)
	client := http.Client{Timeout: 30 * time.Second}

	for attempt := 1; ; attempt++ {
		name, again, after, err := post(&client, address, id, at)
		if err == nil {
			fmt.Println("recorded as", name)
			return
		}
		if !again || attempt == 5 {
			fmt.Fprintln(os.Stderr, "not recorded:", err)
			os.Exit(1)
		}
		if after == 0 {
			after = 1 << (attempt - 1)
		}
		time.Sleep(time.Duration(after) * time.Second)
	}
}

// The record's name, or whether the same event may be posted again, and after how many seconds.
func post(client *http.Client, address, id, at string) (name string, again bool, after int, err error) {
	request, err := http.NewRequest("POST", address, strings.NewReader(data))
	if err != nil {
		return "", false, 0, err
	}
	for header, value := range map[string]string{
		"content-type":   "application/json",
		"ce-specversion": "1.0",
		"ce-type":        "io.transactions-collector.statement.requested.v1",
		"ce-source":      "/samples",
		"ce-id":          id,
		"ce-time":        at,
	} {
		request.Header.Set(header, value)
	}
	if token := os.Getenv("INTAKE_TOKEN"); token != "" {
		request.Header.Set("authorization", "Bearer "+token)
	}
	answer, err := client.Do(request)
	if err != nil {
		return "", true, 0, err
	}
	defer answer.Body.Close()
	if answer.StatusCode/100 == 2 {
		return answer.Header.Get("ce-subject"), false, 0, nil
	}
	reason, _ := io.ReadAll(io.LimitReader(answer.Body, 1024))
	after, _ = strconv.Atoi(answer.Header.Get("retry-after"))
	return "", answer.StatusCode == 408 || answer.StatusCode == 429 || answer.StatusCode >= 500, after,
		fmt.Errorf("%d %s", answer.StatusCode, reason)
}
