//! Work of several requests that shares one transaction and one commit: whoever finds others at it waits for the next
//! turn, which takes everybody who waits.
//!
//! A turn is done by one of those that wait. Whoever is dropped at it, because its client went away, leaves the others
//! theirs: they wait for another.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot::{self, error::TryRecvError};

/// A turn that takes longer is given up: a connection may never answer.
pub(super) const LONGEST_TURN: Duration = Duration::from_secs(15);

/// Those who wait for a turn.
pub(super) struct Turns<T, R> {
    waiting: Mutex<Vec<Waiting<T, R>>>,
    turn: tokio::sync::Mutex<()>,
}

/// What somebody wants done, and where to tell how it went.
pub(super) struct Waiting<T, R> {
    since: Instant,
    /// What is to be done.
    pub(super) what: T,
    done: oneshot::Sender<R>,
}

impl<T, R> Default for Turns<T, R> {
    fn default() -> Self {
        Self {
            waiting: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }
}

impl<T, R> Waiting<T, R> {
    /// Ends the wait. Who was dropped meanwhile does not hear it.
    pub(super) fn tell(self, result: R) {
        let _ = self.done.send(result);
    }
}

impl<T: Clone, R> Turns<T, R> {
    /// Waits until somebody has done this. `turn` takes those that wait and tells each of them; it may leave some for the
    /// next turn. To be repeated when it failed: what was done by somebody who was dropped at it is done again.
    pub(super) async fn wait<F>(&self, what: T, turn: impl Fn() -> F) -> R
    where
        F: Future<Output = ()>,
    {
        let mut told = self.push(what.clone());
        loop {
            let result = tokio::select! {
                biased;
                result = &mut told => result.ok(),
                _turn = self.turn.lock() => match told.try_recv() {
                    Ok(result) => Some(result),
                    Err(TryRecvError::Closed) => None,
                    Err(TryRecvError::Empty) => {
                        turn().await;
                        continue;
                    }
                },
            };
            match result {
                Some(result) => return result,
                // Whoever had this one's turn was dropped at it.
                None => told = self.push(what.clone()),
            }
        }
    }

    fn push(&self, what: T) -> oneshot::Receiver<R> {
        let (done, told) = oneshot::channel();
        let since = Instant::now();
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Waiting { since, what, done });
        told
    }

    /// Those that `choose` says, longest waiting first, given those that were chosen before; the others wait on.
    pub(super) fn take(&self, choose: impl Fn(&T, &[Waiting<T, R>]) -> bool) -> Vec<Waiting<T, R>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut taken, mut left) = (Vec::new(), Vec::new());
        for one in waiting.drain(..) {
            if choose(&one.what, &taken) {
                taken.push(one);
            } else {
                left.push(one);
            }
        }
        *waiting = left;
        taken
    }

    /// Those that wait since then or longer.
    pub(super) fn take_since(&self, then: Instant) -> Vec<Waiting<T, R>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let (taken, left) = waiting.drain(..).partition(|one| one.since <= then);
        *waiting = left;
        taken
    }

    /// The turn, for a test that lets others wait.
    #[cfg(test)]
    pub(super) async fn hold(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// For a test: two ask, the first has the turn of both and is dropped at it, where the caller makes it wait. The second
    /// still asks.
    #[cfg(test)]
    pub(super) async fn drop_the_leader<A: std::fmt::Debug, B>(
        &self,
        first: impl FnOnce() -> tokio::task::JoinHandle<A>,
        second: impl FnOnce() -> tokio::task::JoinHandle<B>,
    ) -> tokio::task::JoinHandle<B> {
        let a_while = || tokio::time::sleep(Duration::from_millis(300));
        let turn = self.hold().await;
        let leads = first();
        a_while().await;
        let follows = second();
        a_while().await;
        drop(turn);
        a_while().await;
        leads.abort();
        assert!(leads.await.unwrap_err().is_cancelled());
        follows
    }
}
