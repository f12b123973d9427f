//! [`Incident`]: what happens to a session in a fork of it, and [`Script`], how it does.

use core::fmt;
use core::str::FromStr;
use core::time::Duration;
use std::collections::VecDeque;

use phalanx_engine::{Entry, Rng, Simulation, Slot, Speed, Tick, TickRate};

use super::course::Course;
use crate::delay::InputDelay;
use crate::testing::Scenario;

/// What happens to a session. To whom, how much and for how long is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Incident {
    /// A player leaves for good.
    Leave,
    /// A player's connection is lost, for good.
    Kill,
    /// The same, and the computer takes the slot, at once or a little later; the player may come back to it.
    Replace,
    /// A player's connection is lost, which the relay may not notice, and the player comes back a little later,
    /// from the same process or another one.
    Rejoin,
    /// The session is paused, by a player or the host, and goes on a little later.
    Pause,
    /// The tick rate changes.
    Rate,
    /// The speed changes.
    Speed,
    /// A player's input delay changes, and changes back a little later.
    Delay,
    /// The host says something that the rules know.
    Game,
    /// Nothing: what the others are compared with.
    Nothing,
}

/// No [`Incident`] has such a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there are: leave, kill, replace, rejoin, pause, rate, speed, delay, game, nothing")]
pub struct ParseIncidentError;

impl Incident {
    /// All in which something happens.
    pub const ALL: [Self; 9] = [
        Self::Leave,
        Self::Kill,
        Self::Replace,
        Self::Rejoin,
        Self::Pause,
        Self::Rate,
        Self::Speed,
        Self::Delay,
        Self::Game,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Leave => "leave",
            Self::Kill => "kill",
            Self::Replace => "replace",
            Self::Rejoin => "rejoin",
            Self::Pause => "pause",
            Self::Rate => "rate",
            Self::Speed => "speed",
            Self::Delay => "delay",
            Self::Game => "game",
            Self::Nothing => "nothing",
        }
    }
}

impl fmt::Display for Incident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Incident {
    type Err = ParseIncidentError;

    fn from_str(name: &str) -> Result<Self, ParseIncidentError> {
        let all = Self::ALL.into_iter().chain([Self::Nothing]);
        let mut named = all.filter(|incident| incident.name() == name);
        named.next().ok_or(ParseIncidentError)
    }
}

/// Another input delay is shorter than this.
const DELAY_TICKS: u32 = 20;

/// Who asks for a pause, or for its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asker {
    Player(Slot),
    /// So much before it.
    Host(Duration),
}

/// Something that is done to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Leave(Slot),
    Kill(Slot),
    /// The relay does not notice.
    Cut(Slot),
    SeatBot(Slot),
    Reconnect(Slot),
    Restart(Slot),
    Pause(Asker),
    Resume(Asker),
    Rate(TickRate),
    Speed(Speed),
    Delay(Slot, u32),
    Say {
        kind: u32,
        value: u64,
    },
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leave(slot) => write!(f, "slot {slot} leaves"),
            Self::Kill(slot) | Self::Cut(slot) => write!(f, "slot {slot} is lost"),
            Self::SeatBot(slot) => write!(f, "the computer takes slot {slot}"),
            Self::Reconnect(slot) | Self::Restart(slot) => {
                write!(f, "the player of slot {slot} comes back")
            }
            Self::Pause(_) => f.write_str("a pause"),
            Self::Resume(_) => f.write_str("the end of a pause"),
            Self::Rate(rate) => write!(f, "{rate} ticks a second"),
            Self::Speed(speed) => write!(f, "speed {}/{}", speed.numerator, speed.denominator),
            Self::Delay(slot, ticks) => write!(f, "the delay of slot {slot} is {ticks} ticks"),
            Self::Say { kind, value } => write!(f, "the host says {kind}, {value}"),
        }
    }
}

impl Act {
    /// Does it; `false` if that cannot be just now.
    fn is_done<S: Simulation<State: Clone> + Clone>(self, course: &mut Course<S>) -> bool {
        let world = &mut course.world;
        match self {
            Self::Leave(slot) => {
                world.leave(slot);
                course.goes(slot);
                true
            }
            Self::Kill(slot) => {
                world.kill(slot);
                course.goes(slot);
                true
            }
            Self::Cut(slot) => {
                world.cut(slot);
                course.goes(slot);
                true
            }
            Self::SeatBot(slot) => world.relay_mut().seat_bot(slot),
            Self::Reconnect(slot) => {
                world.reconnect(slot);
                course.returns(slot);
                true
            }
            Self::Restart(slot) => course.restarts(slot),
            Self::Pause(Asker::Player(slot)) => world.pause(slot).is_ok(),
            Self::Pause(Asker::Host(notice)) => world.relay_mut().pause(notice).is_ok(),
            Self::Resume(Asker::Player(slot)) => world.resume(slot).is_ok(),
            Self::Resume(Asker::Host(notice)) => world.relay_mut().resume(notice).is_ok(),
            Self::Rate(rate) => world.relay_mut().change_rate(rate).is_ok(),
            Self::Speed(speed) => world.relay_mut().change_speed(speed).is_ok(),
            Self::Delay(slot, ticks) => {
                let set = world.set_delay(slot, InputDelay::Ticks(ticks));
                set.is_ok() && world.client(slot).stats().delay == ticks
            }
            Self::Say { kind, value } => world.relay_mut().say(kind, value),
        }
    }

