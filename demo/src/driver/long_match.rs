//! What it takes to come back to a long match, in real time:
//! `cargo test --release -p phalanx --lib long_match -- --ignored --nocapture --test-threads 1`.

use core::cell::{Cell, RefCell};
use core::fmt;
use core::num::NonZeroU32;
use core::time::Duration;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

use phalanx_engine::{Simulation, Slot, Tick, TickRate};
use phalanx_netcode::quic::{Clock, Connection, Identity, Listener, Pin};
use phalanx_netcode::snapshot::pack;
use phalanx_netcode::testing::{LinkConditions, Scenario, World};
use phalanx_netcode::{Client, ClientConfig, Event, Relay, RelayEvent, ResumeToken, Time};
use tokio::task::{JoinHandle, LocalSet, spawn_local, yield_now};

use super::{Bot, Ending, Path, Pilot, Traffic, fly, serve};
use crate::interrupt::Interrupt;
use crate::skirmish::{Phase, Skirmish};

const GAME: Skirmish = Skirmish { units: 5_000 };

/// As `play` has it.
const CLIENT: ClientConfig = ClientConfig::new(0, 8);

/// The match is cut at most this long after a round began, ticks: both armies stand at home, and stay there, for nobody
/// orders anything from then on. So the worlds that players come back to are of one size, however long they were
/// fought over.
const AGE_MAX: u16 = 150;

/// It is cut this long after a keyframe: the next one is soon.
const AFTER_KEYFRAME: core::ops::Range<u64> = 500..540;

/// Who comes back has so much to catch up with, ticks: almost as many as there are from a keyframe to the next.
const TAIL: u64 = 550;

/// So often the player comes back.
const COMEBACKS: u64 = 7;

/// The way of who comes back, in each direction.
const LINK: LinkConditions = LinkConditions {
    kbit_per_s: NonZeroU32::new(10_000),
    ..LinkConditions::constant(Duration::from_millis(50))
};

/// Nothing here takes longer.
const PATIENCE: Duration = Duration::from_secs(120);

/// What it took.
struct Figures {
    /// Ticks that were sealed when the player came back, and those it executed.
    ticks: u64,
    tail: u64,
    /// From the first packet to the relay's welcome, to the last byte of the snapshot, and to the first input.
    joined: Duration,
    started: Duration,
    live: Duration,
    bytes: u64,
    snapshot_bytes: usize,
    units: u32,
    /// Of the other player meanwhile.
    stalls: u64,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            ticks,
            tail,
            joined,
            started,
            live,
            bytes,
            snapshot_bytes,
            units,
            stalls,
        } = self;
        write!(
            f,
            "{ticks} ticks, {units} units, {snapshot_bytes} bytes packed: joined after {joined:.2?}, \
             everything there after {started:.2?}, live after {live:.2?}; {tail} ticks to catch up with, \
             {bytes} bytes on the wire; the other player stalled {stalls} times"
        )
    }
}

/// A match of that length in the virtual world, and what its players come back with: everybody is cut off.
fn played(length: Duration) -> (Relay, Time, [ResumeToken; 2]) {
    let scenario = Scenario {
        rate: TickRate::hz(20),
        ticks: u64::MAX / 2,
        client: CLIENT,
        ..Scenario::default()
    };
    let mut session = scenario.session(&GAME);
    session.linger = Some(PATIENCE);
    let mut world = World::vacant(&scenario, session, GAME).unwrap();
    for _ in 0..scenario.players {
        world.come(GAME, CLIENT, (LINK, LINK)).unwrap();
    }
    world.run_until(Time::ZERO + length, |_, _, _| None);
    let stands = |world: &World<Skirmish>| {
        let battle = world.client(Slot(0)).state().unwrap();
        let since = world.relay().log().next().0 % u64::from(scenario.rules.keyframe_ticks);
        AFTER_KEYFRAME.contains(&since)
            && battle.round.phase == Phase::War
            && battle.round.age <= AGE_MAX
    };
    while !stands(&world) {
        let next = world.now() + Duration::from_millis(500);
        world.run_until(next, |_, _, _| None);
    }
    let tokens = [Slot(0), Slot(1)].map(|slot| world.client(slot).token().unwrap());
    world.kill(Slot(0));
    world.kill(Slot(1));
    let now = world.now();
    (world.into_relay(), now, tokens)
}

