// An HTTP server by Rust's std alone, a thread for each connection; with an argument, what std asks of a kernel.
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{mpsc, Arc, Barrier, Condvar, Mutex, RwLock};
use std::time::{Duration, Instant};
use std::{env, fs, panic, process, thread};

fn threads() {
    let map = Arc::new(RwLock::new(HashMap::new()));
    let barrier = Arc::new(Barrier::new(8));
    let all: Vec<_> = (0..8u64)
        .map(|i| {
            let (map, barrier) = (map.clone(), barrier.clone());
            thread::spawn(move || {
                let mut x = i;
                for round in 0..50 {
                    for k in 0..2000u64 {
                        x = x.wrapping_mul(6364136223846793005).wrapping_add(k);
                    }
                    map.write().unwrap().insert((i, round), x);
                    barrier.wait();
                }
                x
            })
        })
        .collect();
    let mix = all.into_iter().map(|t| t.join().unwrap()).fold(0, |a, b| a ^ b);
    println!("threads {} {}", mix, map.read().unwrap().len());

    let (sender, receiver) = mpsc::channel();
    for i in 0..4u64 {
        let sender = sender.clone();
        thread::spawn(move || (0..5000).for_each(|k| sender.send(i * k).unwrap()));
    }
    drop(sender);
    println!("channel {}", receiver.iter().sum::<u64>());

    let pair = Arc::new((Mutex::new(0), Condvar::new()));
    let other = pair.clone();
    thread::spawn(move || {
        for _ in 0..1000 {
            *other.0.lock().unwrap() += 1;
            other.1.notify_one();
        }
    });
    let mut n = pair.0.lock().unwrap();
    while *n < 1000 {
        n = pair.1.wait_timeout(n, Duration::from_secs(60)).unwrap().0;
    }
    println!("condition {}", *n);
    let start = Instant::now();
    thread::sleep(Duration::from_millis(20));
    println!("slept {}", start.elapsed() >= Duration::from_millis(20));
    panic::set_hook(Box::new(|_| {}));
    println!("unwound {}", panic::catch_unwind(|| [1][env::args().len()]).is_err());
    println!("joined {}", thread::spawn(|| panic!()).join().is_err());
    fs::create_dir_all("/tmp/rust/a/b").unwrap();
    fs::write("/tmp/rust/a/b/f", "text").unwrap();
    println!("files {:?} {}", fs::read_to_string("/tmp/rust/a/b/f").unwrap(), fs::read_dir("/tmp/rust/a").unwrap().count());
    fs::remove_dir_all("/tmp/rust").unwrap();
}

/* The answer to a request is the sum of its body's bytes, or how many there were before. */
fn serve(stream: TcpStream, count: &AtomicUsize) -> Result<()> {
    let mut out = stream.try_clone()?;
    let mut input = BufReader::new(stream);
    let mut request = String::new();
    while input.read_line(&mut request)? > 0 {
        let mut length = 0;
        loop {
            let mut header = String::new();
            if input.read_line(&mut header)? == 0 || header == "\r\n" {
                break;
            }
            if let Some(n) = header.to_lowercase().strip_prefix("content-length:") {
                length = n.trim().parse().unwrap_or(0);
            }
        }
        let mut body = vec![0; length];
        input.read_exact(&mut body)?;
        let answer = if request.starts_with("GET /count ") {
            count.load(Ordering::SeqCst).to_string()
        } else {
            count.fetch_add(1, Ordering::SeqCst);
            body.iter().map(|&b| b as u64).sum::<u64>().to_string()
        };
        write!(out, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", answer.len(), answer)?;
        request.clear();
    }
    Ok(())
}

fn main() {
    match env::args().nth(1).as_deref() {
        Some("fork") => return println!("{}", process::Command::new("/bin/true").status().unwrap_err()),
        Some(_) => return threads(),
        None => (),
    }
    let count = Arc::new(AtomicUsize::new(0));
    for stream in TcpListener::bind("0.0.0.0:80").unwrap().incoming() {
        let count = count.clone();
        if let Ok(stream) = stream {
            thread::spawn(move || serve(stream, &count));
        }
    }
}
