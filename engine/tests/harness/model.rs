//! The slow, obvious timeline: it keeps what was received in maps, compares every predicted tick
//! with what would be used now, and replays predicted ticks from a copy of the confirmed world.

use std::collections::BTreeMap;

use phalanx_engine::limits::HORIZON_TICKS_MAX;
use phalanx_engine::{
    Digest, Effects, Encoder, Entry, GivenCommand, Input, InputFrame, Node, Presence, Provenance,
    Schema, SealError, SealedCommand, SealedFrame, Sealing, Session, Setup, Simulation, Slot,
    Stall, State, Tick, Window,
};

use super::chaos::{Decree, Order};
use super::effects::{Spark, Teller};

/// What one tick is executed with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Used {
    pub entries: Vec<Entry>,
    pub decrees: Vec<GivenCommand<Decree>>,
    pub orders: Vec<Order>,
}

impl Used {
    /// Nobody does anything.
    fn in_a_pause(self) -> Self {
        Self {
            entries: self.entries,
            decrees: Vec::new(),
            orders: vec![Order::default(); self.orders.len()],
        }
    }
}

/// The world after one tick, or before tick 0.
#[derive(Clone, Debug)]
pub struct Moment<T> {
    pub session: Session,
    pub state: T,
    pub checksum: Digest,
    pub chained: Digest,
    /// What the tick told.
    pub sparks: Vec<Spark>,
    /// Fingerprint of the schema, the key of all digests.
    key: u64,
}

impl<T: State + Clone> Moment<T> {
    pub fn start<S: Simulation<State = T>>(simulation: &S, setup: &Setup) -> Self {
        Self {
            session: Session::new(setup),
            state: simulation.start(setup),
            checksum: Digest::default(),
            chained: Digest::default(),
            sparks: Vec::new(),
            key: Schema::of::<T>().fingerprint(),
        }
    }

    /// The moment one tick later; the digest is computed from scratch.
    pub fn step<S>(&self, simulation: &S, tick: Tick, used: &Used) -> Self
    where
        S: Simulation<State = T, Input = Order, Command = Decree, Effect = Spark>,
    {
        let mut after = self.clone();
        after.session.begin(tick, &used.entries);
        let mut sparks = Effects::new();
        if !after.session.paused() {
            let Used {
                entries,
                decrees,
                orders,
            } = with_bots(simulation, &self.state, &after.session, used);
            let frame = InputFrame::new(tick, &after.session, &entries, &decrees, &orders);
            simulation.step(&mut after.state, &frame, &mut sparks);
        }
        after.sparks = sparks.take().collect();
        let mut scratch = Encoder::new();
        let mut root = Node::root(self.key, &mut scratch);
        let session = after.session.digest(root.child(0));
        let state = after.state.digest(root.child(1));
        after.checksum = root.fold(&[session, state]);
        after.chained = self.chained.chain(after.checksum);
        after
    }
}

/// What is used where the computer plays, too.
fn with_bots<S>(simulation: &S, state: &S::State, session: &Session, used: &Used) -> Used
where
    S: Simulation<Input = Order, Command = Decree>,
{
    let mut all = Used {
        entries: used.entries.clone(),
        ..Used::default()
    };
    for slot in Slot::all(session.slots()) {
        let given = used.decrees.iter().filter(|given| given.slot == slot);
        all.decrees.extend(given.cloned());
        if session.presence(slot) == Presence::Bot {
            all.orders.push(simulation.bot(state, slot));
            let decrees = simulation.bot_commands(state, slot);
            let decrees = decrees
                .into_iter()
                .map(|decree| GivenCommand::new(slot, decree));
            all.decrees.extend(decrees);
        } else {
            all.orders.push(used.orders[slot.0 as usize]);
        }
    }
    all
}

/// What a sealed frame executes, decoded anew.
pub fn sealed_use(frame: &SealedFrame) -> Used {
    Used {
        entries: frame.entries.clone(),
        decrees: frame
            .commands
            .iter()
            .filter_map(|command| decree(frame.tick, command))
            .collect(),
        orders: frame.inputs.chunks(2).map(Order::unpack).collect(),
    }
}