/// A bot that remembers when it was told what.
struct Witness {
    bot: Bot<Skirmish>,
    clock: Clock,
    told: Rc<RefCell<Vec<(Time, Event)>>>,
}

impl Pilot<Skirmish> for Witness {
    fn sample(
        &mut self,
        _now: Time,
        _tick: Tick,
        slot: Slot,
        state: &<Skirmish as Simulation>::State,
    ) -> <Skirmish as Simulation>::Input {
        self.bot.input(slot, state)
    }

    fn commands(
        &mut self,
        slot: Slot,
        state: &<Skirmish as Simulation>::State,
    ) -> Vec<<Skirmish as Simulation>::Command> {
        self.bot.orders(slot, state)
    }

    fn told(&mut self, _client: &Client<Skirmish>, event: &Event) {
        self.told
            .borrow_mut()
            .push((self.clock.now(), event.clone()));
    }
}

/// Where the match is served, in real time.
struct Stage {
    clock: Clock,
    relay: Rc<RefCell<Relay>>,
    keyframe: Rc<RefCell<Option<Tick>>>,
    addr: SocketAddr,
    pin: Pin,
}

/// A player who came back as a new process.
struct Player {
    client: Rc<RefCell<Client<Skirmish>>>,
    told: Rc<RefCell<Vec<(Time, Event)>>>,
    began: Time,
    playing: JoinHandle<()>,
}

impl Stage {
    fn set(relay: Relay, now: Time) -> Self {
        let identity = Identity::generate().unwrap();
        let mut listener = Listener::bind((Ipv4Addr::LOCALHOST, 0).into(), &identity).unwrap();
        let stage = Self {
            clock: Clock::starting_at(now),
            relay: Rc::new(RefCell::new(relay)),
            keyframe: Rc::default(),
            addr: listener.local_addr(),
            pin: listener.pin(),
        };
        let (relay, keyframe, clock) = (
            Rc::clone(&stage.relay),
            Rc::clone(&stage.keyframe),
            stage.clock,
        );
        spawn_local(async move {
            let told = |told: &super::Told<'_>| {
                if let RelayEvent::Keyframe(tick) = told.event {
                    *keyframe.borrow_mut() = Some(*tick);
                }
            };
            serve(&relay, &mut listener, &clock, &mut Interrupt::never(), told).await;
        });
        stage
    }

    fn come(&self, token: ResumeToken, addr: SocketAddr) -> Player {
        let mut client = Client::new(GAME, CLIENT).unwrap();
        client.claim(token);
        let client = Rc::new(RefCell::new(client));
        let told = Rc::<RefCell<Vec<_>>>::default();
        let mut pilot = Witness {
            bot: Bot {
                rules: GAME,
                idle: true,
            },
            clock: self.clock,
            told: Rc::clone(&told),
        };
        let (clock, pin, flown) = (self.clock, self.pin, Rc::clone(&client));
        let playing = spawn_local(async move {
            let connection = Connection::connect(addr, pin, PATIENCE).await.unwrap();
            let (mut never, mut ending) = (Interrupt::never(), Ending::NOT_YET);
            fly(
                &flown,
                connection,
                &mut pilot,
                &clock,
                &mut never,
                &mut ending,
            )
            .await;
        });
        Player {
            client,
            told,
            began: self.clock.now(),
            playing,
        }
    }

    /// Waits until it is so.
    async fn until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        let patience = self.clock.now() + PATIENCE;
        while !is_so() {
            assert!(self.clock.now() < patience, "never: {what}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn sealed(&self) -> Tick {
        self.relay.borrow().log().next()
    }
}

impl Player {
    /// How long after it began it was told that; zero if it was not.
    fn when(&self, is_it: impl Fn(&Event) -> bool) -> Duration {
        let told = self.told.borrow();
        let found = told.iter().find(|(_, event)| is_it(event));
        found.map_or(Duration::ZERO, |(at, _)| at.since(self.began))
    }

