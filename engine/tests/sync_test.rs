//! What `SyncTest` passes and what it finds; each of its checks has a canary here.

#![expect(
    clippy::disallowed_types,
    clippy::cast_possible_truncation,
    reason = "lengths of arrays and drawn bits in tests"
)]

use std::cell::Cell;
use std::collections::VecDeque;

use phalanx_engine::limits::PLAIN_STATE_BYTES_HINT;
use phalanx_engine::{
    Command, DecodeError, Decoder, Digest, Effects, Encoder, InputFrame, NoCommand, NoEffect,
    NoInput, Node, PathStep, PlainState, Rng, Schema, Setup, Simulation, Slot, State, SyncReport,
    SyncTest, SyncTestError, Tick, TickRate, Visitor, VisitorMut, mix,
};

const SETUP: Setup = Setup::new(3, 2, TickRate::hz(60));

fn any_input(tick: Tick, slot: Slot) -> u8 {
    mix(tick.0 << 8 | u64::from(slot.0)) as u8
}

/// What is wrong with a [`Cell64`] from some tick on.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    /// `undo` leaves the value as it is.
    Undo,
    /// `close` returns another digest than `digest`.
    Digest,
    /// The encoding is refused by `decode`.
    Refused,
    /// `decode` gives another value than was encoded.
    RoundTrip,
    /// The encoding is the same, but something that the rules use is not in it.
    Hidden,
    /// So it is, and shows 600 ticks after the state was decoded.
    HiddenForLong,
    /// A tick that is executed before the state has caught up wipes what came before it.
    Deeper,
    /// Whoever looks changes what is seen.
    Looked,
    /// A part is not in the digest.
    Unhashed,
}

const ALL: [Fault; 10] = [
    Fault::None,
    Fault::Undo,
    Fault::Digest,
    Fault::Refused,
    Fault::RoundTrip,
    Fault::Hidden,
    Fault::HiddenForLong,
    Fault::Deeper,
    Fault::Looked,
    Fault::Unhashed,
];

/// A hand-written state of one number, with a fault planted from tick [`FAULT_AT`] on.
#[derive(Clone, Debug)]
struct Planted {
    fault: Fault,
    value: u64,
    hidden: u64,
    looks: Cell<u64>,
    /// Ticks undone and not executed again; and whether one was executed since.
    ahead: (u64, bool),
}

const FAULT_AT: u64 = 150;

impl Planted {
    fn has(&self, fault: Fault) -> bool {
        self.fault == fault && self.value & 0xffff > FAULT_AT
    }
}

impl State for Planted {
    type Undo = (u64, u64);

    fn open(&mut self, undo: &mut Self::Undo) {
        *undo = (self.value, self.hidden);
        self.ahead = (self.ahead.0.saturating_sub(1), true);
    }
    fn close(&mut self, _undo: &mut Self::Undo, node: Node<'_>) -> Digest {
        let digest = self.digest(node);
        Digest(digest.0 ^ u64::from(self.has(Fault::Digest)))
    }
    fn undo(&mut self, undo: &mut Self::Undo) {
        let caught_up = self.ahead.0 == 0 || !self.ahead.1;
        self.ahead = (self.ahead.0 + 1, !caught_up);
        if !self.has(Fault::Undo) && (caught_up || !self.has(Fault::Deeper)) {
            self.redo(undo);
        }
    }
    fn redo(&mut self, undo: &mut Self::Undo) {
        let (value, hidden) = undo;
        core::mem::swap(&mut self.value, value);
        core::mem::swap(&mut self.hidden, hidden);
    }
    fn schema(schema: &mut Schema) {
        schema.leaf("Planted");
    }
    fn encode(&self, out: &mut Encoder) {
        out.put_u8(self.fault as u8);
        (self.value ^ self.looks.get()).encode(out);
    }
    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let mut planted = Self {
            fault: ALL[usize::from(from.take_u8()?)],
            value: u64::decode(from)?,
            hidden: 0,
            looks: Cell::default(),
            ahead: (0, false),
        };
        if planted.has(Fault::Refused) {
            return Err(DecodeError::Invalid("Planted"));
        }
        if planted.has(Fault::RoundTrip) {
            planted.value += 1 << 20;
        }
        Ok(planted)
    }
    fn visit(&self, _visitor: &mut dyn Visitor) {
        if self.has(Fault::Looked) {
            self.looks.set(1);
        }
    }
    fn visit_mut(&mut self, visitor: &mut dyn VisitorMut) {
        self.value.visit_mut(visitor);
        if self.has(Fault::Unhashed) {
            visitor.enter(PathStep::Field("hidden"));
            self.hidden.visit_mut(visitor);
            visitor.leave();
        }
    }
}

