//! [`Fault`]: what `--faults` can do on purpose, so that every check is seen to fail once, and what is to
//! be borne is seen to be.

use core::cell::Cell;
use core::fmt;
use core::str::FromStr;

use phalanx_engine::{Effects, InputFrame, Setup, Simulation, Slot, Tick, flip_leaf};
use serde::Serialize;

use crate::console::Console;
use crate::exit::{Exit, Failure};

/// Something broken on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Bots press nothing: the canary of the vacuity check.
    IdleBots,
    /// The way up becomes longer for good, which clocks have to follow.
    Route,
    /// One tick's step depends on something outside the state: the canary of the sync test.
    HiddenState,
    /// Players leave and are lost, the computer takes their place, the session is paused and changes its pace,
    /// input delays change.
    Membership,
    /// The network is drawn, with outages, and so are the drifts of clocks.
    Network,
}

impl Fault {
    const ALL: [Self; 5] = [
        Self::IdleBots,
        Self::Route,
        Self::HiddenState,
        Self::Membership,
        Self::Network,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::IdleBots => "idle-bots",
            Self::Route => "route",
            Self::HiddenState => "hidden-state",
            Self::Membership => "membership",
            Self::Network => "network",
        }
    }

    /// The commands that have it.
    const fn commands(self) -> &'static [&'static str] {
        match self {
            Self::IdleBots | Self::Route => &["match", "desync-test"],
            Self::HiddenState => &["sync-test"],
            Self::Membership | Self::Network => &["simulate"],
        }
    }

    const fn about(self) -> &'static str {
        match self {
            Self::IdleBots => "bots press nothing; the run is vacuous, exit 11",
            Self::Route => "at half of the match every player's way up becomes 60 ms longer",
            Self::HiddenState => "one step depends on something outside the state; exit 15",
            Self::Membership => {
                "players leave or are lost, the computer takes slots, the session is paused or changes its pace, \
                 input delays change"
            }
            Self::Network => "networks, their outages and the drifts of clocks are drawn",
        }
    }
}

/// A name given to `--faults`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultName {
    /// Every fault that the command knows.
    All,
    /// A single one.
    One(Fault),
}

impl FromStr for FaultName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        if name == "all" {
            return Ok(Self::All);
        }
        let fault = Fault::ALL.into_iter().find(|fault| fault.name() == name);
        fault.map(Self::One).ok_or_else(|| {
            let names = Fault::ALL.map(Fault::name).join(", ");
            format!("there are: {names}, all")
        })
    }
}

impl fmt::Display for FaultName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::All => "all",
            Self::One(fault) => fault.name(),
        })
    }
}

/// Whether `names` ask for `fault`.
pub(crate) fn asked(names: &[FaultName], fault: Fault) -> bool {
    names.contains(&FaultName::All) || names.contains(&FaultName::One(fault))
}

/// Refuses faults that `command` does not have: a run with one of them would look sound.
pub(crate) fn check(names: &[FaultName], command: &str) -> Result<(), Failure> {
    for name in names {
        if let FaultName::One(fault) = name
            && !fault.commands().contains(&command)
        {
            let (name, other) = (fault.name(), fault.commands()[0]);
            return Err(Failure::usage(format!(
                "{command} has no fault `{name}`: use phalanx {other} --faults {name}"
            )));
        }
    }
    Ok(())
}

/// Says which faults there are.
pub(crate) fn list(console: Console) -> Result<Exit, Failure> {
    #[derive(Serialize)]
    struct List {
        schema_version: u32,
        faults: Vec<Line>,
    }
    #[derive(Serialize)]
    struct Line {
        name: &'static str,
        about: String,
    }
    let about = |fault: Fault| format!("{} ({})", fault.about(), fault.commands().join(", "));
    let faults = Fault::ALL.map(|fault| Line {
        name: fault.name(),
        about: about(fault),
    });
    let text = Fault::ALL.map(|fault| format!("{:<14}{}", fault.name(), about(fault)));
    let list = List {
        schema_version: 1,
        faults: faults.into(),
    };
    console.result(&list, &text.join("\n"))?;
    Ok(Exit::Fine)
}

/// Any game, one tick of which goes another way when it is executed for the first time.
#[derive(Debug)]
pub(crate) struct Forgetful<S> {
    inner: S,
    at: Option<Tick>,
    executed: Cell<bool>,
}

impl<S> Forgetful<S> {
    pub(crate) const fn new(inner: S, at: Option<Tick>) -> Self {
        Self {
            inner,
            at,
            executed: Cell::new(false),
        }
    }
}

impl<S: Simulation> Simulation for Forgetful<S> {
    const ID: &'static str = S::ID;
    const VERSION: u32 = S::VERSION;
    type State = S::State;
    type Input = S::Input;
    type Command = S::Command;
    type Effect = S::Effect;

    fn content_hash(&self) -> [u8; 32] {
        self.inner.content_hash()
    }

    fn start(&self, setup: &Setup) -> S::State {
        self.inner.start(setup)
    }

    fn step(
        &self,
        state: &mut S::State,
        frame: &InputFrame<'_, Self>,
        effects: &mut Effects<S::Effect>,
    ) {
        self.inner.step(state, &frame.handed_on(), effects);
        if self.at == Some(frame.tick()) && !self.executed.replace(true) {
            flip_leaf(state, frame.tick().0);
            self.inner.rebuild(state);
        }
    }

    fn rebuild(&self, state: &mut S::State) {
        self.inner.rebuild(state);
    }

    fn bot(&self, state: &S::State, slot: Slot) -> S::Input {
        self.inner.bot(state, slot)
    }

    fn bot_commands(&self, state: &S::State, slot: Slot) -> Vec<S::Command> {
        self.inner.bot_commands(state, slot)
    }
}
