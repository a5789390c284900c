//! `/api/auth/events`: a stream of server-sent events about the caller's session.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use poem::Body;
use poem_openapi::payload::Binary;
use poem_openapi::{ApiResponse, OpenApi};
use serde_json::{Value, json};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, interval_at};

use crate::api::error::{ApiError, ErrorCode};
use crate::api::guard::Follower;
use crate::api::tag::Tag;
use crate::app::App;
use crate::app::streams::OpenStream;
use crate::flows::session::follow_session::{SessionNews, follow_session};
use crate::model::client::Client;
use crate::model::session::SignedIn;
use crate::model::session::secret::SessionSecret;

/// Pause between two looks at the session. Other instances' changes are known within a second.
const LOOK_INTERVAL: Duration = Duration::from_millis(300);
/// While memory can't tell, each look reads the database, so most are left out.
const LOOKS_PER_READ: u8 = 4;
/// A comment this often shows proxies that the stream is in use, and shows us that its client is still there.
const COMMENT_INTERVAL: Duration = Duration::from_secs(15);

pub struct StreamApi(pub App);

#[derive(ApiResponse)]
enum StreamResponse {
    /// Server-sent events.
    #[oai(status = 200, content_type = "text/event-stream")]
    Open(
        Binary<Body>,
        /// `no`, so that nginx does not hold events back.
        #[oai(header = "X-Accel-Buffering")]
        String,
    ),
}

#[OpenApi(tag = "Tag::Events")]
impl StreamApi {
    /// Follow your session
    ///
    /// Returns a stream of server-sent events, for `EventSource` in a page. Each has JSON in its data:
    ///
    /// - `hello` with `session_id` comes first, also after each reconnection: read again what you show.
    /// - `user_changed` with `user_id` when your address changes or is confirmed: read the session again.
    /// - `session_ended` with `session_id` when your session ends. It is the last event.
    ///
    /// The stream also ends, without `session_ended`, when the service stops and when your session gets a new cookie;
    /// `EventSource` then reconnects by itself. Listening does not count as a use of the session.
    ///
    /// Answers 401 `not_authenticated` without a session, 403 `origin_not_allowed` for pages of other origins, and 503
    /// `unavailable` if your session has six streams already or the service has too many.
    #[oai(path = "/api/auth/events", method = "get", operation_id = "streamEvents")]
    async fn stream_events(&self, follower: Follower, client: Client) -> Result<StreamResponse, ApiError> {
        let Follower(secret, signed_in) = follower;
        let place = self.0.streams.open(signed_in.session_id, &client);
        let following = Following::new(&self.0, secret, signed_in, place.ok_or(ErrorCode::Unavailable)?);
        Ok(StreamResponse::Open(Binary(following.into_body()), "no".to_owned()))
    }
}

/// One stream.
struct Following {
    app: App,
    secret: SessionSecret,
    seen: Arc<SignedIn>,
    progress: Progress,
    looks: Interval,
    comments: Interval,
    /// Looks since the last one that may have read the database.
    left_out: u8,
    _place: OpenStream,
}

#[derive(PartialEq)]
enum Progress {
    New,
    Greeted,
    Over,
}

impl Following {
    fn new(app: &App, secret: SessionSecret, seen: Arc<SignedIn>, place: OpenStream) -> Self {
        let mut looks = interval(LOOK_INTERVAL);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            app: app.clone(),
            secret,
            seen,
            progress: Progress::New,
            looks,
            comments: interval_at(Instant::now() + COMMENT_INTERVAL, COMMENT_INTERVAL),
            left_out: 0,
            _place: place,
        }
    }

    fn into_body(self) -> Body {
        Body::from_bytes_stream(stream::unfold(self, |mut following| async move {
            let next = following.next().await?;
            Some((Ok::<Bytes, io::Error>(next), following))
        }))
    }

    /// The next part of the stream; `None` at its end.
    async fn next(&mut self) -> Option<Bytes> {
        match self.progress {
            Progress::New => {
                self.progress = Progress::Greeted;
                return Some(event("hello", &json!({ "session_id": self.seen.session_id })));
            }
            Progress::Greeted => {}
            Progress::Over => return None,
        }
        let draining = self.app.draining.clone();
        loop {
            tokio::select! {
                () = draining.cancelled() => return None,
                _ = self.comments.tick() => return Some(Bytes::from_static(b": still here\n\n")),
                _ = self.looks.tick() => match self.look().await {
                    Some(SessionNews::UserChanged(now)) => {
                        self.seen = now;
                        return Some(event("user_changed", &json!({ "user_id": self.seen.user_id })));
                    }
                    Some(SessionNews::Ended) => {
                        self.progress = Progress::Over;
                        return Some(event("session_ended", &json!({ "session_id": self.seen.session_id })));
                    }
                    Some(SessionNews::Replaced) => return None,
                    None => {}
                }
            }
        }
    }

    async fn look(&mut self) -> Option<SessionNews> {
        self.left_out += 1;
        if self.left_out < LOOKS_PER_READ && !self.app.session_cache.is_trusted() {
            return None;
        }
        self.left_out = 0;
        let (app, secret, seen) = (self.app.clone(), self.secret, Arc::clone(&self.seen));
        // In a task of its own: a client that leaves must not abandon a statement on its connection.
        let looking = tokio::spawn(async move { follow_session(&app, secret, &seen).await });
        match looking.await {
            Ok(Ok(news)) => news,
            Ok(Err(error)) => {
                tracing::debug!(
                    error = format!("{error:#}"),
                    "a stream could not look at its session; it tries again"
                );
                None
            }
            Err(error) => {
                tracing::error!(%error, "a stream's look at its session failed; it tries again");
                None
            }
        }
    }
}

fn event(name: &str, data: &Value) -> Bytes {
    // JSON on one line has no line break, which would end the data.
    format!("event: {name}\ndata: {data}\n\n").into()
}
