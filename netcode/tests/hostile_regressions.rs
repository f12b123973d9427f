//! Defects that a hostile or unlucky peer could use, each found once and kept out.
#![expect(clippy::unwrap_used, reason = "a test")]

mod hostile_pump;

use core::time::Duration;

use hostile_pump::model::{Bits, News, control, echo, inputs, varint};
use hostile_pump::{Packet, Pump, Wide, config, wide_config};
use phalanx_engine::{Slot, Tick, TickRate};
use phalanx_netcode::testing::Mixer;
use phalanx_netcode::{
    Channel, CloseReason, Event, LatePolicy, Output, PeerId, RelayEvent, RelayOutput,
};

const SECOND: Duration = Duration::from_secs(1);

fn down(datagram: bool, bytes: Vec<u8>) -> Packet {
    Packet {
        peer: PeerId(0),
        up: false,
        datagram,
        bytes,
    }
}

fn up(peer: u64, bytes: Vec<u8>) -> Packet {
    Packet {
        peer: PeerId(peer),
        up: true,
        datagram: true,
        bytes,
    }
}

fn agreed_to_the_end(pump: &Pump<Mixer>, players: &[usize], length: u64) {
    pump.relay.log().verify().unwrap();
    assert_eq!(pump.relay.disagreement(), None);
    for player in players {
        let timeline = pump.chairs[*player].client.timeline().unwrap();
        assert_eq!(timeline.confirmed(), Tick(length), "player {player}");
        let last = pump.chairs[*player].events.last();
        assert_eq!(
            last,
            Some(&Event::Closed(Some(CloseReason::Ended))),
            "player {player}"
        );
    }
}

/// The difference between clocks that an echo told could overflow when it was negated.
#[test]
fn an_echo_from_the_end_of_time_does_not_panic() {
    for (sent, relay) in [(u64::MAX, 0), (0, u64::MAX), (0, 0), (u64::MAX, u64::MAX)] {
        for deadline in [0, 1, u64::MAX] {
            let mut pump = Pump::mixers(config(1, 60));
            while pump.chairs[0].client.slot().is_none() {
                pump.step();
            }
            for _ in 0..8 {
                pump.inject(&down(true, echo(sent, relay)));
            }
            pump.inject(&down(
                false,
                control(1, &[&[0][..], &varint(deadline), &[60, 1, 0]].concat()),
            ));
            pump.run(SECOND / 10);
        }
    }
}

/// A client that was ready said nothing more, and the relay closed it for its silence.
#[test]
fn a_ready_player_waits_for_the_others_as_long_as_it_takes() {
    let mut pump = Pump::mixers(config(2, 60));
    pump.chairs[1].connected = false;
    pump.relay.disconnected(PeerId(1), None);
    pump.run(60 * SECOND);
    assert_eq!(pump.closed, [].into());
    pump.join(Mixer);
    pump.finish(20 * SECOND);
    agreed_to_the_end(&pump, &[0, 2], 60);
}

/// While the relay waited for one player it closed the others, whose clocks went on.
#[test]
fn who_goes_on_stamping_while_another_is_waited_for_is_not_closed() {
    let mut config = config(2, 900);
    config.rules.policy = LatePolicy::Wait { bound_ms: 20_000 };
    let mut pump = Pump::mixers(config);
    pump.start();
    pump.chairs[0].cut_up = true;
    pump.run(6 * SECOND);
    pump.chairs[0].cut_up = false;
    pump.finish(40 * SECOND);
    agreed_to_the_end(&pump, &[0, 1], 900);
    for slot in Slot::all(2) {
        // Nobody's input was lost for it.
        let stats = pump.relay.slot_stats(slot).unwrap();
        assert!(stats.late == 0, "slot {slot}: {stats:?}");
    }
}