struct Planting(Fault);

impl Simulation for Planting {
    const ID: &'static str = "planting";
    const VERSION: u32 = 1;
    type State = Planted;
    type Input = u8;
    type Command = NoCommand;
    type Effect = NoEffect;

    fn start(&self, _setup: &Setup) -> Planted {
        Planted {
            fault: self.0,
            value: 0,
            hidden: 10_000,
            looks: Cell::default(),
            ahead: (0, false),
        }
    }

    fn step(&self, planted: &mut Planted, frame: &InputFrame<'_, Self>, _: &mut Effects<NoEffect>) {
        // The lowest bits count ticks, the others mix all inputs.
        let inputs = frame.slots().map(|(_, _, input)| u64::from(input));
        let mixed = inputs.fold(planted.value >> 16, |sum, input| mix(sum ^ input));
        planted.value = mixed << 16 | (frame.tick().0 + 1);
        if planted.has(Fault::Hidden) {
            planted.hidden += 1;
            planted.value ^= planted.hidden << 40;
        }
        if planted.fault == Fault::HiddenForLong {
            planted.hidden += 1;
            planted.value ^= u64::from(planted.hidden == 600) << 40;
        }
    }
}

fn planted(fault: Fault) -> Result<SyncReport, SyncTestError> {
    SyncTest::new(Planting(fault), SETUP).run(300, |tick, slot, _| any_input(tick, slot))
}

#[test]
fn a_right_state_passes() {
    let report = planted(Fault::None).unwrap();
    assert_eq!(report.ticks, 300);
}

#[test]
fn a_wrong_undo_is_found_when_the_tick_is_played_again() {
    let found = planted(Fault::Undo).unwrap_err();
    let SyncTestError::Resimulation { tick, first, again } = found else {
        panic!("{found}");
    };
    // The first wrong undo is that of the tick after which the value is above the bound.
    assert!((FAULT_AT - 8..=FAULT_AT).contains(&tick.0), "{found}");
    assert_ne!(first, again);
    assert!(
        found.to_string().contains(&format!("tick {tick} ")),
        "{found}"
    );
}

#[test]
fn a_wrong_incremental_digest_is_found_at_its_tick() {
    let found = planted(Fault::Digest).unwrap_err();
    assert!(
        matches!(found, SyncTestError::Digest { tick: Tick(FAULT_AT), incremental, scratch }
            if incremental != scratch),
        "{found}"
    );
}

#[test]
fn an_encoding_that_cannot_be_read_is_found_at_its_tick() {
    let expected = SyncTestError::Decode {
        tick: Tick(FAULT_AT),
        source: DecodeError::Invalid("Planted"),
    };
    assert_eq!(planted(Fault::Refused), Err(expected));
}

#[test]
fn a_decoding_that_gives_another_state_is_found_at_its_tick() {
    let expected = SyncTestError::RoundTrip {
        tick: Tick(FAULT_AT),
    };
    assert_eq!(planted(Fault::RoundTrip), Err(expected));
}

#[test]
fn what_the_rules_use_but_the_encoding_lacks_is_found() {
    let found = planted(Fault::Hidden).unwrap_err();
    assert!(
        matches!(
            found,
            SyncTestError::Decoded {
                tick: Tick(FAULT_AT),
                ..
            }
        ),
        "{found}"
    );
}

