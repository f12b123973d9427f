//! Bytes both ways, and what happens to those that are too many.

use super::*;

#[tokio::test]
async fn both_channels_carry_both_ways() {
    let mut listener = listener();
    let mut client = connect(&listener).await;
    let peer = greet(&mut client, &mut listener).await;

    client.send(Channel::Datagram, &[7; settings::DATAGRAM_BUDGET]);
    let received = bytes_of(event(&mut listener).await, peer);
    assert_eq!(
        received,
        (Channel::Datagram, vec![7; settings::DATAGRAM_BUDGET])
    );

    listener.send(peer, Channel::Datagram, b"frame");
    let received = client_event(&mut client).await;
    let (channel, bytes) = (Channel::Datagram, b"frame"[..].into());
    assert_eq!(received, ConnectionEvent::Bytes { channel, bytes });

    // Longer than every window on the way, so it arrives in pieces and under flow control.
    let long: Vec<u8> = (0..=250).cycle().take(settings::CONTROL_QUEUE).collect();
    listener.send(peer, Channel::Control, &long);
    let mut received = Vec::new();
    while received.len() < long.len() {
        match client_event(&mut client).await {
            ConnectionEvent::Bytes {
                channel: Channel::Control,
                bytes,
            } => {
                received.extend_from_slice(&bytes);
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(received == long, "the stream keeps its order");
    client.send(Channel::Control, &long);
    let mut received = Vec::new();
    while received.len() < long.len() {
        received.extend(bytes_of(event(&mut listener).await, peer).1);
    }
    assert!(received == long, "the stream keeps its order");
}

#[tokio::test]
async fn a_moved_client_stays_connected() {
    let mut listener = listener();
    let connector = Connector::bind(LOCALHOST).unwrap();
    let (addr, pin) = (listener.local_addr(), listener.pin());
    let mut client = connector.connect(addr, pin, PATIENCE).await.unwrap();
    let peer = greet(&mut client, &mut listener).await;
    let before = connector.local_addr().unwrap();
    connector.rebind(LOCALHOST).unwrap();
    assert_ne!(connector.local_addr().unwrap(), before);
    client.send(Channel::Control, b"moved");
    let received = bytes_of(event(&mut listener).await, peer);
    assert_eq!(received, (Channel::Control, b"moved".to_vec()));
    listener.send(peer, Channel::Control, b"seen");
    let received = client_event(&mut client).await;
    let (channel, bytes) = (Channel::Control, b"seen"[..].into());
    assert_eq!(received, ConnectionEvent::Bytes { channel, bytes });
}

#[tokio::test]
async fn too_large_datagrams_are_counted() {
    let mut listener = listener();
    let mut client = connect(&listener).await;
    let peer = greet(&mut client, &mut listener).await;
    assert!(client.stats().path.datagram_limit >= settings::DATAGRAM_BUDGET);
    client.send(Channel::Datagram, &[0; 4096]);
    assert_eq!(client.stats().datagrams_too_large, 1);
    listener.send(peer, Channel::Datagram, &[0; 4096]);
    assert_eq!(listener.stats().datagrams_too_large, 1);
}

#[tokio::test]
async fn a_burst_displaces_the_oldest() {
    let mut listener = listener();
    let mut client = connect(&listener).await;
    let peer = greet(&mut client, &mut listener).await;
    // Nothing is sent in between: this loop never lets the socket's task run.
    for number in 0..100_u8 {
        client.send(Channel::Datagram, &[number; 1000]);
    }
    assert!(
        client.stats().datagrams_displaced >= 90,
        "{:?}",
        client.stats()
    );
    loop {
        let (channel, bytes) = bytes_of(event(&mut listener).await, peer);
        assert_eq!(channel, Channel::Datagram);
        if bytes[0] == 99 {
            break;
        }
    }
}

#[tokio::test]
async fn a_loop_behind_loses_datagrams_but_no_control() {
    let mut listener = listener();
    let mut client = connect(&listener).await;
    let peer = greet(&mut client, &mut listener).await;
    for _ in 0..3 * settings::PEER_DATAGRAMS {
        client.send(Channel::Datagram, b"input");
        client.send(Channel::Control, b"order");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    while listener.stats().datagrams_behind == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let mut control = 0;
    let mut datagrams = 0;
    while control < 3 * settings::PEER_DATAGRAMS * b"order".len() {
        match bytes_of(event(&mut listener).await, peer) {
            (Channel::Control, bytes) => control += bytes.len(),
            (Channel::Datagram, _) => datagrams += 1,
        }
    }
    assert!(datagrams >= settings::PEER_DATAGRAMS, "{datagrams}");
}

#[tokio::test]
async fn bots_share_a_socket() {
    let mut listener = listener();
    let connector = Connector::bind(LOCALHOST).unwrap();
    let (addr, pin) = (listener.local_addr(), listener.pin());
    let mut bots = Vec::new();
    for number in 0..16 {
        let mut bot = connector.connect(addr, pin, PATIENCE).await.unwrap();
        assert_eq!(greet(&mut bot, &mut listener).await, PeerId(number + 1));
        bots.push(bot);
    }
    assert_eq!(listener.stats().peers, 16);
    drop(bots);
    timeout(PATIENCE, connector.drained()).await.unwrap();
}
