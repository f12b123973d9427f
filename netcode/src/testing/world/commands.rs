//! Each command is executed exactly once, by everybody: many small sessions over bad networks, drawn from
//! one seed each.

use core::time::Duration;
use std::collections::VecDeque;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{env, thread};

use phalanx_engine::{
    Command, CommandWay, Effects, GivenCommand, InputFrame, NoEffect, SealedFrame, Setup,
    Simulation, Slot, State, Tick, mix, to_bytes,
};

use super::World;
use crate::client::ClientConfig;
use crate::config::CommandBudget;
use crate::link::CommandError;
use crate::relay::plant::{self, Fault};
use crate::testing::{LinkConditions, Scenario};

/// Names the one seed that a failure names.
const SEED: &str = "COMMANDS_SEED";

/// A session has so many ticks, and more if something is still on its way.
const LEAST_TICKS: u64 = 260;
const MOST_TICKS: u64 = 900;

/// Of many sessions it is told that so many are played.
const TOLD_EVERY: u64 = 2_000;

const SLICE: Duration = Duration::from_millis(7);

/// A game that books what was ordered.
struct Ledger<const PREDICTED: bool>;

#[derive(State, Clone, Debug, PartialEq, Eq)]
struct Books {
    hash: u64,
    /// Per slot the number that its next small and its next large order has to have.
    next: Vec<[u32; 2]>,
    /// Orders that had another one.
    wrong: u32,
}

#[derive(State, Clone, Debug)]
struct Order<const PREDICTED: bool> {
    number: u32,
    rest: Vec<u8>,
}

impl<const PREDICTED: bool> Command for Order<PREDICTED> {
    const MAX_BYTES: u32 = 4096;
    const PREDICTED: bool = PREDICTED;
}

impl<const PREDICTED: bool> Simulation for Ledger<PREDICTED> {
    const ID: &'static str = "ledger";
    const VERSION: u32 = 1;
    type State = Books;
    type Input = u8;
    type Command = Order<PREDICTED>;
    type Effect = NoEffect;

    fn start(&self, setup: &Setup) -> Books {
        Books {
            hash: setup.seed,
            next: vec![[0; 2]; setup.slots.into()],
            wrong: 0,
        }
    }

    fn step(&self, books: &mut Books, frame: &InputFrame<'_, Self>, _: &mut Effects<NoEffect>) {
        for input in frame.inputs() {
            books.hash = mix(books.hash ^ u64::from(*input));
        }
        for GivenCommand { slot, age, command } in frame.commands() {
            let number = u64::from(command.number) << 32;
            books.hash = mix(books.hash ^ number ^ u64::from(slot.0) << 24 ^ age);
            let large = command.rest.len() + 8 > 200;
            if let Some(next) = books.next.get_mut(usize::from(slot.0)) {
                let next = &mut next[usize::from(large)];
                books.wrong += u32::from(command.number != *next);
                *next = command.number + 1;
            }
        }
    }
}

/// What sessions came to.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    sessions: u64,
    ticks: u64,
    /// Commands, those of them that were large, and those that were sealed after their tick.
    commands: u64,
    large: u64,
    late: u64,
    rollbacks: u64,
    /// Connections lost and made anew.
    returns: u64,
    /// Datagrams lost and doubled.
    lost: u64,
    doubled: u64,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.sessions += other.sessions;
        self.ticks += other.ticks;
        self.commands += other.commands;
        self.large += other.large;
        self.late += other.late;
        self.rollbacks += other.rollbacks;
        self.returns += other.returns;
        self.lost += other.lost;
        self.doubled += other.doubled;
    }
}

/// Numbers drawn from a seed, one after the other.
struct Draws(u64);

impl Draws {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = mix(self.0);
        (self.0 >> 20) % most
    }

    /// One of the slots.
    fn slot<S: Simulation>(&mut self, world: &World<S>) -> u8 {
        let slots = world.relay.config().setup.slots;
        u8::try_from(self.below(slots.into())).unwrap()
    }

    fn small(&mut self, most: u32) -> u32 {
        u32::try_from(self.below(most.into())).unwrap()
    }
}

