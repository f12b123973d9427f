//! The network carries what its links say, in one order, and counts it.

use core::time::Duration;

use super::super::Preset;
use super::*;

fn at(millis: u64) -> Time {
    Time::from_nanos(millis * 1_000_000)
}

fn constant(millis: u64) -> LinkConditions {
    LinkConditions::constant(Duration::from_millis(millis))
}

/// Everything that has arrived by `now`, as link and first byte.
fn drain(network: &mut Network, now: Time) -> Vec<(u32, u8)> {
    let mut arrived = Vec::new();
    while let Some(arrival) = network.receive(now) {
        arrived.push((arrival.link.0, arrival.bytes[0]));
    }
    arrived
}

#[test]
fn arrivals_are_in_the_order_of_time_then_of_sending() {
    let mut network = Network::new(1);
    let (slow, fast) = (
        network.add_link(constant(30)),
        network.add_link(constant(20)),
    );
    network.send(at(0), slow, Channel::Datagram, &[0]);
    network.send(at(5), fast, Channel::Datagram, &[1]);
    network.send(at(10), fast, Channel::Control, &[2]);
    network.send(at(10), fast, Channel::Datagram, &[3]);
    assert_eq!(network.next_arrival(), Some(at(25)));
    assert_eq!(network.receive(at(24)), None);
    assert_eq!(drain(&mut network, at(29)), [(1, 1)]);
    assert_eq!(drain(&mut network, at(100)), [(0, 0), (1, 2), (1, 3)]);
    assert_eq!(
        (network.next_arrival(), network.receive(Time::NEVER)),
        (None, None)
    );
}

/// An hour of two-way traffic on every preset; a digest of the arrivals, and the network.
fn traffic(seed: u64) -> (u64, Network) {
    let mut network = Network::new(seed);
    let links = Preset::ALL.map(|preset| network.add_link(preset.conditions()));
    let mut digest = 0;
    for round in 0..10_000_u64 {
        let now = at(round * 16);
        for link in links {
            network.cut(now, link, round % 1000 < 50);
            network.send(now, link, Channel::Datagram, &round.to_le_bytes());
            if round % 8 == 0 {
                network.send(now, link, Channel::Control, &round.to_le_bytes());
            }
        }
        while let Some(arrival) = network.receive(now) {
            let bytes = u64::from_le_bytes(arrival.bytes.try_into().unwrap());
            digest = mix(digest ^ mix(bytes ^ u64::from(arrival.link.0) << 32));
        }
    }
    (digest, network)
}

#[test]
fn counters_add_up_and_runs_repeat() {
    let (digest, mut network) = traffic(1);
    assert_eq!(digest, traffic(1).0);
    assert_ne!(digest, traffic(2).0);
    for rest in [true, false] {
        for (link, preset) in (0..).map(LinkId).zip(Preset::ALL) {
            let of = network.counters(link);
            let ended = of.lost + of.queue_full + of.cut + of.delivered + of.in_flight;
            assert_eq!(of.sent + of.duplicated, ended, "{preset} {of:?}");
            assert_eq!((of.sent, of.sent_bytes, of.cut), (11_250, 90_000, 500));
            assert_eq!(of.delivered_bytes, 8 * of.delivered);
            assert!(rest || of.in_flight == 0);
            let conditions = preset.conditions();
            assert_eq!(of.lost > 0, conditions.loss_per_10k > 0, "{preset} {of:?}");
            assert_eq!(
                of.overtaken > 0,
                conditions.reorder_per_10k > 0,
                "{preset} {of:?}"
            );
            assert_eq!(
                of.duplicated > 0,
                conditions.duplicate_per_10k > 0,
                "{preset} {of:?}"
            );
        }
        while network.receive(Time::NEVER).is_some() {}
    }
}

#[test]
fn a_cut_loses_datagrams_and_delays_the_stream() {
    let mut network = Network::new(1);
    let link = network.add_link(constant(10));
    network.send(at(0), link, Channel::Datagram, &[0]);
    network.cut(at(5), link, true);
    network.send(at(6), link, Channel::Datagram, &[1]);
    network.send(at(7), link, Channel::Control, &[2]);
    network.send(at(8), link, Channel::Control, &[3]);
    assert_eq!(drain(&mut network, at(1000)), [(0, 0)]);
    assert_eq!(
        (network.counters(link).in_flight, network.next_arrival()),
        (2, None)
    );
    network.cut(at(1000), link, false);
    network.send(at(1000), link, Channel::Control, &[4]);
    assert_eq!(network.next_arrival(), Some(at(1010)));
    assert_eq!(drain(&mut network, at(1010)), [(0, 2), (0, 3), (0, 4)]);
    let counters = network.counters(link);
    assert_eq!(
        (counters.cut, counters.delivered, counters.in_flight),
        (1, 4, 0)
    );
}

#[test]
fn links_do_not_disturb_one_another() {
    let run = |also: bool| {
        let mut network = Network::new(3);
        let link = network.add_link(Preset::Awful.conditions());
        let other = network.add_link(Preset::Awful.conditions());
        let mut arrived = Vec::new();
        for round in 0..1000 {
            network.send(at(round * 16), link, Channel::Datagram, &[0]);
            if also {
                network.send(at(round * 16), other, Channel::Datagram, &[0]);
            }
        }
        while let Some(now) = network.next_arrival() {
            if network.receive(now).unwrap().link == link {
                arrived.push(now);
            }
        }
        arrived
    };
    assert_eq!(run(false), run(true));
}

#[test]
fn buffers_are_used_again() {
    let mut network = Network::new(4);
    let link = network.add_link(constant(50));
    let large = vec![0; RECYCLED_BYTES_MAX + 1];
    let mut most = 0;
    for round in 0..1000 {
        let bytes: &[u8] = if round == 500 { &large } else { &[1; 100] };
        network.send(at(round * 10), link, Channel::Datagram, bytes);
        while network.receive(at(round * 10)).is_some() {}
        most = most.max(network.spare.len());
        assert!(
            network
                .spare
                .iter()
                .all(|buffer| buffer.capacity() <= RECYCLED_BYTES_MAX)
        );
    }
    // Six are under way, one is lent, and those that replaced the large one.
    assert!(most <= 2, "{most}");
    let buffers = network.spare.len() + network.flights.len() + 1;
    assert!(buffers <= 8, "{buffers}");
}

#[test]
fn conditions_change() {
    let mut network = Network::new(5);
    let link = network.add_link(constant(10));
    network.set_conditions(at(5), link, constant(20));
    assert_eq!(network.conditions(link), &constant(20));
    network.send(at(5), link, Channel::Datagram, &[0]);
    assert_eq!(network.next_arrival(), Some(at(25)));
}