#[test]
fn what_the_encoding_lacks_is_found_also_if_it_shows_late() {
    let run = |ticks| {
        SyncTest::new(Planting(Fault::HiddenForLong), SETUP)
            .run(ticks, |tick, slot, _| any_input(tick, slot))
    };
    assert!(run(600).is_ok());
    // Decoded after the first tick, which is its first one.
    let found = run(2_000).unwrap_err();
    assert!(
        matches!(
            found,
            SyncTestError::Decoded {
                tick: Tick(600),
                ..
            }
        ),
        "{found}"
    );
}

#[test]
fn a_second_rollback_that_is_deeper_is_tried() {
    let found = planted(Fault::Deeper).unwrap_err();
    assert!(
        matches!(found, SyncTestError::Resimulation { tick, .. }
            if (FAULT_AT - 8..=FAULT_AT + 8).contains(&tick.0)),
        "{found}"
    );
}

#[test]
fn a_look_that_changes_what_is_seen_is_found() {
    let expected = SyncTestError::Looked {
        tick: Tick(FAULT_AT + 1),
    };
    assert_eq!(planted(Fault::Looked), Err(expected));
}

#[test]
fn a_leaf_that_is_not_in_the_digest_is_found() {
    let found = planted(Fault::Unhashed).unwrap_err();
    assert_eq!(
        found,
        SyncTestError::Unseen {
            tick: Tick(256),
            leaf: "hidden".into(),
            what: "the digest is as before"
        }
    );
    assert_eq!(
        found.to_string(),
        "after tick 256 a bit of hidden changed: the digest is as before"
    );
}

#[test]
#[should_panic(expected = "no bot presses all")]
fn inputs_that_no_bot_gives_are_tried() {
    #[derive(Debug)]
    struct Touchy;
    impl Simulation for Touchy {
        const ID: &'static str = "touchy";
        const VERSION: u32 = 1;
        type State = Seen;
        type Input = u8;
        type Command = NoCommand;
        type Effect = NoEffect;
        fn start(&self, setup: &Setup) -> Seen {
            honest().start(setup)
        }
        fn step(&self, _seen: &mut Seen, frame: &InputFrame<'_, Self>, _: &mut Effects<NoEffect>) {
            assert_ne!(frame.input(Slot(1)), 255, "no bot presses all");
        }
    }
    let run = SyncTest::new(Touchy, SETUP).run(1_000, |tick, _, _| (tick.0 % 255) as u8);
    drop(run);
}

#[test]
fn the_report_tells_what_was_tried() {
    let report = play(8, 1_500);
    assert_eq!(report.random_ticks, 1_000);
    // At ticks 0, 1, 2, 4 … 1,024 and 1,000; the sum, and the generator's two numbers.
    assert_eq!(report.changed_leaves, 13 * 3);
}

/// Rules like those of ggrs's random-checksum game: every execution has another result.
#[derive(Default)]
struct Random {
    calls: Cell<u64>,
    from: u64,
}

#[derive(State)]
struct Seen {
    sum: u64,
    rng: Rng,
}

impl Simulation for Random {
    const ID: &'static str = "random";
    const VERSION: u32 = 1;
    type State = Seen;
    type Input = u8;
    type Command = NoCommand;
    type Effect = NoEffect;

    fn start(&self, setup: &Setup) -> Seen {
        Seen {
            sum: 0,
            rng: Rng::new(setup.seed),
        }
    }

    fn step(&self, seen: &mut Seen, frame: &InputFrame<'_, Self>, _: &mut Effects<NoEffect>) {
        self.calls.set(self.calls.get() + 1);
        for (slot, _, input) in frame.slots() {
            seen.sum = mix(seen.sum ^ u64::from(input) ^ u64::from(slot.0) << 8);
        }
        seen.sum ^= seen.rng.next_u64();
        if frame.tick().0 >= self.from {
            seen.sum ^= self.calls.get();
        }
    }

