// Verifies signatures of manifests by go-jose: the file of cases in, a line of JSON out for each.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/go-jose/go-jose/v4"
)

type signed struct {
	Name    string          `json:"name"`
	Alg     string          `json:"alg"`
	Key     json.RawMessage `json:"key"`
	JWS     string          `json:"jws"`
	Payload string          `json:"payload"`
}

func verify(one signed) error {
	var key jose.JSONWebKey
	if err := key.UnmarshalJSON(one.Key); err != nil {
		return err
	}
	found, err := jose.ParseDetached(one.JWS, []byte(one.Payload), []jose.SignatureAlgorithm{jose.SignatureAlgorithm(one.Alg)})
	if err != nil {
		return err
	}
	return found.DetachedVerify([]byte(one.Payload), key)
}

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	var all []signed
	if err := json.Unmarshal(text, &all); err != nil {
		panic(err)
	}
	said := map[string]string{}
	for _, one := range all {
		said[one.Name] = "verifies"
		if err := verify(one); err != nil {
			said[one.Name] = err.Error()
		}
	}
	out, _ := json.Marshal(said)
	fmt.Println(string(out))
}
