//! `play`: a player in a session of a relay somewhere.

use core::cell::RefCell;
use core::time::Duration;
use std::path::Path;

use phalanx_engine::{Simulation, Slot, Tick};
use phalanx_netcode::quic::{Clock, ConnectError, Disconnect};
use phalanx_netcode::testing::Report;
use phalanx_netcode::{Client, CloseReason, Event, Time};

use super::in_runtime;
use crate::cli::PlayArgs;
use crate::console::Console;
use crate::driver::{Bot, Dial, Ending, Pilot, Unconnected};
use crate::exit::{Exit, Failure};
use crate::figures::{figures, per_second};
use crate::game::{Game, with_rules};
use crate::interrupt::Interrupt;
use crate::person::Person;
use crate::plan;
use crate::recording::{RECORD_EVERY, RecordFile};
use crate::resume_file::ResumeFile;
use crate::summary::{Run, Summary};

/// How often a bot says how far behind it is.
const TELL_EVERY: Duration = Duration::from_secs(1);

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
            told: Time::ZERO,
        };
        in_runtime(play(game, args, &mut pilot, interrupt.clone()))
    })
}

/// A bot that says what happens to it.
struct Narrator<S> {
    bot: Bot<S>,
    console: Console,
    /// When it said last how far behind it is.
    told: Time,
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

    fn lost(&mut self, words: &str) {
        self.console.note(words);
    }

    fn shown(&mut self, now: Time, client: &mut Client<S>) -> bool {
        if let Some(behind) = client.behind()
            && self.told + TELL_EVERY <= now
        {
            self.told = now;
            self.console
                .note(&format!("catching up: {behind} ticks behind"));
        }
        true
    }
}

/// What is written while the match is played.
struct Files {
    record: Option<RecordFile>,
    resume: Option<ResumeFile>,
}

impl Files {
    fn open(args: &PlayArgs) -> Result<Self, Failure> {
        let record = args.record.record.as_deref();
        let resume = args.resume.as_deref();
        Ok(Self {
            record: record.map(|path| RecordFile::new(path, None).numbered(1)),
            resume: resume
                .map(|path| ResumeFile::open(path, args.pin))
                .transpose()?,
        })
    }

    /// The client that they are of.
    fn client<G: Game>(&self, game: G, args: &PlayArgs) -> Result<Client<G>, Failure> {
        let config = plan::client(&args.client, args.rules.game)?;
        let mut client = Client::new(game, config).map_err(Failure::usage)?;
        if let Some(token) = self.resume.as_ref().and_then(ResumeFile::token) {
            client.claim(token);
        }
        if self.record.is_some() {
            client.keep_log();
        }
        Ok(client)
    }

    /// Writes what is new.
    fn follow<G: Game>(&mut self, client: &mut Client<G>) {
        if let Some(record) = &mut self.record {
            record.follow_client(client);
        }
        if let Some(resume) = &mut self.resume {
            resume.follow(client.token());
        }
    }

    fn close(self, ending: &Ending) -> Result<(), Failure> {
        let recorded = self.record.map_or(Ok(()), RecordFile::close);
        let kept = self.resume.map_or(Ok(()), |mut resume| {
            if ending.is_over() {
                resume.remove();
            }
            resume.close()
        });
        recorded.and(kept)
    }
}

/// Connects, lets `pilot` play to the end, and says how it went.
async fn play<G: Game, P: Pilot<G>>(
    game: G,
    args: &PlayArgs,
    pilot: &mut P,
    mut interrupt: Interrupt,
) -> Result<Exit, Failure> {
    let mut files = Files::open(args)?;
    let client = RefCell::new(files.client(game, args)?);
    let clock = Clock::start();
    let dial = Dial {
        relay: args.connect,
        pin: args.pin,
        again: Duration::from_secs(args.reconnect.into()),
    };
    let writing = async {
        loop {
            tokio::time::sleep(RECORD_EVERY).await;
            files.follow(&mut client.borrow_mut());
        }
    };
    let played = tokio::select! {
        played = dial.play(&client, pilot, &clock, &mut interrupt) => played,
        () = writing => unreachable!("it writes for as long as there is something"),
    };
    let ending = played.map_err(|unconnected| match unconnected {
        Unconnected::Failed(error) => refused(&error),
        Unconnected::GivenUp => interrupted(),
    })?;
    files.follow(&mut client.borrow_mut());
    let written = files.close(&ending);
    // The relay is told of the end by a packet that is still to be sent.
    tokio::time::sleep(DRAIN).await;

    let client = client.into_inner();
    let (exit, message) = judge(&ending, args.resume.as_deref(), interrupt.is_raised());
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
    summary.exit_code = exit.unless_failed(&written).code();
    let console = Console::new(&args.output);
    if let Some(setup) = setup {
        let text = format!("{}\n{message}", summary.figures(setup.rate));
        console.result(&summary, &text)?;
    } else if console.json {
        console.result(&summary, "")?;
    }
    written?;
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
fn judge(ending: &Ending, resume: Option<&Path>, interrupted: bool) -> (Exit, String) {
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
    if let Some(refusal) = &ending.refusal {
        let Failure { exit, message } = refused(refusal);
        return (exit, format!("the relay is lost: {message}"));
    }
    match &ending.disconnect {
        Some(Disconnect::ByPeer(CloseReason::Ended)) => {
            (Exit::Fine, "the session ended; no desync".into())
        }
        Some(Disconnect::ByPeer(reason)) if reason.is_refusal() => {
            let mut message = format!("refused by the relay: {reason}");
            if let (CloseReason::UnknownToken, Some(file)) = (reason, resume) {
                let name = file.display();
                message += &format!(": remove {name} to join as another player");
            }
            (Exit::Refused, message)
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
        let timeout = Duration::from_secs(5);
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
        judge(&ending, None, false).0
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