    fn is_live(&self) -> bool {
        !self.when(|event| *event == Event::Live).is_zero()
    }

    /// How many ticks it had to catch up with.
    fn tail(&self) -> u64 {
        let told = self.told.borrow();
        let tails = told.iter().filter_map(|(_, event)| match event {
            Event::CatchingUp { from, to } => Some(to.0 - from.0),
            _ => None,
        });
        tails.sum()
    }

    fn stalls(&self) -> u64 {
        self.client.borrow().stats().stalls
    }
}

/// A player over the emulated link.
struct Remote {
    player: Player,
    carrying: JoinHandle<()>,
    traffic: Rc<Cell<Traffic>>,
}

impl Remote {
    async fn come(stage: &Stage, token: ResumeToken, seed: u64) -> Self {
        let path = Path::open(stage.addr, (LINK, seed), (LINK, seed + 1));
        let path = path.await.unwrap();
        let (addr, traffic) = (path.addr().unwrap(), path.traffic());
        Self {
            carrying: spawn_local(path.carry(stage.clock)),
            player: stage.come(token, addr),
            traffic,
        }
    }

    /// The process dies: nobody hears of it.
    async fn die(self) {
        self.carrying.abort();
        yield_now().await;
        self.player.playing.abort();
        yield_now().await;
    }
}

/// Comes back several times in a row, after a match of that length.
async fn come_back(length: Duration) -> Vec<Figures> {
    let (relay, now, [one, two]) = played(length);
    let stage = Stage::set(relay, now);
    let other = stage.come(one, stage.addr);
    let mut remote = Remote::come(&stage, two, 0).await;
    let both = || other.is_live() && remote.player.is_live();
    stage.until("both are back", both).await;
    *stage.keyframe.borrow_mut() = None;
    let keyframe = || *stage.keyframe.borrow();
    stage.until("a snapshot", || keyframe().is_some()).await;
    let due = keyframe().unwrap() + TAIL;
    stage
        .until("enough to catch up with", || due <= stage.sealed())
        .await;
    let mut figures = Vec::new();
    for again in 0..COMEBACKS {
        remote.die().await;
        let (stalls, ticks) = (other.stalls(), stage.sealed().0);
        remote = Remote::come(&stage, two, 2 * again + 2).await;
        let back = &remote.player;
        stage.until("it is back", || back.is_live()).await;
        let bytes = remote.traffic.get().down;
        let mut client = other.client.borrow_mut();
        let tick = client.timeline().unwrap().confirmed().previous().unwrap();
        let snapshot = client.snapshot(tick).unwrap();
        figures.push(Figures {
            ticks,
            tail: back.tail(),
            joined: back.when(|event| matches!(event, Event::Joined { .. })),
            started: back.when(|event| *event == Event::Started),
            live: back.when(|event| *event == Event::Live),
            bytes,
            snapshot_bytes: pack(&snapshot, None).unwrap().len(),
            units: client.state().unwrap().units.len(),
            stalls: client.stats().stalls - stalls,
        });
    }
    assert_eq!(stage.relay.borrow().disagreement(), None);
    figures
}

/// The median of what it took until the player was live.
fn tell(length: Duration) -> Duration {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let figures = LocalSet::new().block_on(&runtime, come_back(length));
    for figures in &figures {
        println!("after {} s: {figures}", length.as_secs());
    }
    let mut live: Vec<_> = figures.iter().map(|figures| figures.live).collect();
    live.sort();
    live[live.len() / 2]
}

#[test]
#[ignore = "plays for two hours, and takes minutes of real time"]
fn coming_back_after_two_hours_takes_what_it_takes_after_ten_minutes() {
    let short = tell(Duration::from_secs(10 * 60));
    let long = tell(Duration::from_secs(2 * 3600));
    let ratio = long.as_secs_f64() / short.as_secs_f64();
    println!("live after {short:.3?} and {long:.3?} (medians): {ratio:.2} times");
}
