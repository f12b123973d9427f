//! [`Predicted`]: a player's own commands, from when they are given until they are seen sealed.

use alloc::vec::Vec;

use crate::command::{Command, GivenCommand, SealedCommand};
use crate::limits::COMMANDS_PREDICTED_MAX;
use crate::tick::Tick;

/// Own commands that no frame has shown yet, in the order in which a frame holds them.
#[derive(Clone)]
pub(crate) struct Predicted<C> {
    commands: Vec<One<C>>,
}

#[derive(Clone)]
struct One<C> {
    /// As it will be sealed.
    sealed: SealedCommand,
    command: C,
    /// The tick that is executed with it: the first one from its stamp on that is not sealed.
    at: Tick,
}

impl<C: Command> Predicted<C> {
    pub(crate) const fn new() -> Self {
        Self {
            commands: Vec::new(),
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    /// Takes a command to be executed at `at`; `false` if it is none, is there already, or is one too many.
    pub(crate) fn insert(&mut self, sealed: &SealedCommand, at: Tick) -> bool {
        let (key, most) = (sealed.place(), u64::from(COMMANDS_PREDICTED_MAX));
        let position = self
            .commands
            .partition_point(|one| one.sealed.place() < key);
        let there = self.commands.get(position);
        if there.is_some_and(|one| one.sealed.place() == key) || self.commands.len() as u64 >= most
        {
            return false;
        }
        let Some(command) = sealed.decode() else {
            return false;
        };
        let sealed = sealed.clone();
        let one = One {
            sealed,
            command,
            at,
        };
        self.commands.insert(position, one);
        true
    }

    /// What `tick` is executed with as long as it is not sealed.
    pub(crate) fn at(&self, tick: Tick) -> impl Iterator<Item = GivenCommand<C>> {
        let here = self.commands.iter().filter(move |one| one.at == tick);
        here.map(move |one| GivenCommand {
            slot: one.sealed.slot,
            age: one.sealed.age(tick),
            command: one.command.clone(),
        })
    }

    /// The first tick that is to be executed with any of them.
    pub(crate) fn first(&self) -> Option<Tick> {
        self.commands.iter().map(|one| one.at).min()
    }

    /// Whether `tick` is executed with exactly these.
    pub(crate) fn are<'a>(
        &self,
        tick: Tick,
        commands: impl Iterator<Item = &'a SealedCommand>,
    ) -> bool {
        let here = self.commands.iter().filter(|one| one.at == tick);
        here.map(|one| &one.sealed).eq(commands)
    }

    /// Forgets what is in the frame of `tick`. Returns the first other tick that was to be executed with any
    /// of it.
    pub(crate) fn seen(&mut self, tick: Tick, frame: &[SealedCommand]) -> Option<Tick> {
        let mut elsewhere = None;
        self.commands.retain(|one| {
            let key = one.sealed.place();
            let seen = frame.iter().any(|command| command.place() == key);
            if seen && one.at != tick {
                elsewhere = elsewhere.into_iter().chain([one.at]).min();
            }
            !seen
        });
        elsewhere
    }

    /// What was to be executed at `tick` is executed at `to` instead; whether there was anything.
    pub(crate) fn put_off(&mut self, tick: Tick, to: Tick) -> bool {
        let mut any = false;
        for one in self.commands.iter_mut().filter(|one| one.at == tick) {
            one.at = to;
            any = true;
        }
        any
    }
}
