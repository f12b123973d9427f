//! Group `session`: what a tick of the session costs.

use super::Told;
use crate::claim::{Claim, Effort, Unmeasured};
use crate::duel;
use crate::loopback::{self, Cost, Failure, Pace};
#[cfg(feature = "peers")]
use crate::peers::ggrs;
use crate::session::{Clients, Hub, Scene, Trace, record};
use crate::tally::Hold;

/// Players per match.
const PLAYERS: [u8; 3] = [2, 4, 8];

/// What we promise of a client's tick beside ggrs's, at eight players.
const CORE_AT_MOST: f64 = 0.1;

pub(super) fn run(effort: Effort, told: &mut Told<'_>) {
    let found = &mut |claim| told(Ok(claim));
    for players in PLAYERS {
        for hold in Hold::ALL {
            let scene = Scene::new(players, hold, effort.ticks);
            let name = format!("session/core {players} players K={hold}");
            found(core(name, effort, scene));
        }
    }
    // The relay far away: eight ticks from player to player.
    let far = Scene {
        way: 4,
        window: 12,
        ..Scene::new(8, Hold::Ticks(8), effort.ticks)
    };
    found(core("session/core-far 8 players K=8".into(), effort, far));
    for players in PLAYERS {
        let trace = record(Scene::new(players, Hold::Ticks(8), effort.ticks));
        let name = format!("session/relay {players} players K=8");
        found(Claim::figure(name, effort, || Hub::new(&trace).run()));
    }
    found(rollback(effort));
    over_sockets(effort, told);
}

/// Measures one line over real sockets.
type Measure = fn(String, Effort, Scene, Pace) -> Result<Claim, Failure>;

/// Rounds of the lines in real time: ten seconds each.
const REAL_TIME_ROUNDS: u32 = 5;

/// The lines over real sockets. If one fails, that is told, and the next is measured.
fn over_sockets(effort: Effort, told: &mut Told<'_>) {
    let eight = Scene::new(8, Hold::Ticks(8), effort.ticks);
    let two = Scene::new(2, Hold::Ticks(8), effort.ticks);
    let brief = Scene {
        warm_ticks: 60,
        ticks: 240,
        ..eight
    };
    let stepped: [(_, Measure, _); 3] = [
        ("session/quic 8 players K=8", quic, eight),
        ("session/quic 2 players K=8", quic, two),
        ("session/quic-alone a datagram each way", alone, eight),
    ];
    let real_time: [(_, Measure, _); 2] = [
        ("session/quic-60hz 8 players K=8", quic, brief),
        ("session/quic-alone-60hz a datagram each way", alone, brief),
    ];
    if !cfg!(unix) {
        told(Err(Unmeasured {
            name: "session/quic".into(),
            reason: "this system does not tell what one thread computes".into(),
        }));
        return;
    }
    let mut tell = |name: &str, measured: Result<Claim, Failure>, remark: &str| {
        let noted = |claim: Claim| {
            let note = format!("{}; {remark}", claim.note);
            claim.with_note(note)
        };
        told(measured.map(noted).map_err(|failure| Unmeasured {
            name: name.into(),
            reason: failure.to_string(),
        }));
    };
    for (name, measure, scene) in stepped {
        let measured = measure(name.into(), effort, scene, Pace::Stepped);
        tell(name, measured, "ticks not waited for, so caches are warm");
    }
    let rounds = REAL_TIME_ROUNDS.min(effort.rounds);
    let few = Effort { rounds, ..effort };
    for (name, measure, scene) in real_time.into_iter().filter(|_| effort.real_time) {
        let measured = measure(name.into(), few, scene, Pace::RealTime);
        tell(name, measured, &format!("{rounds} rounds"));
    }
}

