//! A small game in which everything depends on everything: a wrong input, presence, entry or
//! undone cell changes all that follows.

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};

use phalanx_engine::{
    Command, DecodeError, Decoder, Digest, Effects, Encoder, Entry, Fix32, Input, InputFrame, Node,
    Presence, Rng, Schema, Setup, Simulation, Slot, State, Tick, Visitor, VisitorMut, mix,
    to_bytes,
};

use super::effects::{BURST_TOLERANCE, Kind, Spark};

/// Neutral is not tag 0, and tag 3 is no value.
#[derive(Input, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Heading {
    West,
    #[default]
    Still,
    East,
}

/// Thirteen bits of sixteen: most byte patterns are not valid.
#[derive(Input, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Order {
    pub heading: Heading,
    #[input(edge)]
    pub fire: bool,
    pub stick: i8,
    #[input(edge)]
    pub call: Heading,
}

impl Order {
    pub fn packed(self) -> [u8; 2] {
        let mut bytes = [0; 2];
        self.pack(&mut bytes);
        bytes
    }

    /// What a guess makes of it, written out by hand: edges are neutral.
    pub fn held(self) -> Self {
        Self {
            fire: false,
            call: Heading::Still,
            ..self
        }
    }
}

/// What a player orders; of many lengths, and most bytes are none.
#[derive(State, Clone, Debug, PartialEq)]
pub struct Decree {
    pub calm: bool,
    pub gifts: Vec<i8>,
}

impl Command for Decree {
    const MAX_BYTES: u32 = 9;
}

#[derive(State, Clone, Debug, PartialEq)]
pub enum Mood {
    Calm,
    Angry { at: Slot, since: Tick },
    Torn(i8, Option<Fix32>),
}

#[derive(State, Clone, Debug, PartialEq)]
pub struct Unit {
    owner: Slot,
    life: u16,
    place: [Fix32; 2],
}

#[derive(State, Clone, Debug, PartialEq)]
pub struct Field {
    /// Everything seen so far, mixed.
    pub sum: u64,
    rng: Rng,
    mood: Mood,
    units: Vec<Unit>,
    purses: BTreeMap<u16, i64>,
    trail: VecDeque<(bool, i8)>,
    /// Which of every eight ticks has the burst.
    burst: u64,
}

/// Bound of each container.
const ROOM: usize = 24;

impl Field {
    fn absorb(&mut self, value: u64) {
        self.sum = mix(self.sum ^ value);
    }

    fn absorb_entry(&mut self, entry: Entry) {
        for byte in to_bytes(&entry) {
            self.absorb(u64::from(byte) + 1);
        }
    }

    fn obey(&mut self, slot: Slot, decree: &Decree) {
        self.absorb(u64::from(slot.0) << 1 | u64::from(decree.calm));
        for gift in &decree.gifts {
            self.absorb(u64::from(gift.cast_unsigned()));
            *self.purses.entry(slot.0.into()).or_default() += i64::from(*gift);
        }
        if decree.calm {
            self.mood = Mood::Calm;
        }
    }

    /// What is seen and heard of a tick; of a wrong one something else, or the same a tick off.
    fn tell<S>(&mut self, frame: &InputFrame<'_, S>, sparks: &mut Effects<Spark>)
    where
        S: Simulation<Input = Order, Command = Decree>,
    {
        let loud = self.sum >> 8;
        let mut tell = |kind, entity| sparks.emit(Spark { kind, entity, loud });
        for (slot, _, order) in frame.slots().filter(|(_, _, order)| order.fire) {
            tell(
                Kind::Shot,
                u64::from(slot.0) << 1 | u64::from(order.call == Heading::East),
            );
        }
        for rattle in 0..self.sum & 3 {
            tell(Kind::Rattle, loud >> rattle & 1);
        }
        tell(Kind::Hum, 0);
        if self.sum >> 5 & 7 == 0 {
            tell(Kind::Death, loud >> 9 & 1);
        }
        let (burst, part) = (frame.tick().0 / 8, frame.tick().0 % 8);
        if part == 0 {
            self.burst = 1 + self.sum % (u64::from(BURST_TOLERANCE) + 1);
        }
        if part == self.burst {
            tell(Kind::Burst, burst);
        }
    }

    fn act(&mut self, slot: Slot, presence: Presence, order: Order) {
        let [low, high] = order.packed();
        let bits = u64::from(u16::from_le_bytes([low, high]));
        self.absorb(bits << 16 | u64::from(slot.0) << 2 | presence as u64);
        let key = (self.sum >> 40) as u16 % 64;
        let room = self.units.len() < ROOM;
        match self.rng.below(8) {
            0 | 1 if room => self.units.push(Unit {
                owner: slot,
                life: key,
                place: [
                    Fix32::from_bits(self.sum as i32),
                    Fix32::int(order.stick.into()),
                ],
            }),
            2 => drop(self.units.pop()),
            3 if order.fire => self.units.retain(|unit| unit.owner != slot),
            4 => *self.purses.entry(key).or_default() += i64::from(order.stick),
            5 => self.purses.retain(|purse, _| purse % 3 != key % 3),
            6 => self.trail.push_back((order.fire, order.stick)),
            _ => drop(self.trail.pop_front()),
        }
        self.mood = match (&self.mood, order.heading) {
            (_, Heading::Still) => Mood::Calm,
            (Mood::Calm, _) => Mood::Angry {
                at: slot,
                since: Tick(self.sum % 1000),
            },
            (_, Heading::West) => Mood::Torn(order.stick, None),
            (_, Heading::East) => Mood::Torn(order.stick, Some(Fix32::from_bits(key.into()))),
        };
        if let Some(unit) = self.units.first_mut() {
            unit.place[0] += Fix32::int(order.stick.into());
            unit.life = unit.life.wrapping_add(1);
        }
    }
}

/// The honest rules.
pub struct Chaos;

impl Simulation for Chaos {
    const ID: &'static str = "chaos";
    const VERSION: u32 = 1;
    type State = Field;
    type Input = Order;
    type Command = Decree;
    type Effect = Spark;

