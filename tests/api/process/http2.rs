//! What one HTTP/2 connection can make the service hold.

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
async fn hang_up_again_and_again(binary: &Binary, until: Instant) -> u64 {
    let mut sent = 0;
    while Instant::now() < until {
        let mut client = client(binary).await;
        while Instant::now() < until {
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
    sent
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_are_cancelled_at_once_take_bounded_memory_and_others_are_served() {
    let database = TestDatabase::create().await;
    let binary = Binary::start(&database.url, &[("NEPTUN_AUTH_HASH_SLOTS", "1")]);
    let until = Instant::now() + Duration::from_secs(3);
    let statuses = std::thread::scope(|scope| {
        let user = scope.spawn(|| {
            let statuses: Vec<_> = (0..10)
                .map(|number| {
                    std::thread::sleep(Duration::from_millis(250));
                    let email = format!("user{number}@example.com");
                    binary.post_credentials(&agent(), "/api/auth/sign-up", &email, "a long password")
                })
                .collect();
            statuses
        });
        let attack = async {
            let attack = || hang_up_again_and_again(&binary, until);
            let (one, two, three) = tokio::join!(attack(), attack(), attack());
            let sent = one + two + three;
            assert!(sent > 1000, "only {sent} requests were cancelled");
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
        for _ in 0..64 {
            let Ok(ready) = tokio::time::timeout(Duration::from_millis(20), client.clone().ready()).await else {
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
