//! `match`: a relay and bots over loopback QUIC, with emulated links, in real time.

use core::cell::{Cell, RefCell};
use core::time::Duration;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path as Directory;
use std::rc::Rc;

use clap::Parser;
use phalanx_engine::{Slot, Tick, mix};
use phalanx_netcode::limits::{RESUME_COUNTDOWN, START_DELAY};
use phalanx_netcode::quic::{Clock, Connection, Identity, Listener, Pin};
use phalanx_netcode::replay::SigningKey;
use phalanx_netcode::testing::{LinkConditions, Planted, Report, Scenario};
use phalanx_netcode::{Client, CloseReason, Event, Relay, RelayEvent, Time};
use tokio::task::{JoinSet, spawn_local};

use super::in_runtime;
use crate::cli::{Cli, Command, GameName, Length, LengthArgs, MatchArgs, ScenarioArgs};
use crate::console::{Console, complain};
use crate::driver::{Bot, Ending, Path, Pilot, Traffic, fly, serve};
use crate::exit::{Exit, Failure};
use crate::fault;
use crate::figures::{figures, per_second};
use crate::file;
use crate::game::{Game, with_rules};
use crate::interrupt::Interrupt;
use crate::past::Past;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::recording::RecordFile;
use crate::replay_file;
use crate::samples::Recording;
use crate::summary::{Run, Summary};
use crate::watcher::Watcher;

/// Unless told otherwise.
const LENGTH: LengthArgs = LengthArgs {
    duration: Some(Length(Duration::from_secs(20))),
    ticks: None,
};

/// How often the match is looked at, to tell how far it is.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How often it is drawn: a little more often than there are ticks.
const WATCH_EVERY: Duration = Duration::from_millis(15);

/// How long all players may take to connect.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// How long the match may take to begin; and to end after its last tick was due.
const PATIENCE: Duration = Duration::from_secs(20);

/// The flags of the program without arguments.
pub(super) fn without_arguments() -> MatchArgs {
    match Cli::parse_from(["phalanx", "match"]).command {
        Some(Command::Match(args)) => args,
        _ => unreachable!("match was asked for"),
    }
}

pub(super) fn run(args: &MatchArgs, interrupt: &Interrupt) -> Result<Exit, Failure> {
    let scenario = &args.scenario;
    if scenario.faults.list_faults {
        return fault::list(Console::new(&scenario.output));
    }
    let Some(from) = args.from.as_deref() else {
        let plan = Plan::new("match", scenario, LENGTH)?;
        return with_rules!(plan.rules, game => begin(&game, &plan, None, args, interrupt));
    };
    check_record(from, scenario.record.record.as_deref())?;
    let reader = replay_file::open(from)?;
    let rules = replay_file::rules(from, &reader)?;
    check_players(from, reader.head().setup.slots, rules.game)?;
    with_rules!(rules, game => {
        replay_file::check(from, &reader, &game)?;
        let past = Past::read(from, reader, game, interrupt)?;
        let scenario = ScenarioArgs { game: past.game(rules), ..scenario.clone() };
        let mut plan = Plan::new("match", &scenario, LENGTH)?;
        plan.from = Some(from.to_owned());
        begin(&game, &plan, Some(past), args, interrupt)
    })
}

/// As many as are recorded go on: there is no flag for another number.
fn check_players(from: &Directory, players: u8, game: GameName) -> Result<(), Failure> {
    let most = game.players_max();
    if players <= most {
        return Ok(());
    }
    let name = from.display();
    Err(Failure::usage(format!(
        "{name} has {players} players, and a match of {game} has at most {most}: it cannot be gone on with"
    )))
}

/// What is gone on with is not written over.
fn check_record(from: &Directory, record: Option<&Directory>) -> Result<(), Failure> {
    let found = |path: &Directory| path.canonicalize().ok();
    if record
        .and_then(found)
        .is_some_and(|record| Some(record) == found(from))
    {
        return Err(Failure::usage(
            "a match is not recorded over what it goes on from: give --record another file",
        ));
    }
    Ok(())
}

fn begin<G: Game>(
    game: &G,
    plan: &Plan,
    past: Option<Past>,
    args: &MatchArgs,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let console = Console::new(&args.scenario.output);
    let time_csv = args.time_csv.as_deref();
    if let Some(directory) = time_csv {
        file::make_directory(directory)?;
    }
    // Before anything runs: there may be no terminal.
    let watcher = args.watch.then(|| Watcher::open(plan)).transpose()?;
    let match_of_bots = host(
        game,
        plan,
        past,
        (console, time_csv),
        watcher,
        interrupt.clone(),
    );
    in_runtime(match_of_bots)
}

type Player<G> = Rc<RefCell<Client<Planted<G>>>>;

