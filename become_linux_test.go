package main_test

import "os"

// become lets the test program be the other programs of its own tests.
func become() {
	if os.Getenv(denyVariable) != "" {
		launch()
	}
}
