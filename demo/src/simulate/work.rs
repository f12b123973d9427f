//! The threads that play cases.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use phalanx_netcode::testing::fork::{Finding, ForkTest};

use super::jobs::{Case, Jobs};
use super::tally::{Played, Tally, Trouble};
use crate::cli::GameName;
use crate::duel::Duel;
use crate::game::Game;
use crate::skirmish::Skirmish;

/// So often whoever watches looks at the clock.
const LOOK: Duration = Duration::from_millis(100);

/// What all threads have in common.
struct Shared<'a> {
    jobs: &'a Jobs,
    next: AtomicU64,
    stop: AtomicBool,
}

/// Plays all cases on so many threads; `go_on` is told now and then how far it has come, and says whether to. The
/// order of threads changes nothing of what comes out.
pub(crate) fn work(jobs: &Jobs, threads: u32, go_on: &mut dyn FnMut(&Tally) -> bool) -> Tally {
    let shared = Shared {
        jobs,
        next: AtomicU64::new(0),
        stop: AtomicBool::new(!go_on(&Tally::default())),
    };
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel(64);
        for _ in 0..threads {
            let (sender, shared) = (sender.clone(), &shared);
            scope.spawn(move || take_jobs(shared, &sender));
        }
        drop(sender);
        watch(&receiver, &shared.stop, go_on)
    })
}

fn watch(
    receiver: &Receiver<Played>,
    stop: &AtomicBool,
    go_on: &mut dyn FnMut(&Tally) -> bool,
) -> Tally {
    let mut tally = Tally::default();
    loop {
        match receiver.recv_timeout(LOOK) {
            Ok(played) => tally.add(played),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return tally,
        }
        if !go_on(&tally) {
            stop.store(true, Ordering::Relaxed);
        }
    }
}

fn take_jobs(shared: &Shared<'_>, sender: &SyncSender<Played>) {
    while !shared.stop.load(Ordering::Relaxed) {
        let number = shared.next.fetch_add(1, Ordering::Relaxed);
        let Some(cases) = shared.jobs.get(number) else {
            return;
        };
        let game = cases.first().map(|case| case.base.game);
        match game {
            Some(GameName::Duel) => play(Duel, number, &cases, shared, sender),
            Some(GameName::Skirmish) => play(Skirmish::default(), number, &cases, shared, sender),
            None => {}
        }
    }
}

/// Plays the cases of one match.
fn play<G: Game<State: Clone>>(
    rules: G,
    number: u64,
    cases: &[Case],
    shared: &Shared<'_>,
    sender: &SyncSender<Played>,
) {
    let Some(first) = cases.first() else {
        return;
    };
    let (scenario, outages) = first.base.draw();
    let test = ForkTest::new(&scenario, rules, outages);
    let mut test = test.expect("what is drawn is within limits");
    for (case, index) in cases.iter().zip(0..) {
        if shared.stop.load(Ordering::Relaxed) {
            return;
        }
        let outcome = caught(|| {
            test.go_to(case.tick)?;
            test.fork(case.incident)
        });
        // What it leaves behind is good for nothing.
        let over = matches!(outcome, Err(Trouble::Panic(_)));
        let played = Played {
            case: *case,
            place: (number, index),
            outcome,
        };
        // Nobody listens any more only if whoever watched has panicked.
        if sender.send(played).is_err() || over {
            return;
        }
    }
}

/// A panic is a finding like others: it repeats by the same command.
fn caught<T>(play: impl FnOnce() -> Result<T, Finding>) -> Result<T, Trouble> {
    match catch_unwind(AssertUnwindSafe(play)) {
        Ok(outcome) => outcome.map_err(Trouble::Finding),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or(panic.downcast_ref::<&str>().copied());
            Err(Trouble::Panic(text.unwrap_or("it says nothing").into()))
        }
    }
}
