//! Lets a client finish its sentence before it hears a refusal. One that is still sending a photo's bytes when the
//! connection closes sees a broken pipe, and never the 507 that tells it to wait.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::sync::oneshot;

/// So much of a refused body is read and thrown away: more than lies in the buffers between a phone and us.
const MOST_BYTES: usize = 1024 * 1024;
/// For so long.
const LONGEST: Duration = Duration::from_secs(10);

/// Runs a handler; when it refuses and left some of the body unread, reads on for a while before the answer goes out.
pub(super) async fn linger(request: Request, next: Next) -> Response {
    // Whoever asked first sends nothing before our answer.
    if request.headers().contains_key(header::EXPECT) {
        return next.run(request).await;
    }
    let (give_back, mut left) = oneshot::channel();
    let request = request.map(|body| {
        Body::new(Lent {
            body: Some(body),
            give_back: Some(give_back),
        })
    });
    let response = next.run(request).await;
    if (response.status().is_client_error() || response.status().is_server_error())
        && let Ok(rest) = left.try_recv()
    {
        // Out of time, or broken off: then the client is not listening anyway.
        let _ = tokio::time::timeout(LONGEST, throw_away(rest)).await;
    }
    response
}

async fn throw_away(mut rest: Body) {
    let mut seen = 0;
    while seen < MOST_BYTES
        && let Some(Ok(frame)) = rest.frame().await
    {
        seen += frame.data_ref().map_or(0, Bytes::len);
    }
}

/// A request's body that comes back when its handler drops it.
struct Lent {
    body: Option<Body>,
    give_back: Option<oneshot::Sender<Body>>,
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(SizeHint::default, Body::size_hint)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let (Some(body), Some(give_back)) = (self.body.take(), self.give_back.take())
            && !body.is_end_stream()
        {
            // Nobody waits for it any more: it is dropped as it would have been.
            let _ = give_back.send(body);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::http::StatusCode;
    use axum::middleware::from_fn;
    use axum::response::IntoResponse;
    use futures_util::stream;
    use tower::{Layer as _, Service, ServiceExt as _, service_fn};

    use super::*;

    const PIECE: usize = 64 * 1024;

    /// A body of so many pieces, and how many of them were asked for.
    fn a_body(pieces: usize) -> (Body, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = asked.clone();
        let body = stream::iter((0..pieces).map(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok::<_, axum::Error>(Bytes::from(vec![7; PIECE]))
        }));
        (Body::from_stream(body), asked)
    }

    fn answering(
        status: StatusCode,
    ) -> impl Service<Request, Response = Response, Error = std::convert::Infallible> {
        from_fn(linger).layer(service_fn(move |_request: Request| async move {
            Ok::<_, std::convert::Infallible>(status.into_response())
        }))
    }

    #[tokio::test]
    async fn a_refusal_is_heard_by_a_client_that_is_still_sending() {
        let (body, asked) = a_body(10);
        let refused = answering(StatusCode::INSUFFICIENT_STORAGE);
        let response = refused.oneshot(Request::new(body)).await.unwrap();
        assert_eq!(response.status(), StatusCode::INSUFFICIENT_STORAGE);
        assert_eq!(asked.load(Ordering::SeqCst), 10, "all of it was read first");
    }

    #[tokio::test]
    async fn a_body_without_end_is_not_read_for_ever() {
        let (body, asked) = a_body(100_000);
        let refused = answering(StatusCode::UNAUTHORIZED);
        refused.oneshot(Request::new(body)).await.unwrap();
        assert_eq!(asked.load(Ordering::SeqCst), MOST_BYTES / PIECE);
    }

    #[tokio::test]
    async fn who_asked_first_or_was_answered_well_is_not_waited_for() {
        let (body, asked) = a_body(10);
        answering(StatusCode::CREATED)
            .oneshot(Request::new(body))
            .await
            .unwrap();
        assert_eq!(asked.load(Ordering::SeqCst), 0);
        let (body, asked) = a_body(10);
        let request = Request::builder()
            .header(header::EXPECT, "100-continue")
            .body(body)
            .unwrap();
        answering(StatusCode::CONFLICT)
            .oneshot(request)
            .await
            .unwrap();
        assert_eq!(asked.load(Ordering::SeqCst), 0);
    }
}