/// What a sealed command orders, if anything, written out by hand.
fn decree(tick: Tick, command: &SealedCommand) -> Option<GivenCommand<Decree>> {
    let (head, gifts) = command.bytes.split_at_checked(5)?;
    let count = u32::from_le_bytes(head[1..].try_into().ok()?);
    let right = head[0] <= 1 && count as usize == gifts.len() && gifts.len() <= 4;
    let decree = Decree {
        calm: head[0] == 1,
        gifts: gifts.iter().map(|byte| byte.cast_signed()).collect(),
    };
    right.then_some(GivenCommand {
        slot: command.slot,
        age: tick.0 - command.stamped.0,
        command: decree,
    })
}

pub struct Model<S: Simulation> {
    pub simulation: S,
    pub setup: Setup,
    pub window: Window,
    /// The sealed frames taken so far, by tick.
    pub sealed: BTreeMap<Tick, SealedFrame>,
    /// The first input that was provided for a tick and slot.
    provisional: BTreeMap<(Tick, u8), Order>,
    pub confirmed: Tick,
    pub reached: Tick,
    /// What every executed tick was executed with.
    pub used: Vec<Used>,
    /// The world before the first tick that is not confirmed, and after every later one.
    moments: Vec<Moment<S::State>>,
    /// Checksum and chained digest of every confirmed tick.
    pub checksums: Vec<(Digest, Digest)>,
    pub resimulated_ticks: u64,
    pub invalid_inputs: u64,
    pub teller: Teller,
}

