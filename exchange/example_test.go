package exchange_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"docker-credential-acr/exchange"
)

func ExampleClient_Exchange() {
	entraToken := "…" // for the audience https://containerregistry.azure.net
	ctx, cancel := context.WithTimeout(context.Background(), 25*time.Second)
	defer cancel()

	var client exchange.Client
	token, err := client.Exchange(ctx, "myregistry.azurecr.io", entraToken)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("valid for", time.Until(token.Expires).Round(time.Minute))
}