    /// Whether the log says that it happened, if that is anybody else's business.
    fn is_told_by(&self, entries: &[Entry]) -> bool {
        let own = matches!(self, Self::Delay(..));
        own || entries.iter().any(|entry| self.is_entry(entry))
    }

    fn is_entry(&self, entry: &Entry) -> bool {
        match (*self, *entry) {
            (Self::Leave(slot), Entry::Leave(of))
            // Of one frame the entry of the computer says both.
            | (Self::Kill(slot) | Self::Cut(slot), Entry::Leave(of) | Entry::Bot(of))
            | (Self::SeatBot(slot), Entry::Bot(of))
            | (Self::Reconnect(slot) | Self::Restart(slot), Entry::Join(of)) => slot == of,
            (Self::Pause(_), Entry::Pause { .. }) | (Self::Resume(_), Entry::Resume { .. }) => true,
            (Self::Rate(asked), Entry::Rate { rate, .. }) => asked == rate,
            (Self::Speed(asked), Entry::Speed { speed, .. }) => asked == speed,
            (Self::Say { kind, value }, entry) => entry == Entry::Game { kind, value },
            _ => false,
        }
    }
}

/// What is to be done, and when at the earliest.
pub(super) struct Script {
    coming: VecDeque<(Tick, Act)>,
    done: Vec<Act>,
}

impl Script {
    pub(super) fn new(incident: Incident, at: Tick, scenario: &Scenario, draws: &mut Rng) -> Self {
        let whom = any_slot(scenario.players, draws);
        let acts = match incident {
            Incident::Leave => vec![(at, Act::Leave(whom))],
            Incident::Kill => vec![(at, Act::Kill(whom))],
            Incident::Replace => {
                let seated = at + draws.below_u64(2) * draws.below_u64(60);
                let mut acts = vec![(at, Act::Kill(whom)), (seated, Act::SeatBot(whom))];
                if draws.chance(1, 2) {
                    acts.push((seated + 1 + draws.below_u64(60), returns(whom, draws)));
                }
                acts
            }
            Incident::Rejoin => {
                let later = at + 1 + draws.below_u64(150);
                let noticed = draws.chance(1, 2);
                let goes = if noticed { Act::Kill } else { Act::Cut };
                vec![(at, goes(whom)), (later, returns(whom, draws))]
            }
            Incident::Pause => {
                let first = asker(whom, draws);
                let second = asker(any_slot(scenario.players, draws), draws);
                let later = at + 1 + draws.below_u64(60);
                vec![(at, Act::Pause(first)), (later, Act::Resume(second))]
            }
            Incident::Rate => vec![(at, Act::Rate(another_rate(scenario.rate, draws)))],
            Incident::Speed => vec![(at, Act::Speed(another_speed(draws)))],
            Incident::Delay => {
                let usual = scenario.client.delay.at_start();
                let later = at + 1 + draws.below_u64(60);
                let ticks = (usual + 1 + draws.below(DELAY_TICKS - 1)) % DELAY_TICKS;
                let back = Act::Delay(whom, usual);
                vec![(at, Act::Delay(whom, ticks)), (later, back)]
            }
            Incident::Game => {
                let (kind, value) = (draws.next_u32(), draws.next_u64());
                vec![(at, Act::Say { kind, value })]
            }
            Incident::Nothing => Vec::new(),
        };
        Self {
            coming: acts.into(),
            done: Vec::new(),
        }
    }

    /// Does what is due, as far as it can be done by now.
    pub(super) fn go_on<S: Simulation<State: Clone> + Clone>(&mut self, course: &mut Course<S>) {
        while let Some((due, act)) = self.coming.front().copied()
            && due <= course.tick()
            && act.is_done(course)
        {
            self.coming.pop_front();
            self.done.push(act);
        }
    }

    /// The first that could not be done, or that `entries` do not tell of.
    pub(super) fn missing(&self, entries: &[Entry]) -> Option<&Act> {
        let undone = self.coming.front().map(|(_, act)| act);
        undone.or_else(|| self.done.iter().find(|act| !act.is_told_by(entries)))
    }
}

/// From the same process, or another one.
fn returns(slot: Slot, draws: &mut Rng) -> Act {
    let again = draws.chance(1, 2);
    (if again { Act::Reconnect } else { Act::Restart })(slot)
}

fn asker(slot: Slot, draws: &mut Rng) -> Asker {
    if draws.chance(1, 2) {
        Asker::Player(slot)
    } else {
        Asker::Host(Duration::from_millis(draws.below_u64(500)))
    }
}

/// Half of a tick rate to twice as much, if there is such a one.
fn another_rate(rate: TickRate, draws: &mut Rng) -> TickRate {
    let other = another_speed(draws).of(rate);
    other.unwrap_or(TickRate::hz(if rate == TickRate::hz(30) { 31 } else { 30 }))
}

/// Half of real time to twice as fast.
fn another_speed(draws: &mut Rng) -> Speed {
    let quarters = draws.choose(&[2, 3, 5, 8]).copied();
    Speed {
        numerator: quarters.unwrap_or(2),
        denominator: 4,
    }
}

fn any_slot(players: u8, draws: &mut Rng) -> Slot {
    let slot = draws.below(players.into());
    Slot(u8::try_from(slot).unwrap_or(0))
}
