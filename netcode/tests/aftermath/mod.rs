//! What a match came to, from its log alone.

use phalanx_engine::{Digest, SealedFrame, Timeline, Window};
use phalanx_netcode::testing::{Mixer, World};

/// The world after the last tick, executed from the first one on, and its chained digest.
pub(crate) fn replayed(world: &World<Mixer>) -> (Timeline<Mixer>, Digest) {
    let (repeat, ticks) = (world.relay().config().rules.repeat, 0);
    let setup = world.relay().config().setup;
    let mut timeline = Timeline::new(Mixer, &setup, Window { ticks, repeat }).unwrap();
    for frame in world.relay().log().frames() {
        timeline.seal(&frame.unwrap()).unwrap();
        timeline.advance().unwrap();
    }
    let last = world.relay().log().next().previous().unwrap();
    let chained = timeline.chained(last).unwrap();
    (timeline, chained)
}

/// All of them.
pub(crate) fn frames(world: &World<Mixer>) -> Vec<SealedFrame> {
    world.relay().log().frames().map(Result::unwrap).collect()
}
