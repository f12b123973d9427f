//! `play`: a player in a session of a relay somewhere.

use core::cell::RefCell;
use core::time::Duration;

use phalanx_engine::{Simulation, Slot, Tick};
use phalanx_netcode::quic::{Clock, ConnectError, Connection, Disconnect};
use phalanx_netcode::testing::Report;
use phalanx_netcode::{Client, CloseReason, Event, Time};

use super::in_runtime;
use crate::cli::PlayArgs;
use crate::console::Console;
use crate::driver::{Bot, Ending, Pilot, fly};
use crate::exit::{Exit, Failure};
use crate::figures::{figures, per_second};
use crate::game::{Game, with_rules};
use crate::interrupt::Interrupt;
use crate::person::Person;
use crate::plan;
use crate::recording::{RECORD_EVERY, RecordFile};
use crate::summary::{Run, Summary};

/// How long the relay may take to answer.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// How often the pilot is shown that the connection is not there yet.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// After the end, so that the relay hears of it.
const DRAIN: Duration = Duration::from_millis(50);

pub(super) fn run(args: &PlayArgs, interrupt: &Interrupt) -> Result<Exit, Failure> {
    if !args.bot {
        return with_rules!(args.rules, game => {
            let mut person = Person::open()?;
            in_runtime(play(game, args, &mut person, interrupt.clone()))
        });
    }
    with_rules!(args.rules, game => {
        let mut pilot = Narrator {
            bot: Bot {
                rules: game,
                idle: false,
            },
            console: Console::new(&args.output),
        };
        in_runtime(play(game, args, &mut pilot, interrupt.clone()))
    })
}

/// A bot that says what happens to it.
struct Narrator<S> {
    bot: Bot<S>,
    console: Console,
}

impl<S: Game> Pilot<S> for Narrator<S> {
    fn sample(&mut self, _now: Time, _tick: Tick, slot: Slot, state: &S::State) -> S::Input {
        self.bot.input(slot, state)
    }

    fn commands(&mut self, slot: Slot, state: &S::State) -> Vec<S::Command> {
        self.bot.orders(slot, state)
    }

    fn told(&mut self, _client: &Client<S>, event: &Event) {
        match event {
            Event::Joined { slot, .. } => self.console.note(&format!("joined in slot {slot}")),
            Event::Started => self.console.note("the match begins"),
            Event::Desync(tick) => self.console.note(&format!("DESYNC since tick {tick}")),
            Event::Time(event) => self.console.note(&event.to_string()),
            Event::CatchingUp { from, to } => {
                let note = format!("the match runs: catching up from tick {from} to tick {to}");
                self.console.note(&note);
            }
            Event::Live => self.console.note("caught up, and plays"),
            Event::Ended | Event::Closed(_) => {}
        }
    }
}

/// Connects, lets `pilot` play to the end, and says how it went.
async fn play<G: Game, P: Pilot<G>>(
    game: G,
    args: &PlayArgs,
    pilot: &mut P,
    mut interrupt: Interrupt,
) -> Result<Exit, Failure> {
    let config = plan::client(&args.client, args.rules.game)?;
    let mut client = Client::new(game, config).map_err(Failure::usage)?;
    let path = args.record.record.as_deref();
    let record = RefCell::new(path.map(|path| RecordFile::new(path, None)));
    if path.is_some() {
        client.keep_log();
    }
    let client = RefCell::new(client);
    let follow = || {
        if let Some(record) = record.borrow_mut().as_mut() {
            record.follow_client(&mut client.borrow_mut());
        }
    };
    let clock = Clock::start();
    let mut stop = interrupt.clone();
    let connecting = Connection::connect(args.connect, args.pin, CONNECT_WITHIN);
    tokio::pin!(connecting);
    let connection = loop {
        tokio::select! {
            connection = &mut connecting => break connection.map_err(|error| refused(&error))?,
            () = stop.raised() => return Err(interrupted()),
            // Whoever looks at the terminal sees why nothing happens, and may give up.
            () = tokio::time::sleep(LOOK_EVERY) => {
                if !pilot.shown(clock.now(), &mut client.borrow_mut()) {
                    return Err(interrupted());
                }
            }
        }
    };
    let recording = async {
        loop {
            tokio::time::sleep(RECORD_EVERY).await;
            follow();
        }
    };
    let ending = tokio::select! {
        ending = fly(&client, connection, pilot, &clock, &mut interrupt) => ending,
        () = recording => unreachable!("it records for as long as there is something"),
    };
    follow();
    let recorded = record.into_inner().map_or(Ok(()), RecordFile::close);
    // The relay is told of the end by a packet that is still to be sent.
    tokio::time::sleep(DRAIN).await;

    let client = client.into_inner();
    let (exit, message) = judge(&ending, interrupt.is_raised());
    let run = Run {
        wall: clock.now().since(Time::ZERO),
        rounds: client.state().and_then(G::rounds),
        round_within: G::ROUND_WITHIN,
        interrupted: interrupt.is_raised(),
    };
    let report = report(&client, &ending, clock.now());
    let setup = ending.setup;
    let seed = setup.map_or(0, |setup| setup.seed);
    let mut summary = Summary::of(("play", G::ID, seed), &report, &run);
    summary.late_inputs = None; // Only the relay knows.
    summary.exit_code = exit.unless_failed(&recorded).code();
    let console = Console::new(&args.output);
    if let Some(setup) = setup {
        let text = format!("{}\n{message}", summary.figures(setup.rate));
        console.result(&summary, &text)?;
    } else if console.json {
        console.result(&summary, "")?;
    }
    recorded?;
    // People have read the message below the figures, if there were any.
    let said = setup.is_some() && !console.json;
    if exit == Exit::Fine || said {
        return Ok(exit);
    }
    Err(Failure::new(exit, message))
}

