//! What one HTTP/2 connection can make the service hold.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use poem::http::Request;

use super::overload::peak_memory;
use crate::helpers::TestDatabase;
use crate::helpers::binary::{Binary, agent};

/// The most that the process may take under attack, in MiB.
const MOST: u64 = 128;

async fn client(binary: &Binary) -> h2::client::SendRequest<bytes::Bytes> {
    let stream = tokio::net::TcpStream::connect(binary.address).await.unwrap();
    let (client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Log-outs with a made-up cookie, each cancelled as soon as it is sent, on as many connections as it takes.
async fn hang_up_again_and_again(binary: &Binary, user_is_done: &AtomicBool) {
    let (mut sent, began) = (0, Instant::now());
    let goes_on = |sent| sent < 1000 || !user_is_done.load(Ordering::Relaxed);
    while goes_on(sent) {
        assert!(
            began.elapsed() < Duration::from_mins(1),
            "only {sent} requests were cancelled"
        );
        let mut client = client(binary).await;
        while goes_on(sent) {
            let Ok(ready) = client.clone().ready().await else { break };
            client = ready;
            let request = Request::post(binary.url("/api/auth/logout"))
                .header("cookie", "neptun-session=abcdefghijklmnopqrstuv")
                .body(())
                .unwrap();
            let Ok((response, mut stream)) = client.send_request(request, true) else {
                break;
            };
            stream.send_reset(h2::Reason::CANCEL);
            drop(response);
            sent += 1;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_are_cancelled_at_once_take_bounded_memory_and_others_are_served() {
    let database = TestDatabase::create().await;
    let binary = Binary::start(&database.url, &[("NEPTUN_AUTH_HASH_SLOTS", "1")]);
    let user_is_done = AtomicBool::new(false);
    let statuses = std::thread::scope(|scope| {
        let user = scope.spawn(|| {
            let statuses: Vec<_> = (0..10)
                .map(|number| {
                    std::thread::sleep(Duration::from_millis(250));
                    let email = format!("user{number}@example.com");
                    binary.post_credentials(&agent(), "/api/auth/sign-up", &email, "a long password")
                })
                .collect();
            user_is_done.store(true, Ordering::Relaxed);
            statuses
        });
        let attack = async {
            let attack = || hang_up_again_and_again(&binary, &user_is_done);
            tokio::join!(attack(), attack(), attack());
        };
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(attack));
        user.join().unwrap()
    });
    assert_eq!(statuses, [Some(200); 10]);
    let peak = peak_memory(binary.pid());
    assert!(peak <= MOST, "{peak} MiB");
}

/// Header lists that HPACK repeats from its table cost the client a byte for each field.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repeated_header_lists_take_bounded_memory() {
    let database = TestDatabase::create().await;
    let binary = Binary::start(&database.url, &[("NEPTUN_AUTH_HASH_SLOTS", "1")]);
    let mut held = Vec::new();
    for _ in 0..40 {
        let client = client(&binary).await;
        for number in 0..64 {
            // The service allows 32 at a time.
            let patience = Duration::from_millis(if number < 32 { 5000 } else { 20 });
            let Ok(ready) = tokio::time::timeout(patience, client.clone().ready()).await else {
                break;
            };
            let mut request = Request::post(binary.url("/api/auth/login")).header("content-type", "application/json");
            for _ in 0..7 {
                request = request.header("x-repeated", "y".repeat(2000));
            }
            // The body stays away, so the request and its header stay in flight.
            let Ok(mut ready) = ready else { break };
            held.extend(ready.send_request(request.body(()).unwrap(), false));
        }
    }
    assert!(held.len() > 500, "only {} requests were sent", held.len());
    std::thread::sleep(Duration::from_secs(1));
    let peak = peak_memory(binary.pid());
    assert!(peak <= MOST, "{peak} MiB");
}
