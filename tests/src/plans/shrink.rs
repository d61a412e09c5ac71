//! From a plan that fails to the least of it that still does.

use super::{Act, Plan};

/// Leaves out of `plan` what it fails without: acts in halves, quarters and one by one, then faults one by one. Asks
/// `still_fails` at most `budget` times.
pub async fn shrink<F>(plan: Plan, budget: usize, mut still_fails: F) -> Plan
where
    F: AsyncFnMut(&Plan) -> bool,
{
    let mut least = plan;
    let mut left = budget;
    let mut piece = least.acts.len().div_ceil(2).max(1);
    loop {
        let mut at = 0;
        let mut smaller = false;
        while at < least.acts.len() {
            if left == 0 {
                return least;
            }
            left -= 1;
            let mut tried = least.clone();
            let end = (at + piece).min(tried.acts.len());
            tried.acts.drain(at..end);
            if still_fails(&tried).await {
                least = tried;
                smaller = true;
            } else {
                at += piece;
            }
        }
        if piece > 1 {
            piece = piece.div_ceil(2);
        } else if !smaller {
            break;
        }
    }
    for n in 0..least.acts.len() {
        let (Act::Send { faults, .. } | Act::NewPhone { faults, .. }) = &least.acts[n] else {
            continue;
        };
        for fault in 0..faults.len() {
            let mut tried = least.clone();
            let (Act::Send { faults, .. } | Act::NewPhone { faults, .. }) = &mut tried.acts[n]
            else {
                break;
            };
            if faults[fault].take().is_none() {
                continue;
            }
            if left == 0 {
                return least;
            }
            left -= 1;
            if still_fails(&tried).await {
                least = tried;
            }
        }
    }
    for act in &mut least.acts {
        if let Act::Send { faults, .. } | Act::NewPhone { faults, .. } = act {
            while faults.last() == Some(&None) {
                faults.pop();
            }
        }
    }
    least
}