fn scenario(draws: &mut Draws) -> Scenario {
    let mut way = || LinkConditions {
        jitter: Duration::from_millis(draws.below(12)),
        loss_per_10k: draws.small(1000),
        loss_burst: Duration::from_millis(1 + draws.below(60)),
        duplicate_per_10k: draws.small(1500),
        reorder_per_10k: draws.small(1000),
        reorder_delay: Duration::from_millis(20),
        ..LinkConditions::constant(Duration::from_millis(2 + draws.below(80)))
    };
    let (up, down) = (way(), way());
    let window = [0, 8, 12][usize::try_from(draws.below(3)).unwrap()];
    let mut scenario = Scenario {
        up,
        down,
        players: u8::try_from(1 + draws.below(4)).unwrap(),
        ticks: MOST_TICKS,
        seed: draws.below(u64::MAX),
        client: ClientConfig::new(draws.small(6), window),
        ..Scenario::default()
    };
    if draws.below(4) == 0 {
        // So little that some of it waits.
        scenario.rules.commands = CommandBudget {
            commands_per_s: 8,
            bytes_per_s: 8192,
        };
    }
    scenario
}

/// An order that is to be given at a tick.
struct Planned<const PREDICTED: bool> {
    at: Tick,
    slot: Slot,
    order: Order<PREDICTED>,
}

/// At least twenty orders, in the first half of the session.
fn plan<const PREDICTED: bool>(draws: &mut Draws, players: u8) -> VecDeque<Planned<PREDICTED>> {
    let mut at: Vec<_> = (0..20 + draws.below(20))
        .map(|_| 5 + draws.below(110))
        .collect();
    at.sort_unstable();
    let mut next = vec![[0_u32; 2]; players.into()];
    let each = at.into_iter().map(|at| {
        let slot = draws.below(players.into());
        let large = draws.below(5) == 0;
        let length = if large {
            193 + draws.below(1000)
        } else {
            draws.below(193)
        };
        let number = &mut next[usize::try_from(slot).unwrap()][usize::from(large)];
        *number += 1;
        Planned {
            at: Tick(at),
            slot: Slot(u8::try_from(slot).unwrap()),
            order: Order {
                number: *number - 1,
                rest: vec![u8::try_from(at).unwrap(); usize::try_from(length).unwrap()],
            },
        }
    });
    each.collect()
}

/// Who lost the connection, and the tick at which it gets another one.
type Away = Vec<(Slot, Tick)>;

/// What happens to machines and connections meanwhile: a process hangs now and then, and a connection is lost, which
/// the relay notices at once or when its player is back.
fn disturb<S: Simulation>(world: &mut World<S>, draws: &mut Draws, away: &mut Away) -> u64 {
    let now = world.relay.log().next();
    let (back, still) = away.drain(..).partition(|(_, back)| *back <= now);
    *away = still;
    let back: Away = back;
    back.iter().for_each(|(slot, _)| world.reconnect(*slot));
    if draws.below(300) == 0 {
        let slot = Slot(draws.slot(world));
        world.hang(slot, Duration::from_millis(20 + draws.below(150)));
    }
    let slot = Slot(draws.slot(world));
    // A session that nobody is left in ends.
    if draws.below(150) == 0
        && (Tick(5)..Tick(140)).contains(&now)
        && away.is_empty()
        && world.relay.players() > 1
    {
        if draws.below(2) == 0 {
            world.kill(slot);
        } else {
            world.cut(slot);
        }
        away.push((slot, now + draws.below(60)));
    }
    back.len() as u64
}

/// Whether the player in a slot is there and plays.
fn plays<S: Simulation>(world: &World<S>, slot: Slot) -> bool {
    let node = world.node(slot);
    node.connected && node.client.stats().path.is_some() && node.client.behind().is_none()
}

