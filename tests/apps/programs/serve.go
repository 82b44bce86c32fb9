// An HTTP server in Go, and before it what its runtime asks of a kernel: goroutines, preemption by signals, collections.
package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Loops without a call in them: without preemption by signals the ticker would wait for them.
func spinners() (ticks int) {
	var stop int32
	var wg sync.WaitGroup
	for i := 0; i < 2*runtime.NumCPU(); i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for atomic.LoadInt32(&stop) == 0 {
			}
		}()
	}
	ticker := time.NewTicker(2 * time.Millisecond)
	for ; ticks < 5; ticks++ {
		<-ticker.C
	}
	atomic.StoreInt32(&stop, 1)
	wg.Wait()
	return ticks
}

func collections() (kept int, collected bool) {
	debug.SetGCPercent(20)
	var wg sync.WaitGroup
	var keep [4][64][]byte
	for t := 0; t < 4; t++ {
		wg.Add(1)
		go func(mine *[64][]byte) {
			defer wg.Done()
			for i := 0; i < 4000; i++ {
				mine[i%64] = []byte(strings.Repeat("x", 8192))
				runtime.Gosched()
			}
		}(&keep[t])
	}
	wg.Wait()
	for t := range keep {
		for _, b := range keep[t] {
			kept += len(b)
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return kept, m.NumGC > 0
}

func pipeline() (sum int) { // a number through a thousand goroutines
	first := make(chan int)
	in := first
	for i := 0; i < 1000; i++ {
		out := make(chan int)
		go func(in, out chan int) {
			for n := range in {
				out <- n + 1
			}
			close(out)
		}(in, out)
		in = out
	}
	go func() {
		for i := 0; i < 20; i++ {
			first <- i
		}
		close(first)
	}()
	for n := range in {
		sum += n
	}
	return sum
}

func main() {
	if len(os.Args) > 1 {
		fmt.Println("ticks", spinners())
		fmt.Println(collections())
		fmt.Println("pipeline", pipeline())
		if os.Args[1] == "fork" {
			fmt.Println(exec.Command("/bin/true").Run())
		}
		return
	}
	var count int64
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		atomic.AddInt64(&count, 1)
		fmt.Fprintf(w, "%x", sha256.Sum256(body))
	})
	http.HandleFunc("/count", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, atomic.LoadInt64(&count))
	})
	go func() { fmt.Println(http.ListenAndServe(":80", nil)) }()
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGTERM)
	<-c
	fmt.Println("served", count)
}
