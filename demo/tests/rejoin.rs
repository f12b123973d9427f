//! Players who come late, and who come back: processes, sockets, and a network that fails between them.
#![expect(
    clippy::disallowed_types,
    reason = "waiting for processes takes a clock"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "and threads that read what they say, and carry packets"
)]

mod forwarder;
mod process;
mod program;

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use forwarder::Forwarder;
use process::{Process, Relay, object};

/// 15 s of duel, and a snapshot every two.
const MATCH: &str = "--ticks 900 --keyframes 240";

/// A snapshot is there: the match runs for a while.
const SNAPSHOT: &str = "who comes now goes on from tick";

/// Who is away, or comes back, is not waited for. For a relay that waited until the connection is given up, it
/// would be 600 ticks.
fn assert_not_held_up(line: &str) {
    assert!(object(line)["stalls"].as_u64() < Some(120), "{line}");
}

#[test]
fn a_killed_player_started_again_goes_on() {
    let file = program::directory("killed").join("one.resume");
    let relay = Relay::telling(MATCH);
    let player = || relay.player_with(&format!("--resume {}", file.display()));
    let (mut killed, other) = (player(), relay.player());
    relay.says(SNAPSHOT, "before");
    killed.child.kill().unwrap();
    killed.child.wait().unwrap();
    assert!(file.exists());
    let again = player();
    relay.says("is back, from 127.0.0.1", "back");
    relay.says("has caught up, and plays from tick", "live");
    let ends = [again.end(), other.end()];
    assert_not_held_up(&ends[1].1);
    relay.played(900, ends);
    assert!(!file.exists(), "there is nothing to come back to");
}

#[test]
fn a_network_that_is_gone_for_3_s_costs_no_connection() {
    let relay = Relay::telling(MATCH);
    let network = Forwarder::towards(&relay.addr);
    let (player, other) = (relay.player_over(&network.addr, ""), relay.player());
    relay.says(SNAPSHOT, "before");
    network.cut_for(Duration::from_secs(3));
    let ends = [player.end(), other.end()];
    assert!(!ends[0].2.contains("lost"), "{}", ends[0].2);
    assert_not_held_up(&ends[1].1);
    relay.played(900, ends);
    assert!(!relay.said().contains("is back"), "{}", relay.said());
}

/// Longer than a connection lives.
#[test]
#[ignore = "takes a minute"]
fn a_network_that_is_gone_for_30_s_costs_the_connection_and_not_the_match() {
    let relay = Relay::telling("--ticks 3600");
    let network = Forwarder::towards(&relay.addr);
    let (player, other) = (relay.player_over(&network.addr, ""), relay.player());
    relay.says("the match begins", "before");
    sleep(Duration::from_secs(5));
    network.cut_for(Duration::from_secs(30));
    relay.says("the slot is kept for the player", "away");
    relay.says("has caught up, and plays from tick", "live");
    let ends = [player.end(), other.end()];
    let said = &ends[0].2;
    assert!(
        said.contains("the connection is lost: trying again"),
        "{said}"
    );
    assert!(said.contains("caught up, and plays"), "{said}");
    assert_not_held_up(&ends[1].1);
    relay.played(3600, ends);
}

/// As when a NAT forgets the connection, or the phone leaves the house.
#[test]
fn another_address_in_the_middle_costs_nothing() {
    let relay = Relay::telling(MATCH);
    let network = Forwarder::towards(&relay.addr);
    let (player, other) = (relay.player_over(&network.addr, ""), relay.player());
    relay.says(SNAPSHOT, "before");
    for _ in 0..3 {
        network.rebind();
        sleep(Duration::from_secs(1));
    }
    let ends = [player.end(), other.end()];
    assert!(!ends[0].2.contains("lost"), "{}", ends[0].2);
    for (_, line, _) in &ends {
        assert_not_held_up(line);
    }
    relay.played(900, ends);
    assert!(!relay.said().contains("is back"), "{}", relay.said());
}

#[test]
fn a_late_player_joins_a_match_that_runs() {
    let relay = Relay::telling(&format!("{MATCH} --begin-with 1 --late-join"));
    let early = relay.player();
    relay.says(SNAPSHOT, "before");
    let late = relay.player();
    relay.says("slot 1 has caught up, and plays from tick", "live");
    let ends = [early.end(), late.end()];
    assert!(
        ends[1].2.contains("the match runs: catching up"),
        "{}",
        ends[1].2
    );
    assert_not_held_up(&ends[0].1);
    relay.played(900, ends);
}

