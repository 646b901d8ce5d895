// Nethttp is the least that a Go program takes which could make a request.
package main

import _ "net/http"

func main() {}
