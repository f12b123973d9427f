//! Faults of a relay, for the checkers to see.

use core::cell::Cell;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A command that has arrived is acknowledged and forgotten.
    Loses,
    /// That a small command has arrived is forgotten: it comes again, and is taken again.
    Doubles,
    /// A bit of a snapshot that a player is sent is another.
    Damages,
}

thread_local! {
    static FAULT: Cell<Option<(Fault, u64)>> = const { Cell::new(None) };
}

/// Lets this thread's relays have a fault at the command, or the snapshot, that so many come before; returns the one that was
/// to strike and has not.
pub(crate) fn set(fault: Option<(Fault, u64)>) -> Option<(Fault, u64)> {
    FAULT.replace(fault)
}

/// Whether `fault` strikes what is taken, or sent, now.
pub(crate) fn strikes(fault: Fault) -> bool {
    FAULT.with(|planted| match planted.get() {
        Some((kind, 0)) if kind == fault => {
            planted.set(None);
            true
        }
        Some((kind, left)) if kind == fault => {
            planted.set(Some((kind, left - 1)));
            false
        }
        _ => false,
    })
}