/// What a client had no room for was never sent again while the match went on.
#[test]
fn a_game_that_hangs_for_six_seconds_catches_up() {
    let mut pump = Pump::mixers(config(2, 1200));
    pump.start();
    pump.chairs[0].hangs = true;
    pump.run(6 * SECOND);
    pump.chairs[0].hangs = false;
    pump.run(6 * SECOND);
    let behind = |player: usize| {
        let confirmed = pump.chairs[player].client.timeline().unwrap().confirmed();
        pump.relay.log().next().since(confirmed)
    };
    assert!(behind(0) < 20, "{} ticks behind", behind(0));
    assert!(behind(1) < 20, "{} ticks behind", behind(1));
    pump.finish(30 * SECOND);
    agreed_to_the_end(&pump, &[0, 1], 1200);
}

/// A peer that never acknowledges was sent the whole log, faster than it was sealed.
#[test]
fn who_never_acknowledges_is_sent_a_bounded_part_of_the_log() {
    let mut pump = Pump::mixers(config(2, 6000));
    pump.start();
    // Its own datagrams are lost from now on; these keep it alive.
    pump.chairs[0].cut_up = true;
    let mut most = 0;
    for _ in 0..60 {
        pump.record = Some(Vec::new());
        pump.run(SECOND);
        pump.inject(&up(0, inputs(0, 0, 0, 0, &[]).flag(false).message(1)));
        let record = pump.record.take().unwrap();
        let stream = record.iter().map(|(_, packet)| packet);
        let stream = stream.filter(|packet| packet.peer == PeerId(0) && !packet.up);
        let bytes: usize = stream
            .filter(|packet| !packet.datagram)
            .map(|packet| packet.bytes.len())
            .sum();
        most = most.max(bytes);
    }
    assert!(most < 20_000, "{most} bytes in one second");
}

/// A relay that never counts votes made its clients look through all ticks for each datagram, and
/// one that counts votes that were not cast was believed.
#[test]
fn a_lie_about_votes_closes_the_connection() {
    let mut pump = Pump::mixers(config(1, 600));
    pump.start();
    let news = News {
        votes_next: u64::MAX,
        ..News::NONE
    };
    pump.inject(&down(true, news.datagram()));
    pump.run(SECOND / 10);
    let last = pump.chairs[0].events.last();
    assert_eq!(last, Some(&Event::Closed(Some(CloseReason::Malformed))));
}

/// Players who sent inputs far ahead took the room of everybody's forwarded inputs.
#[test]
fn inputs_far_ahead_do_not_keep_others_from_being_forwarded() {
    let bytes_down = |forwarding: bool| {
        let mut config = config(8, 900);
        config.rules.policy = LatePolicy::Wait { bound_ms: 100 };
        config.rules.forwarding = forwarding;
        let mut pump = Pump::mixers(config);
        pump.start();
        // One honest player is waited for: until then only forwarded inputs are known.
        pump.chairs[2].cut_up = true;
        for peer in 3..8 {
            pump.chairs[usize::try_from(peer).unwrap()].connected = false;
            let first = pump.relay.log().next().0 + 4;
            let mut bits = inputs(0, first, 128, 0, &[]);
            for tick in 0..128 {
                bits = bits.flag(true).flag(true).bits(tick, 8).flag(false);
            }
            pump.inject(&up(peer, bits.flag(false).message(1)));
        }
        pump.record = Some(Vec::new());
        pump.run(SECOND);
        assert_eq!(pump.closed, [].into());
        let record = pump.record.take().unwrap();
        let there = record.iter().map(|(_, packet)| packet);
        let there = there.filter(|packet| packet.peer == PeerId(1) && !packet.up);
        there.map(|packet| packet.bytes.len()).sum::<usize>()
    };
    let (with, without) = (bytes_down(true), bytes_down(false));
    assert!(
        with > without * 3 / 2,
        "{with} bytes, {without} without any forwarded"
    );
}

