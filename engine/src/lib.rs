//! The deterministic core of Phalanx: fixed-point maths, state, prediction and rollback.
//!
//! It knows no socket, no clock and no thread, lets no float decide anything, and runs without `std`.
//! A game implements [`Simulation`]; a [`Timeline`] executes it against sealed frames; [`SyncTest`]
//! looks for every reason for which two machines could part.

#![no_std]

extern crate alloc;
// The derives name this crate from outside; so do its own types that use them.
extern crate self as phalanx_engine;

mod codec;
mod command;
mod diff;
mod digest;
pub mod effects;
mod frame;
mod grid;
mod index;
pub mod input;
pub mod limits;
mod log;
pub mod math;
mod pace;
mod predicted;
mod replay;
mod rng;
mod session;
mod simulation;
mod snapshot;
mod state;
mod sync_test;
pub mod table;
mod tick;
mod timeline;
mod world;

pub use codec::{DecodeError, Decoder, Encoder, Mark};
pub use command::{Command, CommandWay, GivenCommand, NoCommand, SealedCommand};
pub use diff::{Diff, Difference, Path, Sides, Walk, diff};
pub use digest::{Digest, DigestNode, DigestVisitor, Fold, Node, digest_at};
pub use effects::{Effect, EffectEvent, EffectId, EffectKey, Effects, NoEffect};
pub use frame::{FrameHash, InputFrame, Provenance, Repeat, SealedFrame};
pub use grid::Grid;
pub use input::{Input, NoInput};
pub use log::{Log, LogError};
pub use math::{Angle, Fix, Fix32, Rot2, Squared, Vec2, Vec3};
pub use pace::{Pace, PaceChange, Speed};
pub use phalanx_derive::{Cell, Input, Row, State};
pub use replay::{Record, Replay, ReplayError, Sought, Verified};
pub use rng::{Rng, RngKey, Uniform, mix};
pub use session::{Entry, Presence, Session, Slot};
pub use simulation::{GameIdentity, Setup, SetupError, Simulation};
pub use snapshot::{RestoreError, Snapshot, SnapshotHash};
#[doc(hidden)]
pub use state::wall;
pub use state::{
    Leaf, LeafMut, PathStep, PlainState, Schema, State, TagLeaf, Visitor, VisitorMut, flip_leaf,
    from_bytes, to_bytes,
};
#[doc(hidden)]
pub use state::{memory_of, width_of};
pub use sync_test::{SyncReport, SyncTest, SyncTestError};
pub use table::{Cell, Column, Id, Lists, Row, Table};
pub use tick::{Tick, TickRate, TickRateError};
pub use timeline::{
    ResumeError, SealError, Sealing, Stall, Timeline, TimelineStats, Window, WindowError,
};
