//! What is shown: smooth, between ticks, and without a way back into the simulation.
//!
//! A match goes on in ticks, is sometimes wrong for a few of them, and hears of others in bursts. A
//! picture is wanted at any time, and is to move as things do. Here, and nowhere else in this crate, are
//! numbers floats; what is here reads states and can never write to one.
//!
//! | | |
//! | --- | --- |
//! | [`View`], [`Alpha`] | the last two states and the way between them; or one step ahead |
//! | [`Smoother`] | what a rollback corrected goes little by little to where it is |
//! | [`Spring`] | one such offset: closed form, the same at every frame rate |
//! | [`Playout`] | how far behind what arrives to show it, where nothing is predicted |
//!
//! # A render loop
//!
//! ```
//! use phalanx_netcode::present::{Entity, Smoother};
//! use phalanx_netcode::testing::{Mixed, Mixer};
//! use phalanx_netcode::{Client, Time};
//!
//! /// Everything that is drawn, by an id that outlives rollbacks (for rows of a table, their `Id`).
//! fn places(state: &Mixed, see: &mut dyn FnMut(Entity<u8, f64>)) {
//!     for (id, sum) in (0..).zip(&state.sums) {
//!         see(Entity::new(id, f64::from(*sum)));
//!     }
//! }
//!
//! // Once per frame, at whatever rate; what has arrived was given to `Client::handle` before.
//! fn frame(client: &mut Client<Mixer>, smoother: &mut Smoother<u8, f64>, now: Time) {
//!     client.update(now, |_tick, _state| 7 /* the keys */);
//!     if let Some(mut view) = client.view(now) {
//!         smoother.show(&mut view, places);
//!     }
//!     for (id, place) in smoother.iter() {
//!         println!("draw {id} at {place}");
//!     }
//! }
//! # let _ = frame;
//! ```
//!
//! A rider on a moving platform is told as `Entity::new(rider, x).on(platform)`: whatever is corrected
//! of the platform, the rider goes with it.
//!
//! # Which method, and how long
//!
//! At 60 frames per second something moves with 300 px/s and turns out to be 20 px (four ticks)
//! further back; beside that, 40 px at once, and 40 px in four rollbacks three frames apart. *Extra* is
//! the most px per frame beside the proper 5 (above 5 it is seen to move back), *jerk* the greatest
//! third difference, *settle* the time until less than a pixel is left.
//!
//! | method | 20 px: extra, jerk, settle | 40 px | 4 × 10 px: extra, jerk, settle |
//! | --- | --- | --- | --- |
//! | none | 20, 40, 17 ms | 40, 80, 17 ms | 10, 20, 167 ms |
//! | × 0.85 a frame | 3.0, 3.45, 317 ms | 6.0, 6.90, 383 ms | 3.3, 1.73, 483 ms |
//! | × 0.95 a frame | 1.0, 1.05, 983 ms | 2.0, 2.10, 1200 ms | 1.6, 0.52, 1283 ms |
//! | half-life 200 ms | 1.1, 1.19, 867 ms | 2.2, 2.37, 1067 ms | 1.8, 0.59, 1150 ms |
//! | linear 150 ms | 2.2, 2.22, 150 ms | 4.4, 4.44, 150 ms | 2.7, 2.67, 300 ms |
//! | smoothstep 200 ms | 2.5, 0.39, 183 ms | 5.0, 0.79, 183 ms | 3.9, 2.58, 333 ms |
//! | **spring 300 ms** (τ 63 ms) | **1.9, 0.58, 317 ms** | **3.9, 1.17, 367 ms** | **2.8, 0.29, 450 ms** |
//! | spring 380 ms (τ 80 ms) | 1.5, 0.38, 383 ms | 3.0, 0.75, 450 ms | 2.5, 0.19, 550 ms |
//!
//! One would like extra ≤ 2, nothing reversed, settle ≤ 300 ms and jerk ≤ 0.5 for eight wrong ticks.
//! Nothing can have that: 39 px in 18 frames are 2.2 px per frame even if they are spread evenly. A
//! spring of 310 ms has all four up to 17.6 px and the default of 300 ms up to 17.1 px, three wrong ticks;
//! no other comes further. At eight wrong ticks the default still reverses nothing, which is what is
//! seen first, and pays with speed. Smoothstep is as good for one correction alone, and starts anew
//! with every further one: with several at once its jerk is nine times that of the spring.
#![expect(
    clippy::float_arithmetic,
    reason = "the presentation may be float and smooth; it can never write to the simulation"
)]

#[cfg(test)]
mod measures;
mod offset;
mod playout;
#[cfg(test)]
mod scene;
mod smoother;
mod spring;
mod view;

pub use offset::{Offset, Turn};
pub use playout::{Playout, PlayoutPolicy, PlayoutStats};
pub use smoother::{Entity, Smoother};
pub use spring::{Smoothing, Spring};
pub use view::{Alpha, Moment, View};
