//! A stream of server-sent events.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use poem::http::Method;
use poem::{Body, Response};
use tokio::time::timeout;

use super::{Answer, Client};

/// Far longer than anything that a stream waits for, except a comment.
const PATIENCE: Duration = Duration::from_secs(30);

/// An open stream; dropping it closes it.
pub struct TestStream {
    /// Status and headers; the body is the stream.
    pub answer: Answer,
    bytes: BoxStream<'static, std::io::Result<bytes::Bytes>>,
    text: String,
}

impl TestStream {
    fn of(response: Response) -> Self {
        Self {
            answer: Answer {
                status: response.status(),
                headers: response.headers().clone(),
                body: String::new(),
            },
            bytes: response.into_body().into_bytes_stream().boxed(),
            text: String::new(),
        }
    }

    /// The name of the next event, whose data is JSON; `None` at the end. Comments are left out.
    pub async fn next(&mut self) -> Option<String> {
        loop {
            if let Some((part, rest)) = self.text.split_once("\n\n") {
                let (part, rest) = (part.to_owned(), rest.to_owned());
                self.text = rest;
                if part.starts_with(':') {
                    continue;
                }
                let (name, data) = part.split_once("\ndata: ").unwrap();
                serde_json::from_str::<serde_json::Value>(data).unwrap();
                return Some(name.strip_prefix("event: ").unwrap().to_owned());
            }
            let bytes = timeout(PATIENCE, self.bytes.next()).await.expect("an event in time");
            self.text += std::str::from_utf8(&bytes?.unwrap()).unwrap();
        }
    }
}

impl Client {
    /// Opens the stream of the session in the jar.
    pub async fn stream(&self, headers: &[(&str, &str)]) -> TestStream {
        let response = self
            .respond(Method::GET, "/api/auth/events", headers, Body::empty())
            .await;
        TestStream::of(response)
    }

    /// Opens the stream and reads its greeting.
    pub async fn open_stream(&self) -> TestStream {
        let mut stream = self.stream(&[]).await;
        stream.answer.ok();
        assert_eq!(stream.next().await.as_deref(), Some("hello"));
        stream
    }
}
