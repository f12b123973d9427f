//! Group `state`: what it costs to keep a world, to digest it and to go back.

use super::Told;
use crate::claim::{Claim, Effort, Unmeasured};
use crate::march::{self, March};
#[cfg(feature = "peers")]
use crate::peers::states::{Cloned, Copied, Extracted};
use crate::session::float;
#[cfg(feature = "peers")]
use crate::state::agree;
use crate::state::plain::{Encoded, InPlace, Plain};
use crate::state::{Churn, DEPTH, Keeper, Part, Run, Tabled, WINDOW};

/// Rows of 64 bytes: 2 KB, 6.4 MB, 64 MB.
const SMALL: u32 = 32;
const LARGE: u32 = 100_000;
const HUGE: u32 = 1_000_000;

pub(super) fn run(effort: Effort, told: &mut Told<'_>) {
    let lines = &mut Lines { effort, told };
    claims(lines);
    plain(lines);
    march(lines);
    // What there is to see beyond what we promise takes its time.
    if effort != Effort::QUICK {
        for rows in [SMALL, LARGE, HUGE] {
            lines.all(rows);
        }
    }
}

/// One percent of a large world, one number each, here and there.
const FEW: Churn = Churn {
    rows: LARGE,
    permille: 10,
    scattered: true,
    whole: false,
};

/// What we promise.
fn claims(lines: &mut Lines<'_, '_>) {
    let rows = Churn { whole: true, ..FEW };
    let clustered = Churn {
        scattered: false,
        ..FEW
    };
    let many = Churn {
        permille: 100,
        ..FEW
    };
    let all = Churn {
        permille: 1000,
        ..rows
    };
    for (churn, at_most) in [(FEW, 0.05), (rows, 0.333), (clustered, 0.01), (many, 0.125)] {
        lines.cloned::<Tabled>(Part::Save, churn, Some(at_most));
    }
    lines.copied::<Tabled>(Part::Tick, all, Some(1.5));
    lines.cloned::<Tabled>(Part::Restore, FEW, Some(0.05));
    for (part, churn) in [(Part::Save, rows), (Part::Restore, FEW)] {
        lines.copied::<Tabled>(part, churn, None);
        lines.extracted(part, churn);
    }
    lines.copied::<Tabled>(Part::Write, FEW, None);
}

/// Small worlds without a table.
fn plain(lines: &mut Lines<'_, '_>) {
    let two = Churn {
        rows: 32,
        permille: 100,
        ..FEW
    };
    let four = Churn { rows: 64, ..two };
    lines.copied::<Plain<Encoded, 31>>(Part::Tick, two, Some(1.5));
    lines.copied::<Plain<Encoded, 63>>(Part::Tick, four, Some(1.5));
    lines.copied::<Plain<InPlace, 31>>(Part::Tick, two, Some(1.5));
    lines.copied::<Plain<InPlace, 63>>(Part::Tick, four, Some(1.5));
}

/// An RTS of ten thousand soldiers, all of them on their way.
fn march(lines: &mut Lines<'_, '_>) {
    let (mut ours, period) = (March::new(), float(march::RATE.period_nanos()));
    let ticks = WINDOW as u64;
    let soldiers = march::SOLDIERS;
    let claim = Claim::ratio(
        format!("state/save + digest, skirmish, {soldiers} on the march"),
        lines.effort,
        || ours.cost(ticks).kept,
        ("the period of 20 Hz", Some(0.003)),
        || period,
    );
    let step = ours.cost(ticks).step / 1000.0;
    let (moving, same) = ours.marching();
    let note = format!("{moving} move; the rules take {step:.0} us");
    let all = same && moving * 100 >= u64::from(soldiers) * 99;
    (lines.told)(if all {
        Ok(claim.with_note(note))
    } else {
        let reason = format!("{moving} of {soldiers} move, and both marches are the same: {same}");
        Err(Unmeasured {
            name: claim.name,
            reason,
        })
    });
}

/// Where the lines go.
struct Lines<'a, 'b> {
    effort: Effort,
    told: &'a mut Told<'b>,
}

/// Ticks that are not measured, and those that are.
const fn ticks(rows: u32) -> (u64, u64) {
    match rows {
        ..1000 => (1000, 10_000),
        1000..=LARGE => (WINDOW as u64, 2 * WINDOW as u64),
        _ => (3, 4),
    }
}