    fn start(&self, setup: &Setup) -> Field {
        Field {
            sum: setup.seed,
            rng: Rng::new(setup.seed),
            mood: Mood::Calm,
            units: Vec::new(),
            purses: BTreeMap::new(),
            trail: VecDeque::new(),
            burst: 0,
        }
    }

    fn step(&self, field: &mut Field, frame: &InputFrame<'_, Self>, sparks: &mut Effects<Spark>) {
        step(field, frame, sparks);
    }

    fn bot(&self, field: &Field, slot: Slot) -> Order {
        let sum = mix(field.sum ^ u64::from(slot.0));
        Order::unpack(&[sum as u8, (sum >> 8) as u8])
    }

    fn bot_commands(&self, field: &Field, slot: Slot) -> Vec<Decree> {
        let calm = field.sum & 1 == 1;
        let gifts = vec![slot.0.cast_signed()];
        let decree = (field.sum.is_multiple_of(7)).then_some(Decree { calm, gifts });
        decree.into_iter().collect()
    }
}

fn step<S>(field: &mut Field, frame: &InputFrame<'_, S>, sparks: &mut Effects<Spark>)
where
    S: Simulation<Input = Order, Command = Decree>,
{
    field.absorb(frame.tick().0);
    field.absorb(frame.session().seed());
    field.absorb(frame.session().rate().numerator().into());
    for entry in frame.entries() {
        field.absorb_entry(*entry);
    }
    for given in frame.commands() {
        field.absorb(given.age);
        field.obey(given.slot, &given.command);
    }
    for (slot, presence, order) in frame.slots() {
        field.act(slot, presence, order);
    }
    while field.trail.len() > ROOM {
        field.trail.pop_front();
    }
    field.tell(frame, sparks);
}

/// A canary: the rules read a counter that is not in the state.
#[derive(Default)]
pub struct Leaky {
    steps: Cell<u64>,
}

impl Simulation for Leaky {
    const ID: &'static str = "leaky";
    const VERSION: u32 = 1;
    type State = Field;
    type Input = Order;
    type Command = Decree;
    type Effect = Spark;

    fn start(&self, setup: &Setup) -> Field {
        Chaos.start(setup)
    }

    fn step(&self, field: &mut Field, frame: &InputFrame<'_, Self>, sparks: &mut Effects<Spark>) {
        self.steps.set(self.steps.get() + 1);
        field.absorb(self.steps.get());
        step(field, frame, sparks);
    }
}

/// A canary: the state does not undo.
pub struct Forgetful;

/// A [`Field`] whose `undo` leaves the purses as they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Sticky(Field);

impl Simulation for Forgetful {
    const ID: &'static str = "forgetful";
    const VERSION: u32 = 1;
    type State = Sticky;
    type Input = Order;
    type Command = Decree;
    type Effect = Spark;

    fn start(&self, setup: &Setup) -> Sticky {
        Sticky(Chaos.start(setup))
    }

    fn step(&self, state: &mut Sticky, frame: &InputFrame<'_, Self>, sparks: &mut Effects<Spark>) {
        step(&mut state.0, frame, sparks);
    }
}

impl State for Sticky {
    type Undo = <Field as State>::Undo;

    fn open(&mut self, undo: &mut Self::Undo) {
        self.0.open(undo);
    }
    fn close(&mut self, undo: &mut Self::Undo, node: Node<'_>) -> Digest {
        self.0.close(undo, node)
    }
    fn undo(&mut self, undo: &mut Self::Undo) {
        let purses = self.0.purses.clone();
        self.0.undo(undo);
        self.0.purses = purses;
    }
    fn redo(&mut self, undo: &mut Self::Undo) {
        self.0.redo(undo);
    }
    fn digest(&self, node: Node<'_>) -> Digest {
        self.0.digest(node)
    }
    fn schema(schema: &mut Schema) {
        Field::schema(schema);
    }
    fn encode(&self, out: &mut Encoder) {
        self.0.encode(out);
    }
    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        Field::decode(from).map(Self)
    }
    fn visit(&self, visitor: &mut dyn Visitor) {
        self.0.visit(visitor);
    }
    fn visit_mut(&mut self, visitor: &mut dyn VisitorMut) {
        self.0.visit_mut(visitor);
    }
}
