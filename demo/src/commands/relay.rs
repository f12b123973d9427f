//! `relay`: the server, one session after the other.

use core::cell::RefCell;
use core::time::Duration;
use std::rc::Rc;

use phalanx_engine::{Setup, Simulation};
use phalanx_netcode::quic::{Clock, Identity, Listener, Pin};
use phalanx_netcode::replay::SigningKey;
use phalanx_netcode::{
    Audit, CloseReason, PeerId, Referee, Relay, RelayEvent, ResumeKey, SessionConfig, SessionRules,
};
use serde::Serialize;

use super::in_runtime;
use crate::cli::{ComingArgs, RelayArgs};
use crate::console::{Console, complain};
use crate::driver::{Told, serve};
use crate::exit::{Exit, Failure};
use crate::fairness::Fairness;
use crate::game::{Game, with_rules};
use crate::interrupt::Interrupt;
use crate::plan;
use crate::recording::{RECORD_EVERY, RecordFile};
use crate::summary::{SCHEMA_VERSION, Thousandths};

/// How long peers may take to hear that the relay stops.
const DRAIN_WITHIN: Duration = Duration::from_secs(1);

/// From one look of the referee at the relay to the next.
const JUDGE_EVERY: Duration = Duration::from_millis(20);

/// How long it may keep the relay from sealing, but for one tick.
const JUDGE_WITHIN: Duration = Duration::from_millis(5);

pub(super) fn run(args: &RelayArgs, interrupt: &Interrupt) -> Result<Exit, Failure> {
    plan::check_game(&args.game)?;
    plan::check_coming(&args.coming, args.game.players)?;
    let mut rules = plan::rules(args.mode, args.policy.policy)?;
    rules.keyframe_ticks = args.coming.keyframes;
    rules.bot_after_ms = args
        .coming
        .bot_after
        .map(|seconds| seconds.saturating_mul(1000));
    let length = plan::ticks(&args.length, &args.game)?;
    if args
        .referee
        .is_some_and(|game| game != args.game.rules.game)
    {
        return Err(Failure::usage("--referee names the game of --game"));
    }
    with_rules!(args.game.rules, game => {
        in_runtime(host(&game, args, rules, length, interrupt.clone()))
    })
}

/// How a session is hosted that starts from `setup`.
fn config<S: Simulation>(
    simulation: &S,
    setup: Setup,
    coming: &ComingArgs,
    resume: Option<ResumeKey>,
) -> SessionConfig {
    let mut config = SessionConfig::new(simulation, setup);
    config.players_min = coming.begin_with.unwrap_or(setup.slots);
    config.late_join = coming.late_join;
    config.linger = Some(Duration::from_secs(coming.linger.into()));
    config.resume = resume;
    config
}

/// The line that says that players may come.
#[derive(Serialize)]
struct Ready {
    schema_version: u32,
    command: &'static str,
    listening: String,
    pin: String,
    /// The key that recordings are signed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    signing_key: Option<String>,
}

/// What a session came to, as the relay sees it.
#[derive(Serialize)]
struct Session {
    schema_version: u32,
    command: &'static str,
    game: &'static str,
    seed: String,
    /// Counted from 1.
    session: u64,
    /// Ticks sealed.
    ticks: u64,
    agreed_ticks: u64,
    desyncs: u64,
    first_bad_tick: Option<u64>,
    late_inputs: u64,
    wall_s: Thousandths,
    interrupted: bool,
    /// Of every slot.
    fairness: Vec<Fairness>,
    /// What the referee says.
    #[serde(skip_serializing_if = "Option::is_none")]
    referee: Option<Said>,
}

/// What a referee says of a session.
#[derive(Serialize)]
struct Said {
    /// Ticks executed.
    ticks: u64,
    checksum: Option<String>,
    /// Who held another world.
    wrong: Vec<Wrong>,
}

/// A slot, and the first tick after which its player held another world.
#[derive(Serialize)]
struct Wrong {
    slot: u8,
    tick: u64,
}

impl From<Audit> for Said {
    fn from(audit: Audit) -> Self {
        let wrong = audit.wrong.into_iter();
        Self {
            ticks: audit.ticks,
            checksum: audit.checksum.map(|checksum| checksum.to_string()),
            wrong: wrong
                .map(|(slot, tick)| Wrong {
                    slot: slot.0,
                    tick: tick.0,
                })
                .collect(),
        }
    }
}