/// What the match is known by while it runs.
struct Stage<G: Game> {
    clock: Clock,
    relay: Rc<RefCell<Relay>>,
    players: Vec<Player<G>>,
    traffic: Vec<Rc<Cell<Traffic>>>,
    /// Of every player's way up.
    routes: Vec<Rc<Cell<LinkConditions>>>,
    timing: Rc<Cell<Timing>>,
    record: RefCell<Option<RecordFile>>,
    /// The tick it goes on from, and the rounds that had ended then.
    before: (u64, u64),
}

/// When tick 0 was due and when the last tick was sealed.
#[derive(Clone, Copy)]
struct Timing {
    begun: Time,
    ended: Time,
}

/// A bot that plants the fault in the slot that it was given.
struct Planter<G>(Bot<G>);

impl<G: Game> Pilot<Planted<G>> for Planter<G> {
    fn sample(&mut self, _now: Time, _tick: Tick, slot: Slot, state: &G::State) -> G::Input {
        self.0.input(slot, state)
    }

    fn commands(&mut self, slot: Slot, state: &G::State) -> Vec<G::Command> {
        self.0.orders(slot, state)
    }

    fn told(&mut self, client: &Client<Planted<G>>, event: &Event) {
        if let (Event::Joined { slot, .. }, Some(timeline)) = (event, client.timeline()) {
            timeline.simulation().seat(*slot);
        }
    }
}

async fn host<G: Game>(
    game: &G,
    plan: &Plan,
    past: Option<Past>,
    (console, time_csv): (Console, Option<&Directory>),
    mut watcher: Option<Watcher<G>>,
    interrupt: Interrupt,
) -> Result<Exit, Failure> {
    let mut progress = Progress::new(console);
    let (mut stage, mut tasks, addr, pin) = set(game, plan, past, interrupt.clone())?;
    enter(game, plan, &mut stage, &mut tasks, addr, pin).await?;
    let attended = attend(plan, &stage, &mut tasks, &mut progress, watcher.as_mut()).await;
    progress.wipe();
    // Gives the terminal back before anything is printed.
    drop(watcher);
    let attended = match attended {
        // Whoever ends it does not ask what would have become of it.
        Ok(Attended {
            failure: Some(failure),
            left: false,
            ..
        }) if !interrupt.is_raised() => Err(failure),
        attended => attended,
    };
    // What was sealed until a failure is a whole replay; what is wrong with its file was told.
    let attended = attended.inspect_err(|_| _ = stage.close_record())?;
    let run = Run {
        wall: stage.clock.now().since(Time::ZERO),
        rounds: stage.rounds(),
        round_within: G::ROUND_WITHIN,
        interrupted: attended.left || interrupt.is_raised(),
    };
    let report = stage.report(attended.before);
    let (mut summary, exit) = Summary::judge(plan, G::ID, &report, &run);
    let written = stage.write(time_csv);
    summary.exit_code = exit.unless_failed(&written).code();
    console.result(&summary, &summary.text(plan, exit))?;
    written.map(|()| exit)
}

/// How a match came to its end.
struct Attended {
    /// On the wire before tick 0.
    before: Traffic,
    /// Whether the watcher had seen enough.
    left: bool,
    /// What went wrong first.
    failure: Option<Failure>,
}

/// Records the match and shows it until it is over. Fails if it cannot be shown any more.
async fn attend<G: Game>(
    plan: &Plan,
    stage: &Stage<G>,
    tasks: &mut Tasks,
    progress: &mut Progress,
    mut watcher: Option<&mut Watcher<G>>,
) -> Result<Attended, Failure> {
    let look = if watcher.is_some() {
        WATCH_EVERY
    } else {
        LOOK_EVERY
    };
    let (mut before, mut left) = (None, false);
    let mut failures = Vec::new();
    let deadline = plan.scenario.rate.nanos_at(Tick(plan.scenario.ticks));
    let deadline = Duration::from_nanos(deadline) + 2 * PATIENCE;
    loop {
        tokio::select! {
            done = tasks.join_next() => match done {
                Some(Ok(Some(failure))) => failures.push(failure),
                Some(Ok(None)) => {}
                Some(Err(error)) => failures.push(Failure::internal(error)),
                None => break,
            },
            () = tokio::time::sleep(look) => {}
        }
        stage.record();
        // What is gone on with may end in a pause, and nobody here pauses.
        let _ = stage.relay.borrow_mut().resume(RESUME_COUNTDOWN);
        let now = stage.clock.now();
        if before.is_none() && now >= stage.timing.get().begun {
            before = Some(stage.total());
            stage.await_detour(&plan.scenario);
        }
        if now.since(Time::ZERO) > deadline {
            failures.push(Failure::new(
                Exit::TimedOut,
                "the match does not come to its end",
            ));
            tasks.abort_all();
            break;
        }
        match &mut watcher {
            None => stage.show(plan, progress),
            Some(watcher) => {
                let players = stage.players.iter().map(|player| player.borrow_mut());
                if !watcher.show(now, players.collect())? {
                    left = true;
                    break;
                }
            }
        }
    }
    Ok(Attended {
        before: before.unwrap_or_default(),
        left,
        failure: failures.into_iter().next(),
    })
}

