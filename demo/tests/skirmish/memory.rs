//! What a tick of ten thousand units takes of memory.

use allocation_counter::measure;
use phalanx::skirmish::{Area, Battle, Kind, Order, Place, Who};
use phalanx_engine::{Encoder, Fix32, Node, Slot, State};

use crate::play::{Play, place};

/// Ticks that could be undone.
const WINDOW: u16 = 8;

/// A match whose ticks can be undone.
struct Record {
    play: Play,
    ring: Vec<<Battle as State>::Undo>,
    scratch: Encoder,
}

impl Record {
    fn new(play: Play) -> Self {
        Self {
            play,
            ring: (0..WINDOW).map(|_| Default::default()).collect(),
            scratch: Encoder::new(),
        }
    }

    /// Executes ticks at which nobody orders anything.
    fn wait(&mut self, ticks: u16) {
        for tick in 0..ticks {
            let undo = &mut self.ring[usize::from(tick % WINDOW)];
            self.play.battle.open(undo);
            self.play.wait(1);
            let root = Node::root(0, &mut self.scratch);
            self.play.battle.close(undo, root);
        }
    }
}

#[test]
fn a_march_of_ten_thousand_allocates_nothing() {
    let mut play = Play::new(10_000, 1, 2);
    for (slot, y) in [(0, 150), (1, -150)] {
        let who = Who::In {
            kind: Kind::Soldier,
            area: Area::around(Place::ZERO, Fix32::int(1000)),
        };
        for (to, queued) in [(place(0, y), false), (place(100, y), true)] {
            let who = who.clone();
            play.order(slot, Order::Move { who, to, queued });
        }
    }
    let mut record = Record::new(play);
    record.wait(20 * WINDOW);
    let steady = measure(|| record.wait(20 * WINDOW));
    assert_eq!(steady.count_total, 0, "{steady:?}");
    let units = &record.play.battle.units;
    let moving = units
        .velocity
        .iter()
        .filter(|velocity| **velocity != Place::ZERO);
    assert!(moving.count() > 9_900);
    assert_eq!(
        record.play.battle.units_of(Slot(0), Kind::Soldier).count(),
        5_000
    );
}