/// One client's whole tick over a QUIC connection of this machine, with system calls and wake-ups,
/// beside ggrs's over its own UDP sockets: the scene of `session/core`. We promise nothing of it,
/// as most of it is QUIC's: see [`alone`].
#[cfg(feature = "peers")]
fn quic(name: String, effort: Effort, scene: Scene, pace: Pace) -> Result<Claim, Failure> {
    let (mut our, mut their) = (None, None);
    let claim = Claim::try_ratio(
        name,
        effort,
        || loopback::quic(scene, pace).map(|cost| our.insert(cost).nanos),
        ("ggrs over UDP", None),
        || ggrs::udp::udp(scene, pace).map(|cost| their.insert(cost).nanos),
    )?;
    let note = our.zip(their).map(|(ours, theirs)| {
        format!(
            "packets sent {:.2} and {:.2} per tick, again {:.2} and {:.2} ticks/tick",
            ours.packets, theirs.packets, ours.again, theirs.again
        )
    });
    Ok(claim.with_note(note.unwrap_or_default()))
}

#[cfg(not(feature = "peers"))]
fn quic(name: String, effort: Effort, scene: Scene, pace: Pace) -> Result<Claim, Failure> {
    figure(name, effort, || loopback::quic(scene, pace))
}

/// What no session over QUIC can get below: a datagram sent and one received per tick, and nobody
/// who looks into them.
fn alone(name: String, effort: Effort, scene: Scene, pace: Pace) -> Result<Claim, Failure> {
    figure(name, effort, || loopback::alone(scene, pace))
}

fn figure(
    name: String,
    effort: Effort,
    mut ours: impl FnMut() -> Result<Cost, Failure>,
) -> Result<Claim, Failure> {
    let mut packets = 0.0;
    let claim = Claim::try_figure(name, effort, || {
        let cost = ours()?;
        packets = cost.packets;
        Ok::<_, Failure>(cost.nanos)
    })?;
    Ok(claim.with_note(format!("packets sent {packets:.2} per tick")))
}

/// One client's whole tick: what came is taken, the tick is played, what is to go is written.
#[cfg(feature = "peers")]
fn core(name: String, effort: Effort, scene: Scene) -> Claim {
    let trace: Trace = record(scene);
    // As far from player to player, and no relay.
    let (latency, window) = (scene.way * 2, scene.window as usize);
    let mut ggrs = ggrs::Players::new(scene.players, scene.hold, latency, window);
    let at_most = (scene.players == 8).then_some(CORE_AT_MOST);
    let claim = Claim::ratio(
        name,
        effort,
        || Clients::new(&trace).run(),
        ("ggrs", at_most),
        || ggrs.run(effort.ticks),
    );
    let ours = Clients::resimulated_per_tick(&trace);
    let theirs = ggrs.resimulated_per_tick();
    claim.with_note(format!("again {ours:.2} and {theirs:.2} ticks/tick"))
}

#[cfg(not(feature = "peers"))]
fn core(name: String, effort: Effort, scene: Scene) -> Claim {
    let trace: Trace = record(scene);
    let again = Clients::resimulated_per_tick(&trace);
    let claim = Claim::figure(name, effort, || Clients::new(&trace).run());
    claim.with_note(format!(
        "again {again:.2} ticks/tick; claim <= {CORE_AT_MOST} of ggrs is not measured"
    ))
}

/// The fighting game with a rollback of eight ticks at every tick.
fn rollback(effort: Effort) -> Claim {
    let name = format!("session/rollback duel, {} ticks at every tick", duel::DEPTH);
    let mut ours = duel::Rewinder::new();
    let warm = 600;
    ours.run(warm);
    #[cfg(feature = "peers")]
    let claim = {
        let mut ggrs = ggrs::Rewinder::new(phalanx::duel::Duel, &duel::SETUP, duel::DEPTH as usize);
        ggrs.run(warm, duel::pad);
        let ours = || ours.run(effort.ticks);
        let theirs = || ggrs.run(effort.ticks, duel::pad);
        Claim::ratio(name, effort, ours, ("ggrs sync test", Some(1.0)), theirs)
    };
    #[cfg(not(feature = "peers"))]
    let claim = Claim::figure(name, effort, || ours.run(effort.ticks));
    let per_second = 1_000_000.0 / claim.ours.median;
    claim.with_note(format!("{per_second:.0} ticks/s"))
}