    fn bot(&self, seen: &Seen, slot: Slot) -> u8 {
        (seen.sum >> slot.0) as u8
    }
}

/// Rules without a fault.
fn honest() -> Random {
    Random {
        from: u64::MAX,
        ..Random::default()
    }
}

fn play(rewind: u32, ticks: u64) -> SyncReport {
    SyncTest::new(honest(), SETUP)
        .rewind(rewind)
        .run(ticks, |tick, slot, _| any_input(tick, slot))
        .unwrap_or_else(|found| panic!("rewind {rewind}: {found}"))
}

#[test]
fn a_random_checksum_is_found_at_the_first_tick() {
    for rewind in [1, 2, 8] {
        let found = SyncTest::new(Random::default(), SETUP)
            .rewind(rewind)
            .run(10, |_, _, _| 0);
        assert!(
            matches!(
                found,
                Err(SyncTestError::Resimulation {
                    tick: Tick::ZERO,
                    ..
                })
            ),
            "rewind {rewind}: {found:?}"
        );
    }
}

#[test]
fn randomness_that_begins_late_is_found_at_its_tick() {
    let rules = Random {
        from: 97,
        ..Random::default()
    };
    let found = SyncTest::new(rules, SETUP).run(200, |_, _, _| 0);
    assert!(
        matches!(
            found,
            Err(SyncTestError::Resimulation { tick: Tick(97), .. })
        ),
        "{found:?}"
    );
}

#[test]
fn without_going_back_randomness_is_still_found_by_the_decoded_world() {
    let found = SyncTest::new(Random::default(), SETUP)
        .rewind(0)
        .run(10, |_, _, _| 0);
    assert!(
        matches!(found, Err(SyncTestError::Decoded { tick: Tick(1), .. })),
        "{found:?}"
    );
}

#[test]
fn any_distance_gives_the_same_checksum() {
    let checksum = play(0, 250).checksum;
    for rewind in [0, 1, 2, 7, 16, 64, 1000] {
        let report = play(rewind, 250);
        assert_eq!(report.checksum, checksum, "rewind {rewind}");
        let again = (1..=250_u64).map(|played| played.min(rewind.into()));
        // And one before it has caught up.
        let again = again.map(|played| played + played.min(1));
        assert_eq!(
            report.resimulated_ticks,
            again.sum::<u64>(),
            "rewind {rewind}"
        );
    }
}

#[test]
fn the_same_run_gives_the_same_report() {
    assert_eq!(play(8, 400), play(8, 400));
    assert_ne!(play(8, 400).checksum, play(8, 401).checksum);
    let other = Setup { seed: 4, ..SETUP };
    let report = SyncTest::new(honest(), other).run(400, |tick, slot, _| any_input(tick, slot));
    assert_ne!(play(8, 400).checksum, report.unwrap().checksum);
}

#[test]
fn delayed_inputs_pass() {
    for delay in [0, 1, 2, 7] {
        let mut queues = [(); 2].map(|()| VecDeque::from(vec![0; delay]));
        let report = SyncTest::new(honest(), SETUP)
            .rewind(7)
            .run(200, |tick, slot, _| {
                let queue = &mut queues[usize::from(slot.0)];
                queue.push_back(any_input(tick, slot));
                queue.pop_front().expect("just pushed")
            });
        assert_eq!(report.map(|report| report.ticks), Ok(200), "delay {delay}");
    }
}

#[test]
fn inputs_may_follow_the_state_as_a_bot_does() {
    let rules = honest();
    let report = SyncTest::new(honest(), SETUP).run(300, |_, slot, seen| rules.bot(seen, slot));
    assert_eq!(report.map(|report| report.ticks), Ok(300));
}

#[test]
fn inputs_are_asked_for_once_per_tick_and_slot() {
    let mut asked = Vec::new();
    SyncTest::new(honest(), SETUP)
        .run(20, |tick, slot, _| {
            asked.push((tick.0, slot.0));
            0
        })
        .unwrap();
    let each: Vec<_> = (0..20).flat_map(|tick| [(tick, 0), (tick, 1)]).collect();
    assert_eq!(asked, each);
}

