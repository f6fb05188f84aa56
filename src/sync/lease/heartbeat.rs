//! Keeps a run's lease alive while its worker is busy, and learns of a cancel.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::domain::operation::Lease;
use crate::domain::sync_id::SyncId;
use crate::store::lease::LeaseRenewal;
use crate::sync::engine::SyncEngine;
use crate::sync::outage_log::OutageLog;
use crate::sync::run_log;
use crate::sync::run_signal::RunSignal;

/// How often a cancel is looked for: it has to take effect within 5 s.
const LOOK: Duration = Duration::from_millis(500);

/// The heartbeat of one run; it ends with this value.
pub(in crate::sync) struct LeaseHeartbeat {
    id: SyncId,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl LeaseHeartbeat {
    /// Begins.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub(in crate::sync) fn begin(engine: &SyncEngine, lease: Lease, signal: Arc<RunSignal>) -> std::io::Result<Self> {
        let engine = engine.clone();
        let (stop, stopped) = channel();
        let thread = std::thread::Builder::new().name("heartbeat".to_owned()).spawn(move || {
            let mut renewed = Instant::now();
            let mut outage = OutageLog::of(lease.id, "the lease", "renewed");
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(LOOK.min(engine.terms.renewal)) {
                let asked = Instant::now();
                let due = asked.duration_since(renewed) >= engine.terms.renewal;
                let answer =
                    if due { engine.store.renew(lease, engine.terms.lease) } else { engine.store.look_at_lease(lease) };
                match outage.note(answer) {
                    Some(LeaseRenewal::Held { cancel_requested }) => {
                        if due {
                            renewed = asked;
                            signal.renewed(asked, engine.terms.lease);
                        }
                        if cancel_requested {
                            signal.cancel();
                        }
                    }
                    Some(LeaseRenewal::Lost) => {
                        signal.lose_lease();
                        return;
                    }
                    // Not known to be lost: the next beat asks again, and every write asks for itself.
                    None => {}
                }
            }
        })?;
        Ok(Self { id: lease.id, stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for LeaseHeartbeat {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            run_log::failure(self.id, format_args!("its heartbeat panicked"));
        }
    }
}
