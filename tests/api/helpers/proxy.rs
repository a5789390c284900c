//! A proxy to the database server that fails as networks do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// Starts a proxy to the server of `database_url` and returns its URL. The first statement that contains `words` is
/// lost. Its connection stays silent from then on, without being closed.
pub async fn silent_after(database_url: &str, words: &'static str) -> String {
    let mut url = Url::parse(database_url).unwrap();
    let server = (url.host_str().unwrap().to_owned(), url.port().unwrap_or(5432));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
    let has_happened = Arc::new(AtomicBool::new(false));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&server).await.unwrap();
            tokio::spawn(carry(client, server, words, Arc::clone(&has_happened)));
        }
    });
    url.into()
}

async fn carry(mut client: TcpStream, mut server: TcpStream, words: &str, has_happened: Arc<AtomicBool>) {
    let (mut asked, mut answered) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(length @ 1..) = read else { return };
                let asked = &asked[..length];
                let is_it = asked.windows(words.len()).any(|part| part == words.as_bytes());
                if is_it && !has_happened.swap(true, Ordering::SeqCst) {
                    std::future::pending::<()>().await;
                }
                server.write_all(asked).await.unwrap();
            }
            read = server.read(&mut answered) => {
                let Ok(length @ 1..) = read else { return };
                client.write_all(&answered[..length]).await.unwrap();
            }
        }
    }
}
