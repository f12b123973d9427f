//! [`Pilot`]: whoever plays; and the loop that drives a client for it.

use core::cell::RefCell;
use core::time::Duration;
use std::collections::VecDeque;

use phalanx_engine::{Setup, Simulation, Slot, Tick};
use phalanx_netcode::limits::START_DELAY;
use phalanx_netcode::quic::{Clock, ConnectError, Connection, ConnectionEvent, Disconnect};
use phalanx_netcode::{Client, CloseReason, Event, Output, Time};

use crate::interrupt::Interrupt;

/// After asking to leave, the relay is given this long to answer.
const LEAVE_WITHIN: Duration = Duration::from_secs(1);

/// A client that catches up has thousands of ticks to execute: after this long, packets and the terminal have
/// their turn.
const UPDATE_WITHIN: Duration = Duration::from_millis(8);

/// Whoever plays: a bot, or a person in front of a terminal.
pub(crate) trait Pilot<S: Simulation> {
    /// What the pilot holds for `tick`, `state` being the live one.
    fn sample(&mut self, now: Time, tick: Tick, slot: Slot, state: &S::State) -> S::Input;

    /// What the pilot orders now; asked before every input, unless what it ordered before is not given yet.
    fn commands(&mut self, _slot: Slot, _state: &S::State) -> Vec<S::Command> {
        Vec::new()
    }

    /// The session tells something.
    fn told(&mut self, _client: &Client<S>, _event: &Event) {}

    /// What is the matter with the connection, in words.
    fn lost(&mut self, _words: &str) {}

    /// There will be no other connection.
    fn over(&mut self) {}

    /// The client stands where it is now; to be drawn. `false` leaves the session.
    fn shown(&mut self, _now: Time, _client: &mut Client<S>) -> bool {
        true
    }
}

/// The game's own bot, or one that presses nothing.
#[derive(Debug)]
pub(crate) struct Bot<S> {
    pub(crate) rules: S,
    pub(crate) idle: bool,
}

impl<S: Simulation> Bot<S> {
    pub(crate) fn input(&self, slot: Slot, state: &S::State) -> S::Input {
        if self.idle {
            S::Input::default()
        } else {
            self.rules.bot(state, slot)
        }
    }

    pub(crate) fn orders(&self, slot: Slot, state: &S::State) -> Vec<S::Command> {
        if self.idle {
            Vec::new()
        } else {
            self.rules.bot_commands(state, slot)
        }
    }
}

impl<S: Simulation> Pilot<S> for Bot<S> {
    fn sample(&mut self, _now: Time, _tick: Tick, slot: Slot, state: &S::State) -> S::Input {
        self.input(slot, state)
    }

    fn commands(&mut self, slot: Slot, state: &S::State) -> Vec<S::Command> {
        self.orders(slot, state)
    }
}

/// How a client's session ended.
#[derive(Debug)]
pub(crate) struct Ending {
    /// What the session started from; `None` if the relay never took the player in.
    pub(crate) setup: Option<Setup>,
    /// When tick 0 was due, about.
    pub(crate) begun: Time,
    /// When the last tick was confirmed.
    pub(crate) ended: Time,
    /// The player was told of a desync.
    pub(crate) desync: Option<Tick>,
    /// How often the relay took the player in.
    pub(crate) joined: u64,
    /// Why the relay is not reached again, if that is for good.
    pub(crate) refusal: Option<ConnectError>,
    /// How the last connection ended; `None` if nobody waited for its end.
    pub(crate) disconnect: Option<Disconnect>,
    /// Bytes of datagrams and control sent.
    pub(crate) bytes_up: u64,
    /// Bytes of datagrams and control received.
    pub(crate) bytes_down: u64,
}

impl Ending {
    /// Of a session that has not begun yet.
    pub(crate) const NOT_YET: Self = Self {
        setup: None,
        begun: Time::NEVER,
        ended: Time::NEVER,
        desync: None,
        joined: 0,
        refusal: None,
        disconnect: None,
        bytes_up: 0,
        bytes_down: 0,
    };

    /// What one of the ends said when the last connection was closed.
    pub(crate) fn reason(&self) -> Option<CloseReason> {
        self.disconnect.as_ref().and_then(close_reason)
    }

    /// Whether there is nothing to come back to: the session ended, or the player left.
    pub(crate) fn is_over(&self) -> bool {
        let said = matches!(self.reason(), Some(CloseReason::Ended | CloseReason::Left));
        self.ended != Time::NEVER || said
    }

