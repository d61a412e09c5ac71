//! What every store promises, as one test that each of them runs.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use uuid::Uuid;

use super::{BlobError, BlobKey, BlobPrefix, Blobs, ChunkKey, Ciphertext, DerivativeSide};
use crate::clock::{Ids, SystemClock};

/// Runs the whole contract. The store may hold other objects; what the test makes, it removes.
pub(super) async fn holds(store: Arc<dyn Blobs>) {
    let ids = Ids::new(Arc::new(SystemClock));
    store.ready().await.unwrap();
    an_absent_object_is_not_found(&*store, &ids).await;
    what_was_put_is_read_back(&*store, &ids).await;
    the_same_again_is_harmless(&*store, &ids).await;
    concurrent_writers_and_readers_see_whole_objects(&store, &ids).await;
    listings_are_ordered_paged_and_kept_apart(&*store, &ids).await;
    an_abandoned_write_leaves_all_or_nothing(&store, &ids).await;
    if let Some(space) = store.free_space().await.unwrap() {
        assert!(space.free_bytes <= space.total_bytes && space.total_bytes > 0);
    }
    store.ready().await.unwrap();
}

/// A test cannot be made on this machine. Told to who runs it, and to the file that `tests/run` reads its skips from.
pub(super) fn skipped(why: &str) {
    use std::io::Write as _;
    println!("skipped: {why}");
    if let Some(list) = std::env::var_os("TILIK_TEST_SKIPS") {
        let list = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(list);
        writeln!(list.unwrap(), "{why}").unwrap();
    }
}

fn random(ids: &Ids, len: usize) -> Ciphertext {
    let mut bytes = vec![0; len];
    ids.fill(&mut bytes);
    Ciphertext(bytes.into())
}

fn a_photo(ids: &Ids) -> BlobKey {
    BlobKey::original(ids.next(), &ids.bytes())
}

async fn an_absent_object_is_not_found(store: &dyn Blobs, ids: &Ids) {
    let key = a_photo(ids);
    assert!(matches!(store.get(&key).await, Err(BlobError::NotFound)));
    assert_eq!(store.head(&key).await.unwrap(), None);
    store.delete(&key).await.unwrap();
    let nothing = store
        .list(&BlobPrefix::chunks(Uuid::from_u128(0)), None, 10)
        .await
        .unwrap();
    assert_eq!((nothing.objects.len(), nothing.next), (0, None));
}

async fn what_was_put_is_read_back(store: &dyn Blobs, ids: &Ids) {
    for len in [0, 1, 97, 65_536, 300_000, 10 * 1024 * 1024 + 97] {
        let bytes = random(ids, len);
        for key in [
            a_photo(ids),
            BlobKey::derivative(ids.next(), &ids.bytes(), DerivativeSide::Px1600),
            BlobKey::attachment(ids.next(), &ids.bytes()),
            BlobKey::feed(ids.next(), &ids.bytes()),
            BlobKey::export(ids.next(), &ids.bytes()),
        ] {
            store.put(&key, bytes.clone()).await.unwrap();
            assert_eq!(store.head(&key).await.unwrap(), Some(len as u64), "{key}");
            assert!(
                store.get(&key).await.unwrap() == bytes.bytes(),
                "{key} of {len} bytes"
            );
            store.delete(&key).await.unwrap();
            assert!(
                matches!(store.get(&key).await, Err(BlobError::NotFound)),
                "{key}"
            );
            assert_eq!(store.head(&key).await.unwrap(), None, "{key}");
        }
    }
}

async fn the_same_again_is_harmless(store: &dyn Blobs, ids: &Ids) {
    let upload: Uuid = ids.next();
    let key = ChunkKey::new(upload, 0, ids.next::<Uuid>());
    let bytes = random(ids, 70_000);
    for _ in 0..3 {
        store.put(key.as_key(), bytes.clone()).await.unwrap();
        assert_eq!(store.get(key.as_key()).await.unwrap(), bytes.bytes());
    }
    let page = store
        .list(&BlobPrefix::chunks(upload), None, 10)
        .await
        .unwrap();
    assert_eq!(page.objects.len(), 1);
    assert_eq!((page.objects[0].size_bytes, page.next), (70_000, None));
    store.delete(key.as_key()).await.unwrap();
    store.delete(key.as_key()).await.unwrap();
}