type Tasks = JoinSet<Option<Failure>>;

/// Sets the stage: the relay serves, nobody is there yet.
fn set<G: Game>(
    game: &G,
    plan: &Plan,
    past: Option<Past>,
    mut interrupt: Interrupt,
) -> Result<(Stage<G>, Tasks, SocketAddr, Pin), Failure> {
    let identity = Identity::generate().map_err(Failure::internal)?;
    let listen = (Ipv4Addr::LOCALHOST, 0).into();
    let mut listener = Listener::bind(listen, &identity).map_err(Failure::internal)?;
    let (addr, pin) = (listener.local_addr(), listener.pin());
    let config = plan.scenario.session(game);
    let before = past
        .as_ref()
        .map_or((0, 0), |past| (past.next(), past.rounds()));
    let (relay, past) = match past {
        None => (Relay::new(config).map_err(Failure::usage)?, None),
        Some(past) => {
            let (relay, past) = past.into_relay(config)?;
            (relay, Some(past))
        }
    };
    let relay = Rc::new(RefCell::new(relay));
    let clock = Clock::start();
    let timing = Rc::new(Cell::new(Timing {
        begun: Time::NEVER,
        ended: Time::NEVER,
    }));
    let mut tasks = Tasks::new();
    let (serving, times) = (Rc::clone(&relay), Rc::clone(&timing));
    tasks.spawn_local(async move {
        let told = |told: &crate::driver::Told<'_>| {
            let (now, mut timing) = (clock.now(), times.get());
            match told.event {
                RelayEvent::Started => timing.begun = now + START_DELAY,
                RelayEvent::Ended => timing.ended = now,
                RelayEvent::Rejected { reason, .. } => complain(&format!("turned away: {reason}")),
                _ => {}
            }
            times.set(timing);
        };
        serve(&serving, &mut listener, &clock, &mut interrupt, told).await;
        // The last closes are still to be sent.
        listener.stop(CloseReason::RelayStopped);
        let _ = tokio::time::timeout(Duration::from_secs(1), listener.drained()).await;
        None
    });
    let record = plan.record.as_deref();
    let record = record.map(|path| {
        let record = RecordFile::new(path, SigningKey::generate().map(Rc::new));
        match past {
            Some(past) => record.after(past),
            None => record,
        }
    });
    let stage = Stage {
        record: RefCell::new(record),
        clock,
        relay,
        players: Vec::new(),
        traffic: Vec::new(),
        routes: Vec::new(),
        timing,
        before,
    };
    Ok((stage, tasks, addr, pin))
}

/// Lets every player enter, each by its own path.
async fn enter<G: Game>(
    game: &G,
    plan: &Plan,
    stage: &mut Stage<G>,
    tasks: &mut Tasks,
    relay: SocketAddr,
    pin: Pin,
) -> Result<(), Failure> {
    let scenario = &plan.scenario;
    for player in 0..scenario.players {
        let seed = |way| mix(scenario.seed ^ mix(u64::from(player) * 2 + way));
        let (up, down) = ((scenario.up, seed(0)), (scenario.down, seed(1)));
        let path = Path::open(relay, up, down)
            .await
            .map_err(Failure::internal)?;
        let addr = path.addr().map_err(Failure::internal)?;
        stage.traffic.push(path.traffic());
        stage.routes.push(path.route());
        let clock = stage.clock;
        spawn_local(path.carry(clock));

        let planted = Planted::new(*game, scenario.plant);
        let client = Client::new(planted, scenario.client).map_err(Failure::usage)?;
        let client = Rc::new(RefCell::new(client));
        stage.players.push(Rc::clone(&client));
        let mut pilot = Planter(Bot {
            rules: *game,
            idle: plan.idle_bots,
        });
        tasks.spawn_local(async move {
            let connection = match Connection::connect(addr, pin, CONNECT_WITHIN).await {
                Ok(connection) => connection,
                Err(error) => return Some(Failure::new(Exit::TimedOut, error)),
            };
            let mut ending = Ending::NOT_YET;
            fly(
                &client,
                connection,
                &mut pilot,
                &clock,
                &mut Interrupt::never(),
                &mut ending,
            )
            .await;
            let lost = || {
                ending
                    .disconnect
                    .map_or_else(String::new, |end| end.to_string())
            };
            (ending.ended == Time::NEVER).then(|| {
                Failure::new(
                    Exit::RelayLost,
                    format!("player {player} lost the relay: {}", lost()),
                )
            })
        });
    }
    Ok(())
}