fn name<K: Keeper>(part: Part, churn: Churn) -> String {
    let part = match part {
        Part::Write => "a write".into(),
        Part::Save => "save + digest".into(),
        Part::Tick => "writes + save + digest".into(),
        Part::Restore => format!("{DEPTH} ticks back"),
    };
    let bytes = u64::from(churn.rows) * 64;
    let size = if bytes < 1_000_000 {
        format!("{} KB", bytes / 1024)
    } else {
        format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10)
    };
    let percent = f64::from(churn.permille) / 10.0;
    let place = match (churn.is_all(), churn.scattered) {
        (true, _) => "",
        (_, true) => " scattered",
        (_, false) => " clustered",
    };
    let what = if churn.whole { "rows" } else { "one number" };
    let kind = K::KIND;
    format!("state/{part}, {size}, {percent} %{place}, {what}{kind}")
}

impl Lines<'_, '_> {
    /// All ways to write to so many rows, as whole ticks.
    fn all(&mut self, rows: u32) {
        for permille in [1, 10, 100, 1000] {
            for scattered in [false, true] {
                for whole in [false, true] {
                    let churn = Churn {
                        rows,
                        permille,
                        scattered,
                        whole,
                    };
                    if churn.written() == 0 || churn.is_all() && scattered {
                        continue;
                    }
                    self.cloned::<Tabled>(Part::Tick, churn, None);
                    self.copied::<Tabled>(Part::Tick, churn, None);
                    self.extracted(Part::Tick, churn);
                }
            }
        }
    }

    fn cloned<K: Keeper>(&mut self, part: Part, churn: Churn, at_most: Option<f64>) {
        #[cfg(feature = "peers")]
        self.beside::<K, Cloned>(part, churn, ("clone + hash", at_most));
        #[cfg(not(feature = "peers"))]
        self.alone::<K>(part, churn, at_most);
    }

    fn copied<K: Keeper>(&mut self, part: Part, churn: Churn, at_most: Option<f64>) {
        #[cfg(feature = "peers")]
        self.beside::<K, Copied>(part, churn, ("copy + hash", at_most));
        #[cfg(not(feature = "peers"))]
        self.alone::<K>(part, churn, at_most);
    }

    fn extracted(&mut self, part: Part, churn: Churn) {
        #[cfg(feature = "peers")]
        self.beside::<Tabled, Extracted>(part, churn, ("hecs + hash", None));
        #[cfg(not(feature = "peers"))]
        let _ = (part, churn);
    }

    /// Both hold the same, else there is nothing to compare.
    #[cfg(feature = "peers")]
    fn beside<A: Keeper, B: Keeper>(
        &mut self,
        part: Part,
        churn: Churn,
        peer: (&'static str, Option<f64>),
    ) {
        let name = name::<A>(part, churn);
        if !agree::<A, B>(churn) {
            let reason = format!("{} holds other values", peer.0);
            (self.told)(Err(Unmeasured { name, reason }));
            return;
        }
        let (mut ours, mut theirs) = (warmed::<A>(churn), warmed::<B>(churn));
        let (warm, ticks) = ticks(churn.rows);
        let each = each(part, churn);
        let claim = Claim::ratio(
            name,
            self.effort,
            || ours.nanos(part, warm, ticks) / each,
            peer,
            || theirs.nanos(part, warm, ticks) / each,
        );
        (self.told)(Ok(in_unit(claim, part, churn)));
    }

    #[cfg(not(feature = "peers"))]
    fn alone<K: Keeper>(&mut self, part: Part, churn: Churn, at_most: Option<f64>) {
        let mut ours = warmed::<K>(churn);
        let (warm, ticks) = ticks(churn.rows);
        let nanos = || ours.nanos(part, warm, ticks) / each(part, churn);
        let claim = Claim::figure(name::<K>(part, churn), self.effort, nanos);
        let note = at_most.map(|most| format!("claim <= {most:.3} of theirs is not measured"));
        let claim = claim.with_note(note.unwrap_or_default());
        (self.told)(Ok(in_unit(claim, part, churn)));
    }
}

/// Everybody's memory is there.
fn warmed<K: Keeper>(churn: Churn) -> Run<K> {
    let mut run = Run::new(churn);
    run.play(2 * WINDOW as u64);
    run
}

/// A write is told by the row.
fn each(part: Part, churn: Churn) -> f64 {
    match part {
        Part::Write => f64::from(churn.written()),
        _ => 1.0,
    }
}

fn in_unit(claim: Claim, part: Part, churn: Churn) -> Claim {
    match part {
        Part::Write => claim.in_nanos(),
        _ if churn.rows < 1000 => claim.in_nanos(),
        Part::Restore => Claim {
            unit: "us",
            ..claim
        },
        _ => claim,
    }
}