/// Plays the session of `seed`.
fn session<const PREDICTED: bool>(seed: u64) -> Result<Tally, String> {
    let mut draws = Draws(seed);
    let scenario = scenario(&mut draws);
    let players = scenario.players;
    let mut world = World::new(&scenario, || Ledger::<PREDICTED>).map_err(|e| e.to_string())?;
    let mut plan = plan::<PREDICTED>(&mut draws, players);
    let mut given = vec![[Vec::new(), Vec::new()]; players.into()];
    let planned = plan.len() as u64;
    let (mut away, mut returns) = (Away::new(), 0);
    while !world.is_over()
        && (!plan.is_empty() || !away.is_empty() || world.relay.log().next() < Tick(150))
    {
        returns += disturb(&mut world, &mut draws, &mut away);
        let end = world.now + SLICE;
        let hold = draws.below(4);
        world.run_until(end, |slot, tick, _| {
            Some(u8::try_from((tick.0 / 9 + hold / 3 + u64::from(slot.0)) & 3).unwrap())
        });
        let now = world.relay.log().next();
        let mut later = VecDeque::new();
        let mut refused = vec![false; players.into()];
        while let Some(one) = plan.pop_front() {
            let index = usize::from(one.slot.0);
            if one.at > now || refused[index] || !plays(&world, one.slot) {
                later.push_back(one);
                continue;
            }
            match world.command(one.slot, &one.order) {
                Ok(()) => {
                    let bytes = to_bytes(&one.order);
                    let large = CommandWay::of(bytes.len() as u64) == CommandWay::Large;
                    given[index][usize::from(large)].push(bytes);
                }
                Err(CommandError::TooMany) => {
                    refused[index] = true;
                    later.push_back(one);
                }
                Err(error) => return Err(format!("{error}: {} after {now}", one.order.number)),
            }
        }
        plan = later;
    }
    let draw = |_, tick: Tick, _: &Books| Some(u8::try_from((tick.0 / 9) & 3).unwrap());
    // A message on the stream may be lost several times, and the session is over when all has come.
    let all: usize = given.iter().flatten().map(Vec::len).sum();
    let (mut sealed, mut seen) = (0, Tick::ZERO);
    while sealed < all && world.relay.log().next() < Tick(MOST_TICKS - 60) {
        let end = world.now + SLICE * 20;
        world.run_until(end, draw);
        sealed += commands_since(&world, &mut seen)?;
    }
    while world.relay.log().next() < Tick(LEAST_TICKS) {
        let end = world.now + SLICE;
        world.run_until(end, draw);
    }
    world.relay.end();
    world.run_until(crate::time::Time::NEVER, draw);
    if !plan.is_empty() {
        return Err(format!("{} of {planned} were not given", plan.len()));
    }
    let tally = check(&world, &given)?;
    Ok(Tally { returns, ..tally })
}

/// How many commands the frames from `seen` on have, which are seen then.
fn commands_since<S: Simulation>(world: &World<S>, seen: &mut Tick) -> Result<usize, String> {
    let log = world.relay.log();
    let mut frame = SealedFrame::empty(world.relay.config().genesis());
    let mut commands = 0;
    for tick in seen.until(log.next()) {
        log.read(tick, &mut frame)
            .map_err(|error| error.to_string())?;
        commands += frame.commands.len();
    }
    *seen = log.next();
    Ok(commands)
}

/// Whether the log holds exactly what was given, and everybody executed that.
fn check<const PREDICTED: bool>(
    world: &World<Ledger<PREDICTED>>,
    given: &[[Vec<Vec<u8>>; 2]],
) -> Result<Tally, String> {
    let mut tally = Tally {
        sessions: 1,
        ..Tally::default()
    };
    let mut next = vec![[0_usize; 2]; given.len()];
    for frame in world.relay.log().frames() {
        let frame = frame.map_err(|error| error.to_string())?;
        tally.ticks += 1;
        for command in &frame.commands {
            let (slot, large) = (
                usize::from(command.slot.0),
                usize::from(command.way() == CommandWay::Large),
            );
            let number = next[slot][large];
            if command.sequence != number as u64
                || given[slot][large].get(number) != Some(&command.bytes)
            {
                let place = command.place();
                return Err(format!("{place:?} at {} instead of {number}", frame.tick));
            }
            next[slot][large] += 1;
            tally.commands += 1;
            tally.large += large as u64;
            tally.late += u64::from(command.stamped < frame.tick);
        }
    }
    let all = |numbers: &[Vec<Vec<u8>>; 2]| [numbers[0].len(), numbers[1].len()];
    let all: Vec<_> = given.iter().map(all).collect();
    if next != all {
        return Err(format!("sealed {next:?} of {all:?}"));
    }
    let report = world.report();
    if report.desync.is_some() || report.agreed_ticks != tally.ticks {
        return Err(format!(
            "agreed on {} of {} ticks",
            report.agreed_ticks, tally.ticks
        ));
    }
    for slot in Slot::all(world.relay.config().setup.slots) {
        let client = world.client(slot);
        let books = client.state().ok_or("a client without a world")?;
        let executed = client.stats().timeline.commands;
        let booked = books.next.iter().map(|next| next.map(|next| next as usize));
        if books.wrong > 0 || !booked.eq(all.iter().copied()) || executed != tally.commands {
            return Err(format!("slot {slot} executed {executed}: {books:?}"));
        }
        tally.rollbacks += client.stats().timeline.rollbacks;
    }
    for node in &world.nodes {
        for link in [node.up, node.down] {
            let counters = world.network.counters(link);
            tally.lost += counters.lost;
            tally.doubled += counters.duplicated;
        }
    }
    Ok(tally)
}

fn either(seed: u64) -> Result<Tally, String> {
    if mix(seed) & 1 == 0 {
        session::<false>(seed)
    } else {
        session::<true>(seed)
    }
}

