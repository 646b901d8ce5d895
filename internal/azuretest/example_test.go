package azuretest_test

import (
	"fmt"
	"net/http"

	"docker-credential-acr/internal/azuretest"
)

// Tests call Start(t, …) instead of New, and need no Close.
func Example() {
	config, err := azuretest.ParseConfig([]byte(`{
		"registries": [{"host": "myregistry.azurecr.io", "roles": {"system": "pull"}}],
		"imds": "on",
		"faults": [{"match": "GET *.azurecr.io/v2/", "times": 1, "status": 503}]
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	a, err := azuretest.New(config)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer a.Close()
	// A program of its own would be given a.Env().
	client := &http.Client{Transport: a.Transport()}
	for range 2 {
		response, err := client.Get("https://" + azuretest.MyRegistry + "/v2/")
		if err != nil {
			fmt.Println(err)
			return
		}
		response.Body.Close()
		fmt.Println(response.StatusCode)
	}
	fmt.Println(a.Count("GET myregistry.azurecr.io/*"), a.Unexpected())
	// Output:
	// 503
	// 401
	// 2 []
}