    fn note(&mut self, now: Time, event: &Event) {
        match event {
            Event::Joined { setup, .. } => {
                self.setup = Some(*setup);
                self.joined += 1;
            }
            // Not again when the player comes back.
            Event::Started => self.begun = self.begun.min(now + START_DELAY),
            Event::Desync(tick) => self.desync = self.desync.or(Some(*tick)),
            Event::Ended => self.ended = now,
            Event::CatchingUp { .. } | Event::Live | Event::Time(_) | Event::Closed(_) => {}
        }
    }
}

/// Drives `client` until its connection is closed, or `interrupt` or its pilot makes it leave; `ending` takes
/// note of it.
pub(crate) async fn fly<S: Simulation, P: Pilot<S>>(
    client: &RefCell<Client<S>>,
    mut connection: Connection,
    pilot: &mut P,
    clock: &Clock,
    interrupt: &mut Interrupt,
    ending: &mut Ending,
) {
    let (mut buffer, mut orders) = (Vec::new(), VecDeque::new());
    let (mut leaving, mut leave_until) = (false, Time::NEVER);
    loop {
        let pumped = pump(
            client,
            &mut connection,
            pilot,
            clock,
            &mut buffer,
            &mut orders,
            ending,
        );
        let stays = pilot.shown(clock.now(), &mut client.borrow_mut());
        if !stays && !leaving {
            leaving = true;
            client.borrow_mut().leave();
            leave_until = clock.now() + LEAVE_WITHIN;
            continue;
        }
        if clock.now() >= leave_until {
            // The end of the connection is still waited for; it comes at once.
            connection.close(CloseReason::Left);
            leave_until = Time::NEVER;
        }
        tokio::select! {
            event = connection.next() => match event {
                ConnectionEvent::Bytes { channel, bytes } => {
                    ending.bytes_down += bytes.len() as u64;
                    client.borrow_mut().handle(clock.now(), channel, &bytes);
                }
                ConnectionEvent::Closed(disconnect) => {
                    client.borrow_mut().disconnected(close_reason(&disconnect));
                    ending.disconnect = Some(disconnect);
                    pump(client, &mut connection, pilot, clock, &mut buffer, &mut orders, ending);
                    return;
                }
            },
            () = rest(clock, pumped.min(leave_until)) => {}
            () = interrupt.raised(), if !leaving => {
                leaving = true;
                client.borrow_mut().leave();
                leave_until = clock.now() + LEAVE_WITHIN;
            }
        }
    }
}

/// Waits until `due`; if that has passed, lets others have their turn.
async fn rest(clock: &Clock, due: Time) {
    if due <= clock.now() {
        tokio::task::yield_now().await;
    } else {
        clock.sleep_until(due).await;
    }
}

/// What the other end said, if it said anything.
pub(super) const fn close_reason(disconnect: &Disconnect) -> Option<CloseReason> {
    match disconnect {
        Disconnect::ByPeer(reason) | Disconnect::Locally(reason) => Some(*reason),
        _ => None,
    }
}

/// Lets the client do what is to be done now, for about [`UPDATE_WITHIN`]; returns when it wants to be called again. `orders` are
/// what the pilot ordered and the client does not take yet.
fn pump<S: Simulation, P: Pilot<S>>(
    client: &RefCell<Client<S>>,
    connection: &mut Connection,
    pilot: &mut P,
    clock: &Clock,
    buffer: &mut Vec<u8>,
    orders: &mut VecDeque<S::Command>,
    ending: &mut Ending,
) -> Time {
    let mut client = client.borrow_mut();
    let enough = clock.now() + UPDATE_WITHIN;
    loop {
        let now = clock.now();
        match client.poll(now, buffer) {
            Output::Transmit(channel) => {
                ending.bytes_up += buffer.len() as u64;
                connection.send(channel, buffer);
            }
            Output::Event(event) => {
                ending.note(now, &event);
                pilot.told(&client, &event);
            }
            Output::Close(reason) => connection.close(reason),
            Output::Timeout(due) if due <= now && now < enough => {
                let slot = client.slot().unwrap_or(Slot(0));
                let asks = orders.is_empty();
                let sample = |tick, state: &S::State| {
                    if asks {
                        orders.extend(pilot.commands(slot, state));
                    }
                    pilot.sample(now, tick, slot, state)
                };
                client.update_within(now, sample, || clock.now() < enough);
                // Refused for good is only what is ordered after the end.
                let _ = client.commands(orders);
            }
            Output::Timeout(due) => return due,
        }
    }
}