/// Plays the sessions of so many seeds, or the one that the environment names, on all cores.
fn sessions(count: u64) -> Tally {
    let named = env::var(SEED).ok().and_then(|seed| seed.parse().ok());
    let seeds = named.map_or(0..count, |seed: u64| seed..seed + 1);
    let next = AtomicU64::new(seeds.start);
    let play = || {
        let mut own = Tally::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if !seeds.contains(&seed) {
                return own;
            }
            match either(seed) {
                Ok(tally) => own.add(tally),
                Err(error) => panic!(
                    "seed {seed}: {error}\nagain: {SEED}={seed} cargo test -p phalanx-netcode --lib each_command_is_executed_once"
                ),
            }
            if named.is_none() && (seed + 1).is_multiple_of(TOLD_EVERY) {
                println!("{} of {count} sessions", seed + 1);
            }
        }
    };
    let mut all = Tally::default();
    thread::scope(|scope| {
        let threads = 0..thread::available_parallelism().map_or(1, usize::from);
        let threads: Vec<_> = threads.map(|_| scope.spawn(play)).collect();
        for thread in threads {
            all.add(thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
    });
    println!("{all:?}");
    all
}

#[test]
fn each_command_is_executed_once() {
    let all = sessions(300);
    assert!(all.ticks >= 200 * all.sessions && all.commands >= 20 * all.sessions);
    if all.sessions > 1 {
        // It is no good network, and all that is to be tested happens.
        assert!(
            all.lost > all.sessions && all.doubled > all.sessions,
            "{all:?}"
        );
        assert!(
            all.large * 10 > all.commands && all.late * 20 > all.commands,
            "{all:?}"
        );
        assert!(all.rollbacks > all.sessions, "{all:?}");
        assert!(all.returns * 3 > all.sessions, "{all:?}");
    }
}

/// `cargo test --release -p phalanx-netcode --lib a_hundred_thousand -- --ignored --nocapture`
#[test]
#[ignore = "takes many minutes"]
fn each_command_is_executed_once_in_a_hundred_thousand_sessions() {
    let all = sessions(100_000);
    assert_eq!(all.sessions, 100_000);
    assert!(all.ticks >= 200 * all.sessions && all.commands >= 20 * all.sessions);
}

/// Regression: whoever came back without a claim predicted at every tick what it had ordered over the connection before.
#[test]
fn what_went_with_a_connection_that_had_no_claim_is_not_executed() {
    let scenario = Scenario::default();
    let mut session = scenario.session(&Ledger::<true>);
    (session.resume, session.late_join) = (None, true);
    let mut world = World::vacant(&scenario, session, Ledger::<true>).unwrap();
    for _ in 0..scenario.players {
        let net = LinkConditions::constant(Duration::from_millis(30));
        let come = world.come(Ledger, scenario.client, (net, net));
        come.unwrap();
    }
    let (me, still) = (Slot(0), |_, _: Tick, _: &Books| Some(0));
    let play = |world: &mut World<Ledger<true>>, millis| {
        world.run_until(world.now + Duration::from_millis(millis), still);
        let client = world.client(me);
        (
            client.stats().timeline.rollbacks,
            client.state().unwrap().next[0][0],
        )
    };
    let order = |number| Order {
        number,
        rest: Vec::new(),
    };
    play(&mut world, 2_000);
    world.command(me, &order(0)).unwrap();
    world.kill(me);
    play(&mut world, 300);
    world.reconnect(me);
    let (before, executed) = play(&mut world, 1_000);
    assert_eq!((world.client(me).behind(), executed), (None, 0));
    assert_eq!(play(&mut world, 2_000), (before, 0));
    // Another one has that number now.
    world.command(me, &order(0)).unwrap();
    assert_eq!(play(&mut world, 1_000).1, 1);
    world.run_until(crate::time::Time::NEVER, still);
    assert_eq!(world.report().commands, 1);
    for slot in Slot::all(2) {
        assert_eq!(world.client(slot).state().unwrap().wrong, 0);
    }
}

/// A relay that forgets a command, or that it has it, is seen, whichever command that is.
#[test]
fn a_relay_that_loses_or_doubles_a_command_is_seen() {
    for fault in [Fault::Loses, Fault::Doubles] {
        let mut seen = 0;
        for seed in 0..20 {
            plant::set(Some((fault, seed)));
            let result = either(seed);
            let struck = plant::set(None).is_none();
            assert!(
                !struck || result.is_err(),
                "{fault:?} at {seed}: {result:?}"
            );
            seen += u64::from(struck);
        }
        assert!(seen >= 15, "{fault:?}: {seen} of 20 struck");
    }
}