/// Sends the signal of Ctrl-C.
#[cfg(unix)]
fn interrupt(process: &Process) {
    let id = process.child.id().to_string();
    let status = std::process::Command::new("kill")
        .args(["-INT", &id])
        .status();
    assert!(status.is_ok_and(|status| status.success()));
}

#[cfg(unix)]
#[test]
fn an_empty_match_is_joined_and_left_and_joined() {
    let relay = Relay::telling(&format!("{MATCH} --begin-with 0 --late-join --linger 60"));
    relay.says("the match begins", "nobody");
    let first = relay.player();
    relay.says("slot 0 has caught up, and plays from tick", "first");
    interrupt(&first);
    let (code, line, error) = first.end();
    assert_eq!(code, 130, "{line} {error}");
    relay.says("slot 0 left: the player left\n", "left for good");
    let (code, line, error) = relay.player().end();
    assert_eq!(code, 0, "{line} {error}");
    assert_eq!(object(&line)["confirmed_ticks"], 900, "{line}");
    relay.says("session 1 ended: 900 ticks sealed", "the end");
}

/// The table at the end says who decided what of the match: a line of numbers for each slot.
#[cfg(unix)]
#[test]
fn the_computer_takes_over_and_the_table_says_so() {
    let relay = Relay::telling(&format!("{MATCH} --bot-after 0"));
    let (leaves, stays) = (relay.player(), relay.player());
    relay.says(SNAPSHOT, "before");
    interrupt(&leaves);
    assert_eq!(leaves.end().0, 130);
    relay.says("the computer plays in slot", "who left");
    assert_eq!(stays.end().0, 0);
    relay.says("session 1 ended: 900 ticks sealed", "the end");
    relay.says("waited ms", "the table");
    sleep(Duration::from_millis(100));
    let said = relay.said();
    let cells = |line: &str| -> Option<Vec<u64>> {
        let cells = line.split_whitespace();
        cells
            .map(|cell| cell.split('.').next()?.parse().ok())
            .collect()
    };
    let table: Vec<_> = said
        .lines()
        .filter_map(cells)
        .filter(|cells| cells.len() == 14)
        .collect();
    assert_eq!(table.len(), 2, "{said}");
    for slot in &table {
        assert_eq!(slot[1..7].iter().sum::<u64>(), 900, "{said}");
    }
    let (bots, calm): (Vec<_>, Vec<_>) = table.iter().map(|slot| slot[5]).partition(|bot| *bot > 0);
    assert!(bots.len() == 1 && bots[0] < 700 && calm == [0], "{said}");
}

/// Night after night nobody comes, and the disk does not fill.
#[test]
fn a_match_that_nobody_played_is_not_recorded() {
    let directory = program::directory("empty");
    let file = |name: &str| directory.join(name);
    let relay = Relay::start(&format!(
        "--ticks 600 --begin-with 0 --late-join --linger 5 --record {}",
        file("night.replay").display()
    ));
    relay.says("session 1 ended", "nobody");
    let (code, line, error) = relay.player().end();
    assert_eq!(code, 0, "{line} {error}");
    relay.says("session 2 ended: 600 ticks sealed", "somebody");
    relay.says("session 3 ended", "nobody again");
    let made = ["night.replay", "night-2.replay", "night-3.replay"].map(|name| file(name).exists());
    assert_eq!(made, [false, true, false]);
}

#[test]
fn a_slot_that_is_not_kept_is_refused_in_words() {
    let file = program::directory("stale").join("stale.resume");
    let relay = Relay::start("");
    fs::write(&file, format!("{} {}\n", relay.pin, "a".repeat(64))).unwrap();
    let name = file.display();
    let (code, line, error) = relay.player_with(&format!("--resume {name}")).end();
    assert_eq!(code, 20, "{line} {error}");
    let words = [
        "refused by the relay: no slot of the session is kept for this player",
        &format!("remove {name} to join as another player"),
    ];
    for words in words {
        assert!(error.contains(words), "{error}");
    }
    assert!(file.exists(), "it is not ours to remove");
}
