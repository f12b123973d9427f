//! Group `session`: what a tick of the session costs.

use super::Told;
use crate::claim::{Claim, Effort};
use crate::duel;
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
