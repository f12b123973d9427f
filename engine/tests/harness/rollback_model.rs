//! A [`Timeline`] against its [`Model`]: any schedule of sealing, delivering, providing and
//! advancing, read from bytes.

use std::fmt;

use phalanx_engine::limits::HISTORY_TICKS_MAX;
use phalanx_engine::{
    EffectEvent, Entry, FrameHash, Input, Presence, Provenance, Repeat, SealedCommand, SealedFrame,
    Setup, Simulation, Slot, Speed, State, Tick, TickRate, Timeline, Window, to_bytes,
};

use super::chaos::{Chaos, Decree, Order};
use super::effects::{self, Spark, Tally};
use super::hex;
use super::model::{Model, Moment, sealed_use};
use super::reader::Reader;

/// Most ticks that the relay of one case seals: bounds the time of a case.
const TICKS_MAX: u64 = 800;

/// How the relay of a case fills one slot of a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Way {
    /// Nothing came: the tick before is repeated, at last neutral.
    Missing,
    /// Nothing came, and the policy makes it neutral at once.
    Neutral,
    /// The player made the same as a repetition would: no guess of it is wrong.
    Held,
    /// The player made this.
    Real(Order),
    /// The player sent these bytes, which need not be an order.
    Raw([u8; 2]),
}

/// One thing that happens to a timeline, or to the relay that feeds it.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// The relay seals its next tick.
    Seal {
        ways: Vec<Way>,
        entries: Vec<Entry>,
        commands: Vec<SealedCommand>,
    },
    /// The relay seals that many ticks, every slot in the same way.
    SealMany { ticks: u8, way: Way },
    /// The frame of the tick `offset` after the confirmed one arrives, perhaps once more.
    Deliver { offset: i64 },
    /// Up to `count` frames from the confirmed tick on arrive, the newest first if `reversed`.
    DeliverMany { count: u8, reversed: bool },
    /// A frame with a wrong number of bytes or slots arrives.
    Mangle { offset: i64, bytes: bool },
    /// An input arrives before its tick is sealed; the relay will have its own opinion.
    Provide {
        offset: i64,
        slot: Slot,
        order: Order,
    },
    /// The same, with what the relay sealed, if it did.
    ProvideTruth { offset: i64, slot: Slot },
    /// The driver wants to execute that many ticks.
    Advance { ticks: u8 },
}

/// A session to play and what happens in it.
#[derive(Clone, Debug)]
pub struct Case {
    pub setup: Setup,
    pub window: Window,
    pub operations: Vec<Operation>,
}