impl<S> Model<S>
where
    S: Simulation<Input = Order, Command = Decree, Effect = Spark>,
    S::State: Clone,
{
    pub fn new(simulation: S, setup: Setup, window: Window) -> Self {
        Self {
            moments: vec![Moment::start(&simulation, &setup)],
            simulation,
            setup,
            window,
            sealed: BTreeMap::new(),
            provisional: BTreeMap::new(),
            confirmed: Tick::ZERO,
            reached: Tick::ZERO,
            used: Vec::new(),
            checksums: Vec::new(),
            resimulated_ticks: 0,
            invalid_inputs: 0,
            teller: Teller::default(),
        }
    }

    pub fn next(&self) -> Tick {
        Tick(self.used.len() as u64)
    }

    pub fn horizon(&self) -> Tick {
        self.confirmed + u64::from(HORIZON_TICKS_MAX)
    }

    /// The world as of now.
    pub fn now(&self) -> &Moment<S::State> {
        self.moments.last().expect("there is always a present")
    }

    /// Checksum of an executed tick.
    pub fn checksum(&self, tick: Tick) -> Option<Digest> {
        match tick.since(self.confirmed) {
            ..0 => self.checksums.get(tick.0 as usize).map(|digests| digests.0),
            ahead => self
                .moments
                .get(ahead as usize + 1)
                .map(|moment| moment.checksum),
        }
    }

    pub fn can_advance(&self) -> Result<(), Stall> {
        let ahead = self.next().since(self.confirmed);
        if self.now().session.ended() {
            Err(Stall::Ended)
        } else if ahead < i64::from(self.window.ticks)
            || ahead == 0 && self.sealed.contains_key(&self.next())
        {
            Ok(())
        } else {
            Err(Stall::WindowFull)
        }
    }

    pub fn advance(&mut self) -> Result<Tick, Stall> {
        self.can_advance()?;
        let tick = self.next();
        let used = self.wanted(tick);
        self.moments
            .push(self.now().step(&self.simulation, tick, &used));
        let certain = tick == self.confirmed && self.sealed.contains_key(&tick);
        let moment = self.moments.last().unwrap();
        self.teller.executed(tick, &moment.sparks, certain);
        self.used.push(used);
        self.resimulated_ticks += u64::from(tick < self.reached);
        self.reached = self.reached.max(self.next());
        self.confirm();
        Ok(tick)
    }

    pub fn provide(&mut self, tick: Tick, slot: Slot, order: Order) -> Option<Tick> {
        let open = self.confirmed <= tick && tick < self.horizon();
        let key = (tick, slot.0);
        if !open
            || slot.0 >= self.setup.slots
            || self.sealed.contains_key(&tick)
            || self.provisional.contains_key(&key)
        {
            return None;
        }
        self.provisional.insert(key, order);
        self.rewind()
    }

    pub fn seal(&mut self, frame: &SealedFrame) -> Result<Sealing, SealError> {
        let slots = u64::from(self.setup.slots);
        if (frame.provenance.len() as u64, frame.inputs.len() as u64) != (slots, 2 * slots) {
            return Err(SealError::WrongShape(frame.tick));
        }
        if self.sealed.contains_key(&frame.tick) {
            return Ok(Sealing::Known);
        }
        if frame.tick >= self.horizon() {
            return Err(SealError::BeyondHorizon(frame.tick));
        }
        let invalid = frame.inputs.chunks(2).filter(|bytes| !is_valid(bytes));
        self.invalid_inputs += invalid.count() as u64;
        self.sealed.insert(frame.tick, frame.clone());
        let before = self.confirmed;
        let rewound = self.rewind();
        self.confirm();
        Ok(match rewound {
            Some(from) => Sealing::RolledBack { from },
            None if self.confirmed > before => Sealing::Confirmed,
            None => Sealing::Kept,
        })
    }

    /// Forgets all from the first tick on that would be executed otherwise by now.
    fn rewind(&mut self) -> Option<Tick> {
        let wrong = self
            .confirmed
            .until(self.next())
            .find(|tick| self.wanted(*tick) != self.used[tick.0 as usize])?;
        self.used.truncate(wrong.0 as _);
        self.moments
            .truncate(wrong.since(self.confirmed) as usize + 1);
        self.teller.undone(wrong);
        Some(wrong)
    }

    fn confirm(&mut self) {
        while self.confirmed < self.next() && self.sealed.contains_key(&self.confirmed) {
            self.moments.remove(0);
            let moment = &self.moments[0];
            self.checksums.push((moment.checksum, moment.chained));
            let ended = moment.session.ended();
            self.teller.confirmed(self.confirmed, ended);
            self.confirmed = self.confirmed.next();
        }
    }

    /// What `tick` would be executed with now, given how the tick before it was.
    fn wanted(&self, tick: Tick) -> Used {
        let used = self.wanted_in_play(tick);
        let mut session = self.moments[tick.since(self.confirmed) as usize]
            .session
            .clone();
        session.begin(tick, &used.entries);
        if session.paused() {
            return used.in_a_pause();
        }
        used
    }

    fn wanted_in_play(&self, tick: Tick) -> Used {
        if let Some(frame) = self.sealed.get(&tick) {
            return sealed_use(frame);
        }
        let order = |slot: Slot| match self.provisional.get(&(tick, slot.0)) {
            Some(order) => *order,
            None => self.guess(tick, slot),
        };
        Used {
            entries: Vec::new(),
            decrees: Vec::new(),
            orders: Slot::all(self.setup.slots).map(order).collect(),
        }
    }

    fn guess(&self, tick: Tick, slot: Slot) -> Order {
        let missing = (0..=tick.0)
            .rev()
            .take_while(|tick| !self.is_real(Tick(*tick), slot))
            .take(self.window.repeat.ticks as usize + 1);
        match tick.previous() {
            Some(before) if missing.count() as u64 <= u64::from(self.window.repeat.ticks) => {
                self.used[before.0 as usize].orders[slot.0 as usize].held()
            }
            _ => Order::default(),
        }
    }

    fn is_real(&self, tick: Tick, slot: Slot) -> bool {
        match self.sealed.get(&tick) {
            Some(frame) => frame.provenance[slot.0 as usize] == Provenance::Real,
            None => self.provisional.contains_key(&(tick, slot.0)),
        }
    }
}

/// Whether two bytes are a value of [`Order`], written out by hand.
pub fn is_valid(bytes: &[u8]) -> bool {
    let bits = u16::from_le_bytes([bytes[0], bytes[1]]);
    bits & 3 != 3 && bits >> 11 & 3 != 3 && bits >> 13 == 0
}