/// The state of [`honest`] rules, with a map in it.
#[derive(State, Clone)]
struct Mapped {
    ticks: u32,
    map: [u8; 5 * 1024],
}

struct Mapping;

impl Simulation for Mapping {
    const ID: &'static str = "mapping";
    const VERSION: u32 = 1;
    type State = Mapped;
    type Input = u8;
    type Command = NoCommand;
    type Effect = NoEffect;
    fn start(&self, _: &Setup) -> Mapped {
        Mapped {
            ticks: 0,
            map: [1; 5 * 1024],
        }
    }
    fn step(&self, state: &mut Mapped, _: &InputFrame<'_, Self>, _: &mut Effects<NoEffect>) {
        state.ticks += 1;
    }
}

#[test]
fn what_lies_outside_tables_is_told() {
    let report = SyncTest::new(Mapping, SETUP).run(3, |_, _, _| 0).unwrap();
    let plain = PlainState {
        bytes: 4 + 5 * 1024,
        largest: Some((PathStep::Field("map"), 5 * 1024)),
    };
    assert_eq!(report.plain, plain);
    assert!(plain.bytes > PLAIN_STATE_BYTES_HINT);
    assert!(play(8, 10).plain.bytes <= PLAIN_STATE_BYTES_HINT);
}

#[test]
fn no_tick_at_all_passes() {
    assert_eq!(play(8, 0).ticks, 0);
}

/// Rules that trust what is ordered: the number of a purse.
struct Trusting;

#[derive(State)]
struct Purses {
    coins: [u32; 4],
    owners: u32,
}

#[derive(State, Clone)]
struct Pay {
    by: Slot,
    from: u8,
}

impl Command for Pay {
    const MAX_BYTES: u32 = 2;
}

impl Simulation for Trusting {
    const ID: &'static str = "trusting";
    const VERSION: u32 = 1;
    type State = Purses;
    type Input = NoInput;
    type Command = Pay;
    type Effect = NoEffect;

    fn start(&self, _setup: &Setup) -> Purses {
        Purses {
            coins: [0; 4],
            owners: 0,
        }
    }

    fn step(&self, purses: &mut Purses, frame: &InputFrame<'_, Self>, _: &mut Effects<NoEffect>) {
        for given in frame.commands() {
            purses.coins[usize::from(given.command.from)] += 1;
            purses.owners += u32::from(given.command.by == given.slot);
        }
    }

    fn bot_commands(&self, purses: &Purses, slot: Slot) -> Vec<Pay> {
        let from = ((purses.coins[0] + u32::from(slot.0)) % 4) as u8;
        vec![Pay { by: slot, from }]
    }
}

/// The same rules, made total.
struct Careful(Trusting);

impl Simulation for Careful {
    const ID: &'static str = "careful";
    const VERSION: u32 = 1;
    type State = Purses;
    type Input = NoInput;
    type Command = Pay;
    type Effect = NoEffect;

    fn start(&self, setup: &Setup) -> Purses {
        self.0.start(setup)
    }

    fn step(&self, purses: &mut Purses, frame: &InputFrame<'_, Self>, _: &mut Effects<NoEffect>) {
        for pay in frame.commands() {
            if let Some(coins) = purses.coins.get_mut(usize::from(pay.command.from)) {
                *coins += 1;
            }
        }
    }

    fn bot_commands(&self, purses: &Purses, slot: Slot) -> Vec<Pay> {
        self.0.bot_commands(purses, slot)
    }
}

#[test]
fn bots_give_their_commands_once_per_tick() {
    let rules = Careful(Trusting);
    let report = SyncTest::new(rules, SETUP).run(100, |_, _, _| NoInput);
    assert_eq!(report.unwrap().commands, 100 * u64::from(SETUP.slots));
}

/// Whoever is in slot 1 gets more wordy with each tick.
struct Wordy;

#[derive(State)]
struct Words {
    count: u32,
}