impl Reader<'_> {
    /// Mostly near the confirmed tick, sometimes behind it or beyond the horizon.
    fn offset(&mut self) -> i64 {
        match self.byte() {
            byte @ ..192 => i64::from(byte % 24) - 2,
            byte @ 192..250 => i64::from(byte) - 180,
            byte => i64::from(byte - 250) + 254,
        }
    }

    fn way(&mut self) -> Way {
        match self.byte() % 8 {
            0 | 1 => Way::Missing,
            2 => Way::Neutral,
            3 | 4 => Way::Held,
            5 => Way::Raw(self.pair()),
            _ => Way::Real(Order::unpack(&self.pair())),
        }
    }

    /// Entries are rare; the slot may be one that does not exist. The end is rarer.
    fn entries(&mut self) -> Vec<Entry> {
        let byte = self.byte();
        let slot = Slot(byte >> 3 & 7);
        match byte {
            255 => vec![Entry::End],
            _ => match byte & 7 {
                0 => vec![Entry::Join(slot)],
                1 => vec![Entry::Leave(slot)],
                2 => vec![Entry::Leave(slot), Entry::Join(Slot(0)), Entry::Join(slot)],
                // Often for a tick that is past, or while another change is pending.
                3 => vec![Entry::Rate {
                    at: Tick(u64::from(self.byte()) * 3),
                    rate: TickRate::hz(u32::from(self.byte()) + 1),
                }],
                4 => vec![self.rare_entry(slot)],
                _ => Vec::new(),
            },
        }
    }

    /// What is often for a tick that is past, too.
    fn rare_entry(&mut self, slot: Slot) -> Entry {
        let byte = self.byte();
        let at = Tick(u64::from(byte));
        match self.byte() % 8 {
            0 | 1 => Entry::Bot(slot),
            2 | 3 => Entry::Pause { at },
            4 | 5 => Entry::Resume { at },
            6 => Entry::Speed {
                at,
                speed: Speed {
                    numerator: u16::from(byte % 7),
                    denominator: u16::from(byte % 3),
                },
            },
            _ => Entry::Game {
                kind: byte.into(),
                value: u64::from(byte) << 40,
            },
        }
    }

    /// Commands, of which some are none, by slot and sequence as in every frame.
    fn commands(&mut self, slots: u8) -> Vec<SealedCommand> {
        let byte = self.byte();
        let count = u64::from((byte & 0xf).saturating_sub(11));
        let command = |sequence| SealedCommand {
            slot: Slot((byte >> 4) % slots),
            sequence,
            stamped: Tick::ZERO,
            bytes: self.command(),
        };
        (0..count).map(command).collect()
    }

    fn command(&mut self) -> Vec<u8> {
        match self.byte() {
            byte @ ..32 => vec![byte; 1 + usize::from(byte % 8)],
            byte => to_bytes(&Decree {
                calm: byte & 1 == 1,
                // Five are too many.
                gifts: (0..byte % 6).map(|_| self.byte().cast_signed()).collect(),
            }),
        }
    }

    fn operation(&mut self, slots: u8) -> Operation {
        let slot = |byte: u8| Slot(byte % (slots + 1));
        match self.byte() % 16 {
            0..3 => Operation::Seal {
                ways: (0..slots).map(|_| self.way()).collect(),
                entries: self.entries(),
                commands: self.commands(slots),
            },
            3 => Operation::SealMany {
                ticks: self.byte() % 80 + 1,
                way: self.way(),
            },
            4..6 => Operation::Deliver {
                offset: self.offset(),
            },
            6..8 => Operation::DeliverMany {
                count: self.byte() % 64,
                reversed: self.byte() % 2 == 1,
            },
            8..10 => Operation::Provide {
                offset: self.offset(),
                slot: slot(self.byte()),
                order: Order::unpack(&self.pair()),
            },
            10..12 => Operation::ProvideTruth {
                offset: self.offset(),
                slot: slot(self.byte()),
            },
            12..15 => Operation::Advance {
                ticks: self.byte() % 20 + 1,
            },
            _ => Operation::Mangle {
                offset: self.offset(),
                bytes: self.byte() % 2 == 1,
            },
        }
    }
}

impl Case {
    pub fn from_bytes(data: &[u8]) -> Self {
        let mut reader = Reader::new(data);
        let ticks = u32::from(reader.byte() % 17);
        let repeat = Repeat {
            ticks: ticks + u32::from(reader.byte() % 6),
        };
        let slots = reader.byte() % 4 + 1;
        let setup = Setup::new(reader.byte().into(), slots, TickRate::hz(60));
        let mut operations = Vec::new();
        while !reader.is_at_end() {
            operations.push(reader.operation(slots));
        }
        Self {
            setup,
            window: Window { ticks, repeat },
            operations,
        }
    }
}

/// Seals ticks in order, as the operations say. It knows packed bytes only, as a relay does.
#[derive(Debug)]
pub struct Relay {
    repeat: Repeat,
    slots: u8,
    pub frames: Vec<SealedFrame>,
    last: Vec<[u8; 2]>,
    missing: Vec<u32>,
}

impl Relay {
    pub fn new(slots: u8, repeat: Repeat) -> Self {
        Self {
            repeat,
            slots,
            frames: Vec::new(),
            last: vec![Order::default().packed(); slots.into()],
            missing: vec![0; slots.into()],
        }
    }

    /// Seals the next tick, unless there are [`TICKS_MAX`] already.
    pub fn seal(&mut self, ways: &[Way], entries: Vec<Entry>, commands: Vec<SealedCommand>) {
        if self.frames.len() as u64 == TICKS_MAX {
            return;
        }
        let mut frame = SealedFrame::empty(FrameHash([0; 32]));
        frame.tick = Tick(self.frames.len() as u64);
        frame.entries = entries;
        frame.commands = commands;
        for (slot, way) in (0..usize::from(self.slots)).zip(ways) {
            let provenance = self.fill(slot, *way);
            frame.provenance.push(provenance);
            frame.inputs.extend(self.last[slot]);
        }
        self.frames.push(frame);
    }

