//! A body that keeps its connection in use while it has nothing to send yet.

use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Frame, SizeHint};

use super::activity::{Activity, InFlight};

/// A response's body. While it waits for its own next part, as a stream of events does for minutes, the connection is
/// not idle. While a part waits for the client to read it, the connection counts as idle: a client that reads nothing
/// is cut off.
#[derive(Debug)]
pub struct CountedBody<B> {
    body: B,
    activity: Activity,
    waiting: Option<InFlight>,
}

impl<B> CountedBody<B> {
    #[must_use]
    pub fn new(body: B, activity: Activity) -> Self {
        Self {
            body,
            activity,
            waiting: None,
        }
    }
}

impl<B: Body + Unpin> Body for CountedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if polled.is_ready() {
            self.waiting = None;
        } else if self.waiting.is_none() {
            self.waiting = Some(self.activity.hold());
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::time::Duration;

    use futures_util::task::noop_waker;
    use hyper::Version;

    use super::*;

    /// Sends a part at every second poll.
    struct Slow(bool);

    impl Body for Slow {
        type Data = &'static [u8];
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
            self.0 = !self.0;
            if self.0 {
                Poll::Pending
            } else {
                Poll::Ready(Some(Ok(Frame::data(&b"part"[..]))))
            }
        }
    }

    #[test]
    fn a_connection_is_in_use_while_its_body_waits_and_idle_while_its_client_does_not_read() {
        let activity = Activity::default();
        drop(activity.begin(Version::HTTP_11));
        let is_idle = || activity.is_idle_for(Duration::ZERO, Duration::ZERO);
        let mut body = CountedBody::new(Slow(false), activity.clone());
        let waker = noop_waker();
        let mut poll = || {
            Pin::new(&mut body)
                .poll_frame(&mut Context::from_waker(&waker))
                .is_ready()
        };
        for _ in 0..3 {
            assert!(!poll());
            assert!(!is_idle(), "it waits for the body");
            assert!(poll());
            assert!(is_idle(), "it waits for the client");
        }
        assert!(!poll());
        drop(body);
        assert!(is_idle());
    }
}
