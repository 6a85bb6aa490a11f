// Is this request from Tripline? Standard Webhooks 1.0.0 with the standard library alone.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

const tolerance = 5 * time.Minute

// Verify tells whether one of the signatures is right for one of the secrets (whsec_… or your own text), and the
// request at most five minutes old. Of an *http.Request, header is request.Header.Get; the body is the bytes as they
// came, never parsed and written again.
func Verify(secrets []string, header func(name string) string, body []byte, now time.Time) bool {
	id, timestamp := header("webhook-id"), header("webhook-timestamp")
	seconds, err := strconv.ParseUint(timestamp, 10, 40)
	if id == "" || err != nil {
		return false
	}
	if age := now.Sub(time.Unix(int64(seconds), 0)); age > tolerance || age < -tolerance {
		return false
	}
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, keyOf(secret))
		mac.Write([]byte(id + "." + timestamp + "."))
		mac.Write(body)
		expected := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
		for _, signature := range strings.Split(header("webhook-signature"), " ") {
			if hmac.Equal([]byte(signature), []byte(expected)) {
				return true
			}
		}
	}
	return false
}

func keyOf(secret string) []byte {
	if text, found := strings.CutPrefix(secret, "whsec_"); found {
		if key, err := base64.StdEncoding.DecodeString(text); err == nil {
			return key
		}
	}
	return []byte(secret)
}

// go run verify.go FILE: judges each request of a JSON file [{name, keys, headers, body, now}].
func main() {
	var requests []struct {
		Name, Body string
		Keys       []string
		Headers    map[string]string
		Now        int64
	}
	text, err := os.ReadFile(os.Args[1])
	if err == nil {
		err = json.Unmarshal(text, &requests)
	}
	if err != nil {
		panic(err)
	}
	for _, request := range requests {
		header := func(name string) string { return request.Headers[name] }
		verdict := "refused"
		if Verify(request.Keys, header, []byte(request.Body), time.Unix(request.Now, 0)) {
			verdict = "accepted"
		}
		fmt.Printf("%s: %s\n", request.Name, verdict)
	}
}
