//! [`Interrupt`]: Ctrl-C asks to end in order; a second one ends at once.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

use crate::exit::{Exit, Failure};

/// Whether somebody wants the program to end.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt {
    raised: watch::Receiver<bool>,
}

impl Interrupt {
    /// Listens for Ctrl-C and termination from here on. Once per process.
    pub(crate) fn install() -> Result<Self, Failure> {
        let (sender, raised) = watch::channel(false);
        let again = AtomicBool::new(false);
        let handler = move || {
            if again.swap(true, Ordering::Relaxed) {
                process::exit(Exit::Interrupted.code().into());
            }
            sender.send_replace(true);
        };
        ctrlc::set_handler(handler)
            .map_err(|error| Failure::internal(format!("cannot listen for Ctrl-C: {error}")))?;
        Ok(Self { raised })
    }

    /// Nobody ever raises this one.
    pub(crate) fn never() -> Self {
        Self {
            raised: watch::channel(false).1,
        }
    }

    pub(crate) fn is_raised(&self) -> bool {
        *self.raised.borrow()
    }

    /// Waits until it is raised.
    pub(crate) async fn raised(&mut self) {
        if self.raised.wait_for(|raised| *raised).await.is_err() {
            // Nobody can raise it any more.
            std::future::pending::<()>().await;
        }
    }
}
