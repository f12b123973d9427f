//! Large commands of a peer that breaks the rules, or keeps them.

use super::*;
use crate::limits::CONTROL_MESSAGES_PER_SECOND_MAX;
use crate::wire::LargeCommand;

fn host() -> Host {
    let mut host = Host::new(HZ_60, |config| config.game.command_bytes = 4000);
    host.run_until(host.start());
    host
}

fn large(sequence: u64, stamped: u64, length: usize) -> FromClient {
    FromClient::Command(LargeCommand {
        sequence,
        stamped: Tick(stamped),
        bytes: vec![7; length],
    })
}

/// Why the relay sends away who says that.
fn closed_by(messages: impl IntoIterator<Item = FromClient>) -> Option<CloseReason> {
    let mut host = host();
    for message in messages {
        host.say(&message);
    }
    host.drain();
    host.closed
}

#[test]
fn a_large_command_is_sealed_at_its_tick() {
    let mut host = host();
    host.say(&large(0, 10, 300));
    host.say(&large(1, 10, 4000));
    // That tick is sealed: the earliest open one is for it, when those before it are.
    host.say(&large(2, 0, 300));
    host.run(Duration::from_secs(1));
    assert_eq!(host.closed, None);
    let frames = host.relay.log().frames().map(Result::unwrap);
    let found = frames.flat_map(|frame| {
        let tick = frame.tick.0;
        let commands = frame.commands.into_iter();
        commands.map(move |command| (tick, command.sequence, command.stamped.0))
    });
    let found: Vec<_> = found.collect();
    assert_eq!(found, [(10, 0, 10), (10, 1, 10), (10, 2, 0)]);
}

#[test]
fn a_large_command_that_is_none_closes_its_peer() {
    let malformed = Some(CloseReason::Malformed);
    assert_eq!(closed_by([large(0, 10, 201)]), None);
    assert_eq!(closed_by([large(0, 10, 200)]), malformed, "small");
    assert_eq!(closed_by([large(0, 10, 4001)]), malformed, "too long");
    assert_eq!(closed_by([large(1, 10, 300)]), malformed, "a gap");
    let early = {
        let mut host = Host::new(HZ_60, |config| config.game.command_bytes = 4000);
        host.relay.phase = Phase::Gathering;
        host.say(&large(0, 10, 300));
        host.drain();
        host.closed
    };
    assert_eq!(early, Some(CloseReason::Unexpected));
}

#[test]
fn more_large_commands_than_there_is_room_for_close_their_peer() {
    let flooding = Some(CloseReason::Flooding);
    let many = |count| (0..count).map(|sequence| large(sequence, u64::MAX, 300));
    assert_eq!(closed_by(many(8)), None);
    assert_eq!(closed_by(many(9)), flooding);
    // The same one, again and again.
    let again = |count| (0..count).map(|_| large(0, 10, 300));
    let most = CONTROL_MESSAGES_PER_SECOND_MAX;
    assert_eq!(closed_by(again(most / 2)), None);
    assert_eq!(closed_by(again(most + 2)), flooding);
}
