//! One tick of the game, and how rounds begin and end.

use phalanx_engine::{Effects, Fix, InputFrame, Presence, Slot};

use super::arena::{Arena, INTERMISSION_TICKS, Phase, ROUND_TICKS};
use super::cue::Cue;
use super::fighter::{Action, FIGHTERS_MAX, Fighter, HALF_BODY};
use super::pad::Pad;
use super::projectile::Projectile;
use super::{Duel, combat};

/// Between two fighters at the start of a round, units.
const START_GAP: Fix = Fix::int(4);
/// Between the first and the last fighter at the start of a round, at most, units.
const START_WIDTH: Fix = Fix::int(14);
/// How far two bodies inside each other part in one tick, each, at most, units.
const PART_MAX: Fix = Fix::ratio(1, 10);

/// Executes one tick.
pub(super) fn step(arena: &mut Arena, frame: &InputFrame<'_, Duel>, cues: &mut Effects<Cue>) {
    for (fighter, (_, presence, _)) in arena.fighters.iter_mut().zip(frame.slots()) {
        if presence == Presence::Absent && fighter.action != Action::Absent {
            *fighter = Fighter::default();
        }
    }
    if arena.round.phase == Phase::Intermission {
        arena.round.left = arena.round.left.min(INTERMISSION_TICKS);
        match arena.round.left.checked_sub(1) {
            Some(left) => arena.round.left = left,
            None => begin_round(arena, frame),
        }
    }
    act(arena, frame, cues);
    part(&mut arena.fighters);
    for projectile in arena.projectiles.iter_mut().flatten() {
        if projectile.is_flying() {
            projectile.fly();
        }
    }
    if arena.round.phase == Phase::Fight {
        combat::strike(arena, cues);
        arena.round.left = arena.round.left.min(ROUND_TICKS).saturating_sub(1);
        if is_over(arena, frame) {
            end_round(arena);
            cues.emit(Cue::RoundOver);
        }
    }
}

/// Everybody who is there enters, side by side in the order of the slots; the order moves on by
/// one place per round.
fn begin_round(arena: &mut Arena, frame: &InputFrame<'_, Duel>) {
    let here = |slot| frame.session().presence(slot) != Presence::Absent;
    let entrants = Slot::all(FIGHTERS_MAX).filter(|slot| here(*slot));
    let entrants = entrants.map(|_| 1).sum::<u8>();
    let round = &mut arena.round;
    let mut place = i32::from(round.number);
    round.number = round.number.saturating_add(1);
    round.phase = Phase::Fight;
    round.left = ROUND_TICKS;
    round.entrants = entrants;

    let places = i32::from(entrants).max(1);
    let gap = START_GAP.min(START_WIDTH / Fix::int(places - 1));
    for (slot, fighter) in Slot::all(FIGHTERS_MAX).zip(&mut arena.fighters) {
        if here(slot) {
            let from_left = place % places;
            fighter.enter(gap * (2 * from_left - (places - 1)) / Fix::int(2));
            place += 1;
        }
    }
    arena.projectiles = Default::default();
}

/// Every fighter turns, does what its pad says, and moves. Between rounds nobody holds a pad.
fn act(arena: &mut Arena, frame: &InputFrame<'_, Duel>, cues: &mut Effects<Cue>) {
    arena.fighters.iter_mut().for_each(Fighter::pass_tick);
    turn(arena);
    let fights = arena.round.phase == Phase::Fight;
    let all = Slot::all(FIGHTERS_MAX)
        .zip(&mut arena.fighters)
        .zip(&mut arena.projectiles);
    for ((slot, fighter), own) in all {
        if fighter.action == Action::Absent {
            continue;
        }
        let pad = if fights {
            frame.input(slot)
        } else {
            Pad::default()
        };
        let place = own.iter_mut().find(|projectile| !projectile.is_flying());
        if fighter.misses_now() {
            cues.emit(Cue::Whiff(slot));
        }
        fighter.steer(pad, place.is_some());
        fighter.fall();
        if let Some(place) = place
            && fighter.throws_now()
        {
            *place = Projectile::thrown_by(fighter);
            cues.emit(Cue::Throw(slot));
        }
    }
}

/// Fighters who may act look at their nearest opponent.
fn turn(arena: &mut Arena) {
    let mut facings = arena.fighters.map(|fighter| fighter.facing);
    for (slot, facing) in Slot::all(FIGHTERS_MAX).zip(&mut facings) {
        if let Some(fighter) = arena.fighter(slot)
            && fighter.is_free()
            && let Some(opponent) = arena.nearest_opponent(slot)
        {
            *facing = facing.towards(fighter.pos.x, opponent.pos.x);
        }
    }
    for (fighter, facing) in arena.fighters.iter_mut().zip(facings) {
        fighter.facing = facing;
    }
}

/// Bodies inside each other part.
fn part(fighters: &mut [Fighter]) {
    let mut rest = fighters;
    while let Some((first, others)) = rest.split_first_mut() {
        for second in others.iter_mut() {
            let touch = || first.hurt_box().overlaps(&second.hurt_box());
            if !first.stands() || !second.stands() || !touch() {
                continue;
            }
            // In the very same place, the first one goes backwards.
            let way = first.facing.towards(first.pos.x, second.pos.x);
            let inside = HALF_BODY * 2 - (first.pos.x - second.pos.x).abs();
            let step = (inside / Fix::int(2)).min(PART_MAX);
            first.shift(-way.forward(step));
            second.shift(way.forward(step));
        }
        rest = others;
    }
}

/// Whether time is up or nobody is left to fight. A fighter alone practises until somebody waits.
fn is_over(arena: &Arena, frame: &InputFrame<'_, Duel>) -> bool {
    let contested = arena.round.entrants > 1;
    let waits = frame
        .slots()
        .zip(&arena.fighters)
        .any(|((_, presence, _), fighter)| {
            presence != Presence::Absent && fighter.action == Action::Absent
        });
    let standing = arena.fighters.iter().filter(|fighter| fighter.stands());
    arena.round.left == 0 || ((contested || waits) && standing.take(2).count() < 2)
}

/// The one with the most health among those who stand wins; nobody, if two have as much.
fn end_round(arena: &mut Arena) {
    let contested = arena.round.entrants > 1;
    arena.round.phase = Phase::Intermission;
    arena.round.left = INTERMISSION_TICKS;
    let standing = || arena.fighters.iter().filter(|fighter| fighter.stands());
    let most = standing().map(|fighter| fighter.health).max().unwrap_or(0);
    let is_best = |fighter: &Fighter| fighter.stands() && fighter.health == most;
    let winners = standing().filter(|fighter| is_best(fighter)).count();
    if contested && winners == 1 {
        for winner in arena.fighters.iter_mut().filter(|fighter| is_best(fighter)) {
            winner.wins = winner.wins.saturating_add(1);
        }
    }
}
