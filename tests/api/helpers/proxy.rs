//! A proxy to the database server that fails as networks do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
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

/// A server of nothing: it accepts every connection and keeps it, or closes it at once. Returns its port.
pub async fn without_server(keeps_connections: bool) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((client, _)) = listener.accept().await {
            kept.extend(keeps_connections.then_some(client));
        }
    });
    port
}

/// A proxy to a server that can go away, in a way that its clients can tell or not, and come back.
#[derive(Clone)]
pub struct Switch {
    pub url: String,
    state: watch::Sender<State>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum State {
    Up,
    /// Connections stay open, new ones are accepted, and no byte moves.
    Silent,
    /// Connections are closed, and so are new ones as soon as they are accepted.
    Closing,
}

impl Switch {
    /// A proxy to the server of `database_url`.
    pub async fn to(database_url: &str) -> Self {
        let mut url = Url::parse(database_url).unwrap();
        let server = (url.host_str().unwrap().to_owned(), url.port().unwrap_or(5432));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        let state = watch::Sender::new(State::Up);
        let states = state.subscribe();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(forward(client, server, states.clone()));
            }
        });
        Self { url: url.into(), state }
    }

    pub fn set(&self, state: State) {
        self.state.send_replace(state);
    }
}

/// Forwards until the state changes. Connections from before do not come back to life.
async fn forward(mut client: TcpStream, mut server: TcpStream, mut states: watch::Receiver<State>) {
    let state = *states.borrow_and_update();
    if state == State::Up {
        tokio::select! {
            _ = tokio::io::copy_bidirectional(&mut client, &mut server) => return,
            _ = states.changed() => {}
        }
    }
    if *states.borrow() == State::Silent {
        std::future::pending::<()>().await;
    }
}