    fn fill(&mut self, slot: usize, way: Way) -> Provenance {
        let neutral = Order::default().packed();
        let value = &mut self.last[slot];
        self.missing[slot] += 1;
        let missing = match way {
            Way::Missing => {
                return self
                    .repeat
                    .fill(value, self.missing[slot], &neutral, Order::REPEAT);
            }
            Way::Neutral => {
                *value = neutral;
                return Provenance::Neutral;
            }
            Way::Held => {
                self.repeat.fill(value, 0, &neutral, Order::REPEAT);
                0
            }
            Way::Real(order) => {
                *value = order.packed();
                0
            }
            Way::Raw(bytes) => {
                *value = bytes;
                0
            }
        };
        self.missing[slot] = missing;
        Provenance::Real
    }

    fn frame(&self, tick: Tick) -> Option<&SealedFrame> {
        self.frames.get(tick.0 as usize)
    }
}

/// What a case made happen; for tests that ask whether their cases are any good.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    pub confirmed: u64,
    pub rollbacks: u64,
    pub rollback_depth_max: u64,
    pub invalid_inputs: u64,
    pub commands: u64,
    pub invalid_commands: u64,
    pub refused: u64,
    pub ended: bool,
    /// Ticks of pauses.
    pub paused: u64,
    /// Ticks at which the computer held a slot.
    pub bot_ticks: u64,
    pub effects: Tally,
    /// Whether the tick rate changed.
    pub rate_changed: bool,
}

/// What happened in the ticks that were confirmed.
#[derive(Default)]
struct Again {
    commands: u64,
    paused: u64,
    bot_ticks: u64,
    sparks: Vec<(Tick, Spark)>,
}

/// A timeline, its model and the relay that feeds both.
pub struct Match<S: Simulation> {
    pub timeline: Timeline<S>,
    pub model: Model<S>,
    pub relay: Relay,
    refused: u64,
    /// What was told of effects.
    heard: Vec<EffectEvent<Spark>>,
}