/// Opens the relay's socket, and says how to reach it.
fn listen(
    args: &RelayArgs,
    console: Console,
    signer: Option<&SigningKey>,
) -> Result<Listener, Failure> {
    let identity = Identity::generate().map_err(Failure::internal)?;
    let listener = Listener::bind(args.listen, &identity).map_err(|error| {
        Failure::internal(format!(
            "{error}; --listen takes another address, port 0 a free one"
        ))
    })?;
    if let Some(warning) = listener.warning() {
        console.note(&format!("warning: {warning}"));
    }
    let signing_key = signer.map(|key| Pin(key.public()).to_string());
    if let Some(key) = &signing_key {
        console.note(&format!("recordings are signed by {key}"));
    }
    let ready = Ready {
        signing_key,
        schema_version: SCHEMA_VERSION,
        command: "relay",
        listening: listener.local_addr().to_string(),
        pin: listener.pin().to_string(),
    };
    console.result(
        &ready,
        &format!("listening {} pin {}", ready.listening, ready.pin),
    )?;
    Ok(listener)
}

async fn host<S: Game>(
    simulation: &S,
    args: &RelayArgs,
    rules: SessionRules,
    length: Option<u64>,
    mut interrupt: Interrupt,
) -> Result<Exit, Failure> {
    let console = Console::new(&args.output);
    let path = args.record.record.as_deref();
    let signer = path.and_then(|_| SigningKey::generate()).map(Rc::new);
    let mut listener = listen(args, console, signer.as_deref())?;

    let clock = Clock::start();
    let mut session = 0;
    while !interrupt.is_raised() {
        // Another match each time, each of them repeatable.
        let seed = args.game.seed.wrapping_add(session);
        session += 1;
        let resume = ResumeKey::random();
        if resume.is_none() {
            console.note("warning: no randomness: nobody who loses the connection comes back");
        }
        let setup = Setup::new(seed, args.game.players, args.game.rate());
        let mut config = config(simulation, setup, &args.coming, resume);
        (config.rules, config.length) = (rules, length);
        let relay = RefCell::new(Relay::new(config).map_err(Failure::usage)?);
        let began = clock.now();
        let record = path.map(|path| RecordFile::new(path, signer.clone()).numbered(session));
        let referee = args
            .referee
            .map(|_| Referee::new(*simulation, relay.borrow().config()));
        let mut referee = referee.transpose().map_err(Failure::usage)?;
        let serving = serve(&relay, &mut listener, &clock, &mut interrupt, |told| {
            tell(console, &relay.borrow(), told);
        });
        let recorded = accompanied(&relay, serving, record, (&mut referee, &clock)).await;
        let wall = clock.now().since(began);
        let interrupted = interrupt.is_raised();
        let audit = referee.map(|referee| referee.audit(&relay.borrow()));
        let said = conclude::<S>(
            console,
            &relay.borrow(),
            audit,
            (session, wall, interrupted),
        );
        if let Err(failure) = recorded {
            complain(&failure.message);
        }
        if let Err(failure) = said {
            // Who plays here need not care.
            complain(&failure.message);
        }
    }
    listener.stop(CloseReason::RelayStopped);
    // Whoever does not hear of it has its own timeout.
    let _ = tokio::time::timeout(DRAIN_WITHIN, listener.drained()).await;
    Ok(Exit::Interrupted)
}

/// Records the session, and lets a referee follow it, for as long as it is served.
async fn accompanied<S: Game>(
    relay: &RefCell<Relay>,
    serving: impl Future<Output = ()>,
    mut record: Option<RecordFile>,
    (referee, clock): (&mut Option<Referee<S>>, &Clock),
) -> Result<(), Failure> {
    tokio::pin!(serving);
    let every = if referee.is_some() {
        JUDGE_EVERY
    } else {
        RECORD_EVERY
    };
    let accompanies = referee.is_some() || record.is_some();
    loop {
        let over = tokio::select! {
            () = &mut serving => true,
            () = tokio::time::sleep(every), if accompanies => false,
        };
        if let Some(referee) = referee {
            let relay = &mut relay.borrow_mut();
            let until = clock.now() + JUDGE_WITHIN;
            // The last ticks are judged however long it takes: nothing is sealed any more.
            let more = || over || clock.now() < until;
            referee.follow(relay, more).map_err(Failure::internal)?;
        }
        // One that began with nobody, and had nobody, leaves no file.
        if let Some(record) = record.as_mut().filter(|_| was_played(&relay.borrow())) {
            record.follow_relay(&relay.borrow(), None);
        }
        if over {
            return record.map_or(Ok(()), RecordFile::close);
        }
    }
}

