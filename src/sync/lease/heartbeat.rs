//! Renews the lease of a run while its worker is busy, and detects a cancel.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::domain::operation::Lease;
use crate::domain::sync_id::SyncId;
use crate::store::lease::LeaseRenewal;
use crate::sync::SyncEngine;
use crate::sync::outage_log::OutageLog;
use crate::sync::run_log;
use crate::sync::run_signal::RunSignal;

/// How often a cancel is checked for: it must take effect within 5 s.
const CANCEL_CHECK_INTERVAL: Duration = Duration::from_millis(500);

/// The heartbeat of one run. Dropping it ends its thread.
pub(in crate::sync) struct LeaseHeartbeat {
    id: SyncId,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl LeaseHeartbeat {
    /// Starts the heartbeat of the run that holds `lease`.
    ///
    /// # Errors
    /// The system's error when it cannot start another thread.
    pub(in crate::sync) fn start(engine: &SyncEngine, lease: Lease, signal: Arc<RunSignal>) -> std::io::Result<Self> {
        let engine = engine.clone();
        let (stop, stopped) = channel();
        let thread = std::thread::Builder::new()
            .name("heartbeat".to_owned())
            .spawn(move || renew_until_stopped(&engine, lease, &signal, &stopped))?;
        Ok(Self { id: lease.id, stop: Some(stop), thread: Some(thread) })
    }
}

fn renew_until_stopped(engine: &SyncEngine, lease: Lease, signal: &RunSignal, stopped: &Receiver<()>) {
    let interval = CANCEL_CHECK_INTERVAL.min(engine.timeouts.renewal_interval);
    let mut renewed_at = Instant::now();
    let mut outage = OutageLog::for_run(lease.id, "the lease", "renewed");
    while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(interval) {
        let requested_at = Instant::now();
        let is_due = requested_at.duration_since(renewed_at) >= engine.timeouts.renewal_interval;
        let result = if is_due {
            engine.store.renew_lease(lease, engine.timeouts.lease)
        } else {
            engine.store.check_lease(lease)
        };
        match outage.record(result) {
            Some(LeaseRenewal::Held { cancel_requested }) => {
                if is_due {
                    renewed_at = requested_at;
                    signal.record_renewal(requested_at, engine.timeouts.lease);
                }
                if cancel_requested {
                    signal.request_cancel();
                }
            }
            Some(LeaseRenewal::Lost) => {
                signal.lose_lease();
                return;
            }
            // The lease may still hold: the next beat tries again, and every write checks it.
            None => {}
        }
    }
}

impl Drop for LeaseHeartbeat {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            run_log::log_error(self.id, format_args!("its heartbeat panicked"));
        }
    }
}