/// A driver that came late between two datagrams of one round asked for frames no longer at hand.
#[test]
fn a_late_driver_does_not_ask_for_old_frames() {
    let mut config = wide_config(16, 4000);
    config.setup.rate = TickRate::hz(1000);
    let mut pump = Pump::new(config, || Wide);
    pump.start();
    let mut buffer = Vec::new();
    let mut now = pump.now;
    let mut sent = 0;
    for _ in 0..200 {
        let output = pump.relay.poll(now, &mut buffer);
        sent += u32::from(matches!(output, RelayOutput::Transmit { .. }));
        now += SECOND / 3;
    }
    assert!(sent > 10, "{sent} packets");
}

#[test]
fn a_relay_stops_once() {
    let mut pump = Pump::mixers(config(1, 60));
    pump.start();
    pump.relay.stop();
    pump.relay.stop();
    pump.pump_relay();
    let finished = pump.relay_events.iter();
    let finished = finished.filter(|event| **event == RelayEvent::Finished);
    assert_eq!(finished.count(), 1);
    assert_eq!(pump.closed[&PeerId(0)], CloseReason::RelayStopped);
}

/// Of frames in fragments only four were under way at one time: over a long way they came a second
/// late, by the stream.
#[test]
fn large_frames_keep_up_over_a_long_way() {
    let mut pump = Pump::new(wide_config(16, 400), || Wide);
    pump.latency = Duration::from_millis(100);
    pump.start();
    pump.record = Some(Vec::new());
    pump.run(4 * SECOND);
    for (player, chair) in pump.chairs.iter().enumerate() {
        let confirmed = chair.client.timeline().unwrap().confirmed();
        let behind = pump.relay.log().next().since(confirmed);
        assert!(behind < 12, "player {player} is {behind} ticks behind");
    }
    let record = pump.record.take().unwrap();
    let down = record
        .iter()
        .map(|(_, packet)| packet)
        .filter(|packet| !packet.up);
    let (datagrams, stream): (Vec<_>, Vec<_>) = down.partition(|packet| packet.datagram);
    let fragments = datagrams
        .iter()
        .filter(|packet| packet.bytes[0] == 3)
        .count();
    assert!(fragments > 16 * 2 * 200, "{fragments} fragments");
    assert_eq!(stream.len(), 0, "nothing went by the stream");
    pump.finish(20 * SECOND);
    assert_eq!(pump.relay.agreed(), Tick(400));
}

/// What the relay remembers of frames in fragments grew with every tick.
#[test]
fn fragments_to_a_peer_that_never_acknowledges_are_bounded() {
    let mut pump = Pump::new(wide_config(16, 4000), || Wide);
    pump.start();
    pump.chairs[0].cut_up = true;
    let mut most = 0;
    for _ in 0..20 {
        pump.record = Some(Vec::new());
        pump.run(SECOND);
        pump.inject(&up(0, inputs(0, 0, 0, 0, &[]).flag(false).message(1)));
        let record = pump.record.take().unwrap();
        let there = record.iter().map(|(_, packet)| packet);
        let there = there.filter(|packet| packet.peer == PeerId(0) && !packet.up);
        most = most.max(there.map(|packet| packet.bytes.len()).sum());
    }
    assert!(most < 1_000_000, "{most} bytes in one second");
}

/// When the one left whom the others' votes had waited for, nothing was agreed until the next vote.
#[test]
fn what_waited_for_the_vote_of_one_who_left_is_agreed() {
    let mut pump = Pump::mixers(config(2, 600));
    pump.start();
    pump.chairs[0].cut_up = true;
    pump.run(SECOND);
    let agreed = pump.relay.agreed();
    pump.relay.disconnected(PeerId(0), None);
    assert!(pump.relay.agreed() > agreed, "still {agreed}");
}