impl<G: Game> Stage<G> {
    /// Bytes of all players so far.
    fn total(&self) -> Traffic {
        self.traffic
            .iter()
            .fold(Traffic::default(), |total, path| Traffic {
                up: total.up + path.get().up,
                down: total.down + path.get().down,
            })
    }

    /// Makes every player's way up longer when it is time, if it ever is.
    fn await_detour(&self, scenario: &Scenario) {
        let Some(detour) = scenario.detour else {
            return;
        };
        let moment = detour.moment(self.timing.get().begun, &scenario.setup());
        let (clock, routes) = (self.clock, self.routes.clone());
        spawn_local(async move {
            clock.sleep_until(moment).await;
            for route in routes {
                route.set(detour.after(route.get()));
            }
        });
    }

    /// Records what is new; the first player makes the keyframes.
    fn record(&self) {
        let mut record = self.record.borrow_mut();
        let Some(record) = record.as_mut() else {
            return;
        };
        let (relay, player) = (self.relay.borrow(), self.players.first());
        let due = record.due(relay.agreed()).zip(player);
        let keyframe = due.and_then(|(tick, player)| player.borrow_mut().snapshot(tick));
        record.follow_relay(&relay, keyframe);
    }

    fn rounds(&self) -> Option<u64> {
        let rounds = |player: &Player<G>| player.borrow().state().and_then(G::rounds);
        let rounds = self.players.iter().filter_map(rounds).min();
        rounds.map(|rounds| rounds.saturating_sub(self.before.1))
    }

    fn show(&self, plan: &Plan, progress: &mut Progress) {
        let whole = plan.scenario.ticks;
        let report = self.figures();
        if progress.is_due(self.clock.now(), report.confirmed_ticks, whole) {
            let state = if self.clock.now() < self.timing.get().begun {
                "players are coming".into()
            } else {
                format!(
                    "tick {} of {whole}, {} agreed",
                    report.ticks, report.agreed_ticks
                )
            };
            let (rollbacks, stalls) = (report.rollbacks, report.stalls);
            progress.show(&format!("{state}, {rollbacks} rollbacks, {stalls} stalls"));
        }
    }

    /// Writes the rest of the recording.
    fn close_record(&self) -> Result<(), Failure> {
        self.record();
        self.record.take().map_or(Ok(()), RecordFile::close)
    }

    /// Writes the rest of the recording, and what every player's clock did.
    fn write(&self, clocks: Option<&Directory>) -> Result<(), Failure> {
        let recorded = self.close_record();
        let written = clocks.map_or(Ok(()), |directory| self.write_clocks(directory));
        recorded.and(written)
    }

    /// Writes what every player's clock did.
    fn write_clocks(&self, directory: &Directory) -> Result<(), Failure> {
        let players = self.players.iter();
        let recordings = players.filter_map(|player| Recording::of_client(&*player.borrow()));
        Recording::write_all(&recordings.collect::<Vec<_>>(), directory)
    }

    fn figures(&self) -> Report {
        let players: Vec<_> = self.players.iter().map(|player| player.borrow()).collect();
        let players: Vec<_> = players.iter().map(|player| &**player).collect();
        let report = figures(&players, self.relay.borrow().agreed());
        let played = |ticks: u64| ticks.saturating_sub(self.before.0);
        Report {
            ticks: played(report.ticks),
            confirmed_ticks: played(report.confirmed_ticks),
            agreed_ticks: played(report.agreed_ticks),
            ..report
        }
    }

    /// What the match came to; `before` was on the wire before tick 0.
    fn report(&self, before: Traffic) -> Report {
        let Timing { begun, ended } = self.timing.get();
        let played = ended.min(self.clock.now()).since(begun);
        let relay = self.relay.borrow();
        let slots = Slot::all(relay.config().setup.slots);
        let slots: Vec<_> = slots.filter_map(|slot| relay.slot_stats(slot)).collect();
        let (total, players) = (self.total(), self.players.len() as u64);
        Report {
            desync: relay.disagreement().map(|disagreement| disagreement.tick),
            late_inputs: slots.iter().map(|stats| stats.late).sum(),
            slots,
            bytes_up_per_s: per_second(total.up.saturating_sub(before.up), players, played),
            bytes_down_per_s: per_second(total.down.saturating_sub(before.down), players, played),
            played,
            ..self.figures()
        }
    }
}
