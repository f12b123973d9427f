//! What matches between bots look like.

use phalanx::duel::{Action, Arena, Duel, HALF_WIDTH, MovePhase, Pad, Stance};
use phalanx_engine::{Simulation, Slot, SyncTest, mix};

use crate::play::{Play, setup};

/// What happened in some matches.
#[derive(Debug, Default)]
struct Counts {
    ticks: u64,
    /// Of ticks and slots together.
    pads: u64,
    changed_pads: u64,
    rounds: u64,
    knock_out_rounds: u64,
    won_rounds: u64,
    light_hits: u64,
    heavy_hits: u64,
    projectile_hits: u64,
    blocks: u64,
    jumps: u64,
    crouches: u64,
    throws: u64,
    trades: u64,
}

impl Counts {
    /// Plays `rounds` rounds between bots.
    fn play(&mut self, seed: u64, slots: u8, rounds: u64) {
        let mut play = Play::new(seed, slots);
        let mut last: Vec<Pad> = vec![Pad::default(); slots.into()];
        let end = self.rounds + rounds;
        while self.rounds < end {
            for (slot, last) in Slot::all(slots).zip(&mut last) {
                let pad = Duel.bot(&play.arena, slot);
                self.changed_pads += u64::from(pad != *last);
                self.pads += 1;
                *last = pad;
            }
            self.step(&mut play);
        }
    }

    fn step(&mut self, play: &mut Play) {
        let before = play.arena.clone();
        let fought = play.fights();
        play.step_bots();
        self.ticks += 1;
        let mut hurt = 0;
        for (old, new) in before.fighters.iter().zip(&play.arena.fighters) {
            let struck = (new.struck & !old.struck).count_ones();
            match old.action {
                Action::Light => self.light_hits += u64::from(struck),
                Action::Heavy => self.heavy_hits += u64::from(struck),
                _ => {}
            }
            hurt += u64::from(new.health < old.health);
            let begins = |stance| new.stance == stance && old.stance != stance;
            self.blocks += u64::from(new.action == Action::BlockStun && new.health < old.health);
            self.jumps += u64::from(begins(Stance::Airborne));
            self.crouches += u64::from(begins(Stance::Crouching));
            self.throws += u64::from(
                new.action == Action::Special
                    && new.attack_phase() == Some(MovePhase::Active)
                    && old.attack_phase() == Some(MovePhase::StartUp),
            );
        }
        self.trades += u64::from(hurt > 1);
        if !fought {
            return;
        }
        let projectiles = |arena: &Arena| arena.projectiles.into_iter().flatten();
        for (old, new) in projectiles(&before).zip(projectiles(&play.arena)) {
            // Neither its time nor a wall took it.
            let hit = old.left > 1 && new.left == 0 && new.pos.x.abs() <= HALF_WIDTH;
            self.projectile_hits += u64::from(hit);
        }
        if !play.fights() {
            let standing = play
                .arena
                .fighters
                .iter()
                .filter(|fighter| fighter.stands());
            self.rounds += 1;
            self.knock_out_rounds += u64::from(standing.count() < 2);
            self.won_rounds += wins(&play.arena) - wins(&before);
        }
    }
}

fn wins(arena: &Arena) -> u64 {
    arena
        .fighters
        .iter()
        .map(|fighter| u64::from(fighter.wins))
        .sum()
}

#[test]
fn two_bots_fight_a_round_a_minute_with_all_they_have() {
    let mut counts = Counts::default();
    (0..20).for_each(|seed| counts.play(mix(seed), 2, 5));
    println!("{counts:?}");
    let round_seconds = counts.ticks / counts.rounds / 60;
    assert!((40..=75).contains(&round_seconds), "{round_seconds} s");
    let changed_percent = counts.changed_pads * 100 / counts.pads;
    assert!((15..=30).contains(&changed_percent), "{changed_percent} %");
    assert!(counts.knock_out_rounds * 2 > counts.rounds);
    assert!(counts.won_rounds * 10 > counts.rounds * 9);
    for often in [
        counts.light_hits,
        counts.heavy_hits,
        counts.projectile_hits,
        counts.blocks,
        counts.jumps,
        counts.crouches,
        counts.throws,
    ] {
        assert!(often >= 2 * counts.rounds, "{counts:?}");
    }
    assert!(counts.trades > 0);
}

#[test]
fn eight_bots_knock_one_another_out() {
    let mut counts = Counts::default();
    (0..5).for_each(|seed| counts.play(mix(seed), 8, 3));
    println!("{counts:?}");
    assert!(counts.knock_out_rounds * 2 > counts.rounds, "{counts:?}");
}

#[test]
fn bots_play_alike_wherever_they_are_computed() {
    for slots in [2, 8] {
        let bots = SyncTest::new(Duel, setup(u64::from(slots), slots));
        let report = bots.run(20_000, |_, slot, arena| Duel.bot(arena, slot));
        assert_eq!(report.unwrap().ticks, 20_000);
    }
}