/// Each time a frame was cut, news went into its pieces: a client that put it together from pieces of
/// several times held another frame than the relay, and left the others' world.
#[test]
fn pieces_of_several_times_make_the_same_frame() {
    let mut pump = Pump::new(wide_config(16, 200), || Wide);
    pump.lose_every = 3;
    pump.record = Some(Vec::new());
    pump.finish(60 * SECOND);
    assert_eq!(pump.relay.disagreement(), None);
    assert_eq!(pump.relay.agreed(), Tick(200));
    let record = pump.record.take().unwrap();
    let fragment = |packet: &&Packet| packet.datagram && packet.bytes[0] == 3;
    let fragments: Vec<_> = record
        .iter()
        .map(|(_, packet)| packet)
        .filter(fragment)
        .collect();
    let different: std::collections::BTreeSet<_> = fragments
        .iter()
        .map(|packet| (packet.peer, &packet.bytes[..6]))
        .collect();
    assert!(
        fragments.len() > different.len(),
        "{} fragments",
        fragments.len()
    );
}

/// At 144 Hz seven seconds are more ticks than a client keeps inputs for, and more than a relay takes ahead:
/// whoever was cut off, and everybody else, was late for ever.
#[test]
fn a_long_wait_for_one_player_ends_for_all() {
    let mut config = config(2, 1_000_000);
    config.setup.rate = TickRate::hz(144);
    config.rules.policy = LatePolicy::Wait { bound_ms: 20_000 };
    let mut pump = Pump::mixers(config);
    pump.start();
    pump.run(3 * SECOND);
    pump.chairs[0].cut_up = true;
    pump.run(7 * SECOND);
    pump.chairs[0].cut_up = false;
    pump.run(10 * SECOND);
    let late = |pump: &Pump<Mixer>| {
        Slot::all(2)
            .map(|slot| pump.relay.slot_stats(slot).unwrap().late)
            .sum::<u64>()
    };
    assert_eq!(late(&pump), 0);
    pump.run(10 * SECOND);
    assert_eq!(late(&pump), 0);
    assert!(pump.relay.log().next() > Tick(29 * 144), "it caught up");
}

/// A relay that says that every input was late by decades moved its client's clock by as much: whoever owes
/// every tick sampled them all at once.
#[test]
fn absurd_margins_move_a_clock_by_seconds_at_most() {
    for waits in [false, true] {
        let mut config = config(2, 1_000_000);
        if waits {
            config.rules.policy = LatePolicy::Wait { bound_ms: 20_000 };
        }
        let mut pump = Pump::mixers(config);
        pump.start();
        let (client, mut buffer) = (&mut pump.chairs[0].client, Vec::new());
        let (mut sampled, mut now) = (0, pump.now);
        for _ in 0..80 {
            let newest = client
                .clock_samples()
                .unwrap()
                .iter()
                .next_back()
                .unwrap()
                .stamp
                .0;
            // One input arrived, 10^15 us after its deadline.
            let news = Bits::default()
                .count(0)
                .tick(newest, 0)
                .count(0)
                .flag(false)
                .tick(0, 0)
                .tick(0, 0)
                .flag(true)
                .flag(true)
                .count(2 * 1_000_000_000_000_000 - 1)
                .flag(false)
                .flag(false)
                .count(1)
                .flag(false)
                .flag(false)
                .flag(false);
            client.handle(now, Channel::Datagram, &news.message(2));
            now += Duration::from_millis(60);
            let mut calls = 0;
            loop {
                calls += 1;
                assert!(calls < 100, "it does not come to rest");
                match client.poll(now, &mut buffer) {
                    Output::Timeout(due) if due <= now => {
                        sampled += client.update(now, |_, _| 0).sampled;
                    }
                    Output::Timeout(_) => break,
                    Output::Close(reason) => panic!("{reason:?}"),
                    Output::Event(_) | Output::Transmit(_) => {}
                }
            }
        }
        // Eighty times 60 ms are 288 ticks, and four seconds of lead 240.
        assert!(sampled <= 288 + 240 + 10, "waits {waits}: {sampled}");
    }
}
