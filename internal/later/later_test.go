package later

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestMadeOnceAndLate(t *testing.T) {
	type key struct{}
	made := 0
	ctx := New(func() context.Context {
		made++
		return context.WithValue(t.Context(), key{}, "value")
	})
	if made != 0 {
		t.Error("made before it is used")
	}
	if ctx.Value(key{}) != "value" || ctx.Err() != nil || made != 1 {
		t.Errorf("%v, %v, made %d times", ctx.Value(key{}), ctx.Err(), made)
	}
}

func TestTimeoutCountsFromTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		ctx, cancel := WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		time.Sleep(2 * time.Second) // before anybody uses it
		if end, ok := ctx.Deadline(); !ok || !end.Equal(start.Add(3*time.Second)) {
			t.Errorf("ends at %v, %v", end, ok)
		}
		<-ctx.Done()
		if time.Since(start) != 3*time.Second || !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			t.Errorf("ended after %v: %v", time.Since(start), ctx.Err())
		}
	})
}

func TestCancelled(t *testing.T) {
	parent, stop := context.WithCancel(t.Context())
	defer stop()
	ctx, cancel := WithTimeout(parent, time.Hour)
	if ctx.Err() != nil {
		t.Error(ctx.Err())
	}
	cancel()
	if !errors.Is(ctx.Err(), context.Canceled) || parent.Err() != nil {
		t.Errorf("%v, its parent %v", ctx.Err(), parent.Err())
	}
	_, unused := WithTimeout(parent, time.Hour)
	unused()
}