impl<S> Match<S>
where
    S: Simulation<Input = Order, Command = Decree, Effect = Spark>,
    S::State: Clone,
{
    pub fn new(make: impl Fn() -> S, setup: Setup, window: Window) -> Self {
        Self {
            timeline: Timeline::new(make(), &setup, window).expect("a valid window"),
            model: Model::new(make(), setup, window),
            relay: Relay::new(setup.slots, window.repeat),
            refused: 0,
            heard: Vec::new(),
        }
    }

    /// Does `operation` to timeline and model; an error tells in what they differ.
    pub fn apply(&mut self, operation: &Operation) -> Result<(), String> {
        let at = |offset: i64| self.model.confirmed.0.checked_add_signed(offset).map(Tick);
        match operation {
            Operation::Seal {
                ways,
                entries,
                commands,
            } => self.relay.seal(ways, entries.clone(), commands.clone()),
            Operation::SealMany { ticks, way } => {
                for _ in 0..*ticks {
                    self.relay
                        .seal(&vec![*way; self.relay.slots.into()], Vec::new(), Vec::new());
                }
            }
            Operation::Deliver { offset } => {
                if let Some(frame) = at(*offset).and_then(|tick| self.relay.frame(tick)) {
                    self.deliver(&frame.clone())?;
                }
            }
            Operation::DeliverMany { count, reversed } => self.deliver_many(*count, *reversed)?,
            Operation::Mangle { offset, bytes } => {
                if let Some(frame) = at(*offset).and_then(|tick| self.relay.frame(tick)) {
                    let mut frame = frame.clone();
                    if *bytes {
                        frame.inputs.pop();
                    } else {
                        frame.provenance.push(Provenance::Real);
                    }
                    self.deliver(&frame)?;
                }
            }
            Operation::Provide {
                offset,
                slot,
                order,
            } => {
                if let Some(tick) = at(*offset) {
                    self.provide(tick, *slot, *order)?;
                }
            }
            Operation::ProvideTruth { offset, slot } => {
                let frame = at(*offset).and_then(|tick| self.relay.frame(tick));
                if let Some((frame, bytes)) = frame.and_then(|f| Some((f, f.input(*slot, 2)?))) {
                    self.provide(frame.tick, *slot, Order::unpack(bytes))?;
                }
            }
            Operation::Advance { ticks } => {
                for _ in 0..*ticks {
                    let (real, modelled) = (self.timeline.advance(), self.model.advance());
                    same(format_args!("advance"), &real, &modelled)?;
                    if real.is_err() {
                        self.refused += 1;
                        break;
                    }
                    self.compare()?;
                }
            }
        }
        self.compare()
    }

    fn deliver_many(&mut self, count: u8, reversed: bool) -> Result<(), String> {
        let first = self.model.confirmed;
        let mut ticks: Vec<_> = first.until(first + u64::from(count)).collect();
        if reversed {
            ticks.reverse();
        }
        for tick in ticks {
            if let Some(frame) = self.relay.frame(tick) {
                self.deliver(&frame.clone())?;
            }
        }
        Ok(())
    }

    fn deliver(&mut self, frame: &SealedFrame) -> Result<(), String> {
        let (real, modelled) = (self.timeline.seal(frame), self.model.seal(frame));
        self.refused += u64::from(real.is_err());
        same(
            format_args!("seal of tick {}", frame.tick),
            &real,
            &modelled,
        )?;
        self.compare()
    }

    fn provide(&mut self, tick: Tick, slot: Slot, order: Order) -> Result<(), String> {
        let real = self.timeline.provide(tick, slot, order);
        let modelled = self.model.provide(tick, slot, order);
        same(format_args!("provide at tick {tick}"), &real, &modelled)?;
        self.compare()
    }

    /// Everything that can be seen of the timeline, against the model.
    fn compare(&mut self) -> Result<(), String> {
        let before = self.heard.len();
        self.heard.extend(self.timeline.effects());
        let told = self.model.teller.events.get(before..).unwrap_or_default();
        same(format_args!("effects"), &&self.heard[before..], &told)?;
        let (timeline, model) = (&self.timeline, &self.model);
        let (confirmed, next) = (timeline.confirmed(), timeline.next());
        same(format_args!("confirmed"), &confirmed, &model.confirmed)?;
        same(format_args!("next"), &next, &model.next())?;
        same(
            format_args!("can_advance"),
            &timeline.can_advance(),
            &model.can_advance(),
        )?;
        let now = model.now();
        same(format_args!("session"), timeline.session(), &now.session)?;
        if to_bytes(timeline.state()) != to_bytes(&now.state) {
            return Err(format!("the states before tick {next} differ"));
        }
        let predicted = next.since(confirmed);
        if predicted > i64::from(timeline.window().ticks) {
            return Err(format!("{predicted} ticks are predicted"));
        }
        // The newest confirmed tick, all predicted ones, and one that is not executed.
        for tick in confirmed.saturating_sub(1).until(next.next()) {
            let digest = timeline.digest(tick);
            same(
                format_args!("digest of {tick}"),
                &digest,
                &model.checksum(tick),
            )?;
            let chained = model.checksums.get(tick.0 as usize).map(|both| both.1);
            same(
                format_args!("chain at {tick}"),
                &timeline.chained(tick),
                &chained,
            )?;
            for slot in Slot::all(model.setup.slots + 1) {
                let used = model.used.get(tick.0 as usize);
                let order = used.and_then(|used| used.orders.get(slot.0 as usize).copied());
                let real = timeline.input(tick, slot);
                same(format_args!("input of {slot} at {tick}"), &real, &order)?;
            }
        }
        Ok(())
    }

    /// Plays the confirmed frames from tick 0 with fresh rules.
    fn play_again(&self, fresh: &S) -> Result<Again, String> {
        let (model, timeline) = (&self.model, &self.timeline);
        let mut moment = Moment::start(fresh, &model.setup);
        let mut again = Again::default();
        for (tick, known) in Tick::ZERO.until(model.confirmed).zip(&model.checksums) {
            let used = sealed_use(&self.relay.frames[tick.0 as usize]);
            moment = moment.step(fresh, tick, &used);
            let sparks = moment.sparks.iter().map(|spark| (tick, *spark));
            again.sparks.extend(sparks);
            let bots = |slot| moment.session.presence(slot) == Presence::Bot;
            again.bot_ticks += u64::from(Slot::all(model.setup.slots).any(bots));
            if moment.session.paused() {
                again.paused += 1;
            } else {
                again.commands += used.decrees.len() as u64;
            }
            let digests = (moment.checksum, moment.chained);
            same(
                format_args!("tick {tick} played from tick 0"),
                known,
                &digests,
            )?;
            let kept = tick.0 + u64::from(HISTORY_TICKS_MAX) >= model.confirmed.0;
            let expected = kept.then_some(digests);
            let real = timeline.digest(tick).zip(timeline.chained(tick));
            same(format_args!("record of tick {tick}"), &real, &expected)?;
        }
        Ok(again)
    }

    /// Delivers and executes all that the relay sealed.
    fn settle(&mut self) -> Result<(), String> {
        loop {
            let before = self.model.confirmed;
            self.apply(&Operation::DeliverMany {
                count: 40,
                reversed: before.0.is_multiple_of(2),
            })?;
            self.apply(&Operation::Advance { ticks: 40 })?;
            if self.model.confirmed == before {
                return Ok(());
            }
        }
    }

    /// Lets it settle, then plays the sealed frames from tick 0 with fresh rules: every checksum ever
    /// confirmed has to come out again, and every effect that was told.
    pub fn finish(&mut self, fresh: &S) -> Result<Outcome, String> {
        self.settle()?;
        let again = self.play_again(fresh)?;
        let (model, timeline) = (&self.model, &self.timeline);
        let ended = timeline.session().ended();
        let tally = effects::check(
            &self.heard,
            &again.sparks,
            model.confirmed,
            ended,
            again.paused > 0,
        )?;
        let all = self.relay.frames.len() as u64;
        if model.confirmed.0 != all && !ended {
            return Err(format!("{} of {all} ticks are confirmed", model.confirmed));
        }
        let stats = timeline.stats();
        same(
            format_args!("invalid inputs"),
            &stats.invalid_inputs,
            &model.invalid_inputs,
        )?;
        same(format_args!("commands"), &stats.commands, &again.commands)?;
        let taken = model.sealed.values();
        let invalid = taken.map(|frame| frame.commands.len() - sealed_use(frame).decrees.len());
        same(
            format_args!("invalid commands"),
            &stats.invalid_commands,
            &(invalid.sum::<usize>() as u64),
        )?;
        same(
            format_args!("ticks again"),
            &stats.resimulated_ticks,
            &model.resimulated_ticks,
        )?;
        Ok(Outcome {
            confirmed: model.confirmed.0,
            rollbacks: stats.rollbacks,
            rollback_depth_max: stats.rollback_depth_max,
            invalid_inputs: stats.invalid_inputs,
            commands: stats.commands,
            invalid_commands: stats.invalid_commands,
            refused: self.refused,
            ended,
            paused: again.paused,
            bot_ticks: again.bot_ticks,
            effects: tally,
            rate_changed: timeline.session().rate() != model.setup.rate,
        })
    }
}

fn same<T: PartialEq + fmt::Debug>(
    what: fmt::Arguments<'_>,
    real: &T,
    model: &T,
) -> Result<(), String> {
    if real == model {
        Ok(())
    } else {
        Err(format!(
            "{what}: the timeline has {real:?}, the model {model:?}"
        ))
    }
}

/// Plays the case in `data` with the rules that `make` makes.
pub fn play<S>(data: &[u8], make: impl Fn() -> S) -> Result<Outcome, String>
where
    S: Simulation<Input = Order, Command = Decree, Effect = Spark>,
    S::State: Clone + State,
{
    let case = Case::from_bytes(data);
    let mut game = Match::new(&make, case.setup, case.window);
    let told = |what: String, at: &str| format!("{what}\n  at {at}\n  case {}", hex(data));
    for (index, operation) in case.operations.iter().enumerate() {
        game.apply(operation)
            .map_err(|what| told(what, &format!("operation {index}, {operation:?}")))?;
    }
    game.finish(&make()).map_err(|what| told(what, "the end"))
}

/// The fuzz target.
///
/// # Panics
/// If timeline and model differ.
pub fn run(data: &[u8]) {
    if let Err(finding) = play(data, || Chaos) {
        panic!("{finding}");
    }
}