#[derive(State, Clone)]
struct Word {
    letters: Vec<u8>,
}

impl Command for Word {
    const MAX_BYTES: u32 = 4 + 50;
}

impl Simulation for Wordy {
    const ID: &'static str = "wordy";
    const VERSION: u32 = 1;
    type State = Words;
    type Input = NoInput;
    type Command = Word;
    type Effect = NoEffect;

    fn start(&self, _setup: &Setup) -> Words {
        Words { count: 0 }
    }

    fn step(&self, words: &mut Words, _frame: &InputFrame<'_, Self>, _: &mut Effects<NoEffect>) {
        words.count += 1;
    }

    fn bot_commands(&self, words: &Words, slot: Slot) -> Vec<Word> {
        let letters = vec![
            b'a';
            if slot == Slot(1) {
                words.count as usize
            } else {
                0
            }
        ];
        vec![Word { letters }]
    }
}

impl Command for Planted {
    const MAX_BYTES: u32 = 9;
}

/// Commands that their own type refuses.
struct Refusing;

impl Simulation for Refusing {
    const ID: &'static str = "refusing";
    const VERSION: u32 = 1;
    type State = Words;
    type Input = NoInput;
    type Command = Planted;
    type Effect = NoEffect;

    fn start(&self, _setup: &Setup) -> Words {
        Words { count: 0 }
    }

    fn step(&self, words: &mut Words, _frame: &InputFrame<'_, Self>, _: &mut Effects<NoEffect>) {
        words.count += 1;
    }

    fn bot_commands(&self, words: &Words, _slot: Slot) -> Vec<Planted> {
        vec![Planted {
            fault: Fault::Refused,
            value: words.count.into(),
            hidden: 0,
            looks: Cell::default(),
            ahead: (0, false),
        }]
    }
}

#[test]
fn a_command_that_nobody_would_receive_is_found() {
    let test = |ticks| SyncTest::new(Wordy, SETUP).run(ticks, |_, _, _| NoInput);
    assert!(test(51).is_ok());
    let (tick, slot) = (Tick(51), Slot(1));
    let what = "that is longer than its type says";
    let expected = SyncTestError::Command { tick, slot, what };
    assert_eq!(test(52), Err(expected));

    let found = SyncTest::new(Refusing, SETUP).run(200, |_, _, _| NoInput);
    let (tick, slot) = (Tick(FAULT_AT + 1), Slot(0));
    let what = "that cannot be read from its own encoding";
    assert_eq!(found, Err(SyncTestError::Command { tick, slot, what }));
}

/// The bots name purses that exist, and their own; others may not.
#[test]
#[should_panic(expected = "index out of bounds")]
fn rules_that_trust_a_command_are_found() {
    let _ = SyncTest::new(Trusting, SETUP).run(100, |_, _, _| NoInput);
}

/// A bot that remembers: it would do something else on every machine.
struct Remembering(Cell<u8>);

impl Simulation for Remembering {
    const ID: &'static str = "remembering";
    const VERSION: u32 = 1;
    type State = u64;
    type Input = u8;
    type Command = NoCommand;
    type Effect = NoEffect;

    fn start(&self, _: &Setup) -> u64 {
        0
    }

    fn step(&self, sum: &mut u64, frame: &InputFrame<'_, Self>, _: &mut Effects<NoEffect>) {
        *sum = mix(*sum ^ u64::from(frame.input(Slot(0))));
    }

    fn bot(&self, _: &u64, _: Slot) -> u8 {
        self.0.set(self.0.get().wrapping_add(1));
        self.0.get()
    }
}

#[test]
fn a_bot_that_depends_on_something_hidden_is_found() {
    let setup = Setup::new(1, 1, TickRate::hz(60));
    let test = SyncTest::new(Remembering(Cell::new(0)), setup);
    let error = test.run(50, |_, _, _| 7).unwrap_err();
    assert!(
        matches!(error, SyncTestError::Resimulation { .. }),
        "{error}"
    );
}
