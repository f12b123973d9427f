//! Sealed frames and the log that chains them.

use phalanx_engine::{
    Entry, FrameHash, Log, Provenance, Rng, SealedCommand, SealedFrame, Slot, Tick, TickRate,
};

use crate::{Component, Tape};

pub(crate) const COMPONENTS: &[Component] = &[Component::new("log.head", heads)];

const TICKS: u64 = 1000;

/// The hash of each frame, which covers all before it.
fn heads(tape: &mut Tape<'_>) {
    let mut rng = Rng::new(6);
    let genesis = FrameHash([7; 32]);
    let mut log = Log::new(genesis, Tick::ZERO);
    for tick in Tick::ZERO.until(Tick(TICKS)) {
        let mut frame = SealedFrame::empty(genesis);
        frame.tick = tick;
        frame.epoch = rng.below(3);
        frame.previous = log.head();
        for slot in Slot::all(4) {
            frame.provenance.push(match rng.below(3) {
                0 => Provenance::Real,
                1 => Provenance::Repeated,
                _ => Provenance::Neutral,
            });
            frame.inputs.extend(rng.next_u32().to_be_bytes());
            if rng.below(16) == 0 {
                let length = rng.below(20) + 1;
                frame.commands.push(SealedCommand {
                    slot,
                    sequence: rng.next_u64(),
                    stamped: tick,
                    bytes: (0..length)
                        .map(|_| rng.next_u32().to_be_bytes()[0])
                        .collect(),
                });
            }
            match rng.below(8) {
                0 => frame.entries.push(Entry::Join(slot)),
                1 => frame.entries.push(Entry::Leave(slot)),
                2 => frame.entries.push(Entry::Rate {
                    at: Tick(rng.next_u64()),
                    rate: TickRate::hz(rng.below(1000) + 1),
                }),
                _ => {}
            }
        }
        log.append(&frame);
        tape.note(&log.head().0);
    }
    log.verify().expect("its own chain");
}