/// Whether anybody has been in the match.
fn was_played(relay: &Relay) -> bool {
    Fairness::of_relay(relay).iter().any(Fairness::was_played)
}

fn conclude<S: Simulation>(
    console: Console,
    relay: &Relay,
    audit: Option<Audit>,
    (session, wall, interrupted): (u64, Duration, bool),
) -> Result<(), Failure> {
    let setup = relay.config().setup;
    let fairness = Fairness::of_relay(relay);
    let table = was_played(relay).then(|| format!("\n{}", Fairness::table(&fairness)));
    let table = table.unwrap_or_default();
    let bad = relay.disagreement().map(|disagreement| disagreement.tick.0);
    let summary = Session {
        schema_version: SCHEMA_VERSION,
        command: "relay",
        game: S::ID,
        seed: setup.seed.to_string(),
        session,
        ticks: relay.log().next().0,
        agreed_ticks: relay.agreed().0,
        desyncs: bad.is_some().into(),
        first_bad_tick: bad,
        late_inputs: fairness.iter().map(Fairness::late).sum(),
        wall_s: Thousandths::seconds(wall),
        interrupted,
        fairness,
        referee: audit.map(Said::from),
    };
    let end = if interrupted {
        "was interrupted"
    } else {
        "ended"
    };
    let desync = bad.map_or_else(
        || "no desync".into(),
        |tick| format!("DESYNC since tick {tick}"),
    );
    let referee = summary.referee.as_ref().map_or_else(String::new, |said| {
        let (ticks, wrong) = (said.ticks, said.wrong.len());
        let checksum = said.checksum.as_deref().unwrap_or("none");
        format!(
            "; the referee executed {ticks} ticks, {wrong} players held another world, checksum {checksum}"
        )
    });
    let text = format!(
        "session {session} {end}: {} ticks sealed, {} agreed, {} late inputs, {desync}{referee}{table}",
        summary.ticks, summary.agreed_ticks, summary.late_inputs
    );
    console.result(&summary, &text)
}

/// Tells the host what happens. Who was turned away is told also to a quiet one.
fn tell(console: Console, relay: &Relay, told: &Told<'_>) {
    let place = |peer: &PeerId| {
        told.peers
            .get(peer)
            .map_or_else(|| "an unknown address".into(), ToString::to_string)
    };
    match told.event {
        RelayEvent::Joined { slot, peer } => {
            let what = if relay.is_kept(*slot) {
                "is back, from"
            } else {
                "taken from"
            };
            console.note(&format!("slot {slot} {what} {}", place(peer)));
        }
        RelayEvent::Live { slot, tick } => {
            console.note(&format!(
                "slot {slot} has caught up, and plays from tick {tick} on"
            ));
        }
        RelayEvent::Keyframe(tick) => {
            console.note(&format!("who comes now goes on from tick {tick}"));
        }
        RelayEvent::Started => console.note("the match begins"),
        RelayEvent::PaceChanges(change) => {
            let (rate, at) = (change.real_rate(), change.at);
            console.note(&format!("{rate} ticks a second from tick {at} on"));
        }
        RelayEvent::Turns { pauses: true, at } => {
            console.note(&format!("paused from tick {at} on"));
        }
        RelayEvent::Turns { pauses: false, at } => {
            console.note(&format!("no longer paused from tick {at} on"));
        }
        RelayEvent::Bot(slot) => console.note(&format!("the computer plays in slot {slot}")),
        RelayEvent::Left { slot, reason } => {
            let why = reason.map_or_else(
                || "the connection was lost".into(),
                |reason| reason.to_string(),
            );
            let kept = if relay.is_kept(*slot) {
                "; the slot is kept for the player"
            } else {
                ""
            };
            console.note(&format!("slot {slot} left: {why}{kept}"));
        }
        RelayEvent::Rejected { peer, reason } => {
            complain(&format!(
                "turned away {}: {reason:?}: {reason}",
                place(peer)
            ));
        }
        RelayEvent::Desync(disagreement) => {
            complain(&format!("DESYNC since tick {}", disagreement.tick));
        }
        RelayEvent::Verdict { slot, tick } => {
            complain(&format!(
                "the referee: slot {slot} holds another world since tick {tick}"
            ));
        }
        RelayEvent::Ended | RelayEvent::Finished => {}
    }
}