fn interrupted() -> Failure {
    Failure::new(Exit::Interrupted, "interrupted while connecting")
}

/// What a failed connection means.
fn refused(error: &ConnectError) -> Failure {
    let exit = match error {
        ConnectError::Timeout { .. } => Exit::TimedOut,
        ConnectError::WrongPin { .. }
        | ConnectError::VersionMismatch
        | ConnectError::Busy
        | ConnectError::Refused(_) => Exit::Refused,
        ConnectError::Address(_) => Exit::Usage,
        ConnectError::Bind(_) => Exit::Internal,
        ConnectError::Transport(_) => Exit::RelayLost,
    };
    let advice = match error {
        ConnectError::Timeout { .. } => ": is a relay running there, and is its port open for UDP?",
        ConnectError::Address(_) => {
            ": use an address of the relay's machine and the port of its ready line, such as 127.0.0.1:4777"
        }
        ConnectError::Refused(CloseReason::WrongContent) => {
            ": use the relay's --units, and the same build"
        }
        ConnectError::WrongPin { .. } => ": take the pin from the relay's ready line",
        _ => "",
    };
    Failure::new(exit, format!("{error}{advice}"))
}

/// What the end of the connection means, in a number and in words.
fn judge(ending: &Ending, interrupted: bool) -> (Exit, String) {
    if let Some(tick) = ending.desync {
        let what = "two players hold different states since tick";
        return (Exit::Desync, format!("DESYNC: {what} {tick}"));
    }
    if interrupted {
        return (Exit::Interrupted, "interrupted; no desync so far".into());
    }
    if ending.ended != Time::NEVER {
        return (Exit::Fine, "the session ended; no desync".into());
    }
    match &ending.disconnect {
        Some(Disconnect::ByPeer(CloseReason::Ended)) => {
            (Exit::Fine, "the session ended; no desync".into())
        }
        Some(Disconnect::ByPeer(reason)) if reason.is_refusal() => {
            (Exit::Refused, format!("refused by the relay: {reason}"))
        }
        // The relay answers with the reason that it was given.
        Some(Disconnect::Locally(CloseReason::Left) | Disconnect::ByPeer(CloseReason::Left)) => {
            (Exit::Fine, "left the session; no desync so far".into())
        }
        Some(disconnect) => (Exit::RelayLost, format!("the relay is lost: {disconnect}")),
        None => (Exit::RelayLost, "the relay is lost".into()),
    }
}

fn report<S: Simulation>(client: &Client<S>, ending: &Ending, now: Time) -> Report {
    let played = ending.ended.min(now).since(ending.begun);
    Report {
        desync: ending.desync,
        bytes_up_per_s: per_second(ending.bytes_up, 1, played),
        bytes_down_per_s: per_second(ending.bytes_down, 1, played),
        played,
        ..figures(&[client], client.agreed())
    }
}

#[cfg(test)]
mod tests {
    use phalanx_netcode::quic::Pin;

    use super::*;

    /// The endings of a handshake that no relay of this program brings about.
    #[test]
    fn a_handshake_that_fails_has_a_number_and_words() {
        let addr = ([127, 0, 0, 1], 4777).into();
        let pin = Pin([0; 32]);
        let timeout = CONNECT_WITHIN;
        let cases = [
            (
                ConnectError::VersionMismatch,
                Exit::Refused,
                "another version",
            ),
            (ConnectError::Busy, Exit::Refused, "no more connections"),
            (
                ConnectError::Refused(CloseReason::SessionFull),
                Exit::Refused,
                "refused by the relay: every slot",
            ),
            (
                ConnectError::WrongPin { addr, pin },
                Exit::Refused,
                "take the pin from the relay's ready line",
            ),
            (
                ConnectError::Timeout { addr, timeout },
                Exit::TimedOut,
                "no answer from 127.0.0.1:4777",
            ),
            (
                ConnectError::Transport("broken".into()),
                Exit::RelayLost,
                "the transport failed: broken",
            ),
        ];
        for (error, exit, words) in cases {
            let failure = refused(&error);
            assert_eq!(failure.exit, exit, "{error:?}");
            assert!(failure.message.contains(words), "{}", failure.message);
        }
    }

    fn exit(disconnect: Disconnect) -> Exit {
        let ending = Ending {
            disconnect: Some(disconnect),
            ..Ending::NOT_YET
        };
        judge(&ending, false).0
    }

    /// Whichever end was first to close.
    #[test]
    fn who_leaves_ends_well() {
        assert_eq!(exit(Disconnect::ByPeer(CloseReason::Left)), Exit::Fine);
        assert_eq!(exit(Disconnect::Locally(CloseReason::Left)), Exit::Fine);
        let stopped = Disconnect::ByPeer(CloseReason::RelayStopped);
        assert_eq!(exit(stopped), Exit::RelayLost);
        assert_eq!(exit(Disconnect::TimedOut), Exit::RelayLost);
    }
}