async fn concurrent_writers_and_readers_see_whole_objects(store: &Arc<dyn Blobs>, ids: &Ids) {
    let key = a_photo(ids);
    // As in use: each writer's bytes are sealed anew, so the same content comes as different bytes.
    let versions: Vec<Ciphertext> = (0..6).map(|_| random(ids, 300_000)).collect();
    store.put(&key, versions[0].clone()).await.unwrap();
    let writers: Vec<_> = versions
        .iter()
        .map(|bytes| {
            let (store, key, bytes) = (store.clone(), key.clone(), bytes.clone());
            tokio::spawn(async move { store.put(&key, bytes).await })
        })
        .collect();
    let is_whole = |read: &Bytes| versions.iter().any(|v| v.bytes() == read);
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        assert!(is_whole(&store.get(&key).await.unwrap()));
    }
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    assert!(is_whole(&store.get(&key).await.unwrap()));
    store.delete(&key).await.unwrap();
}

async fn listings_are_ordered_paged_and_kept_apart(store: &dyn Blobs, ids: &Ids) {
    let (upload, other): (Uuid, Uuid) = (ids.next(), ids.next());
    let offsets = [0, 7, 65_536, 131_072, 9_999_999];
    let keys = offsets.map(|offset| {
        ChunkKey::new(upload, offset, ids.next::<Uuid>())
            .as_key()
            .clone()
    });
    let stranger = ChunkKey::new(other, 0, ids.next::<Uuid>());
    for key in keys.iter().rev().chain([stranger.as_key()]) {
        store.put(key, random(ids, 10)).await.unwrap();
    }
    for limit in 1..=6 {
        let mut seen = Vec::new();
        let mut after = None;
        for page_number in 0.. {
            assert!(page_number <= keys.len(), "the listing ends");
            let page = store
                .list(&BlobPrefix::chunks(upload), after.as_ref(), limit)
                .await
                .unwrap();
            assert!(page.objects.len() <= limit);
            seen.extend(page.objects.into_iter().map(|o| o.key));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, keys, "pages of {limit}");
    }
    // The place to go on from may have been deleted meanwhile.
    store.delete(&keys[1]).await.unwrap();
    let rest = store
        .list(&BlobPrefix::chunks(upload), Some(&keys[1]), 10)
        .await
        .unwrap();
    assert_eq!(
        rest.objects.iter().map(|o| &o.key).collect::<Vec<_>>(),
        keys[2..].iter().collect::<Vec<_>>()
    );

    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page = store
            .list(&BlobPrefix::staging(), after.as_ref(), 2)
            .await
            .unwrap();
        all.extend(page.objects.into_iter().map(|o| o.key));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert!(all.is_sorted());
    assert!(all.contains(stranger.as_key()) && all.contains(&keys[4]) && !all.contains(&keys[1]));
    for key in keys.iter().chain([stranger.as_key()]) {
        store.delete(key).await.unwrap();
    }
}

async fn an_abandoned_write_leaves_all_or_nothing(store: &Arc<dyn Blobs>, ids: &Ids) {
    for polls in 1..=8 {
        let key = a_photo(ids);
        let bytes = random(ids, 300_000);
        let mut put = store.put(&key, bytes.clone());
        for _ in 0..polls {
            if let Poll::Ready(done) = put.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                done.unwrap();
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(put);
        match store.get(&key).await {
            Ok(read) => assert_eq!(read, bytes.bytes()),
            Err(told) => assert!(matches!(told, BlobError::NotFound), "{told}"),
        }
        // Writing again after an abandoned write gives the whole object.
        store.put(&key, bytes.clone()).await.unwrap();
        assert_eq!(store.get(&key).await.unwrap(), bytes.bytes());
        store.delete(&key).await.unwrap();
    }
}
