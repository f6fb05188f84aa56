//! Sends a long file in chunks, each produced on a blocking thread when the client has read the one before. A slow
//! client therefore occupies neither a thread nor memory.

use std::io;

use actix_web::web::{self, Bytes};
use futures_util::stream::{self, Stream};

use super::app_state::{AppData, AppState};
use super::error::WebError;

/// Produces the parts of a file one after the other.
pub(in crate::web) trait ChunkProducer: Send + 'static {
    /// The next part; `None` at the end.
    fn next_chunk(&mut self, state: &AppState) -> Result<Option<Vec<u8>>, WebError>;
}

/// The parts of a file as the body of a response, beginning with the first one, which the caller has produced already,
/// so that it can still respond with an error. A later error breaks the response off: the client then knows that it has
/// not received everything.
pub(in crate::web) fn stream_chunks(
    state: AppData,
    first: Vec<u8>,
    producer: impl ChunkProducer,
) -> impl Stream<Item = io::Result<Bytes>> {
    let begin = Some((state, Some(first), producer));
    stream::unfold(begin, |held| async move {
        let (state, first, mut producer) = held?;
        if let Some(first) = first {
            return Some((Ok(Bytes::from(first)), Some((state, None, producer))));
        }
        let produced = web::block(move || {
            let chunk = producer.next_chunk(&state);
            (state, producer, chunk)
        });
        match produced.await {
            Ok((state, producer, Ok(chunk))) => Some((Ok(Bytes::from(chunk?)), Some((state, None, producer)))),
            Ok((.., Err(error))) => Some((Err(io::Error::other(error.message)), None)),
            Err(error) => Some((Err(io::Error::other(error)), None)),
        }
    })
}
